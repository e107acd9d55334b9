"""Faults in the bytes: odd but legal framing, and framing that is broken.

See `simulator.faults`. Each takes a script, the answer it was made of and the fault's
arguments, and returns another script with the outcome that a client must find.
"""

import gzip as gz
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from simulator import bodies
from simulator.breaks import instead
from simulator.render import completion_of
from simulator.script import PAGE_HEADERS, Answer, Frame, Outcome, Script

Params = Mapping[str, str]


def before_finish(
    script: Script, answer: Answer, body: bytes, outcome: Outcome
) -> Script:
    if not answer.stream:
        return instead(script, body, outcome)
    spoken = (i for i, frame in enumerate(script.frames) if frame.text)
    at = max(spoken, default=-1) + 1
    odd = Frame(answer.ends_s, body)
    frames = (*script.frames[:at], odd, *script.frames[at:])
    return replace(script, outcome=outcome, frames=frames)


def as_good(script: Script, answer: Answer, body: bytes) -> Script:
    """The whole answer in an odd wrapping, which a client must see through."""
    tokens = answer.tokens
    return replace(instead(script, body, "ok", tokens=tokens), charge=script.charge)


def nested(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.encode({"provider": completion_of(answer)})
    return as_good(script, answer, body)


def choices_null(script: Script, answer: Answer, params: Params) -> Script:
    unbilled = replace(answer, cost="missing")
    body = completion_of(unbilled) | {"choices": None}
    return instead(script, bodies.encode(body), "empty")


def whitespace(script: Script, answer: Answer, params: Params) -> Script:
    return instead(script, bodies.PADDING * 5, "truncated")


def comments_in_json(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.COMMENT * 2 + bodies.encode(completion_of(answer))
    return as_good(script, answer, body)


def html_200(script: Script, answer: Answer, params: Params) -> Script:
    page = bodies.edge_page(200, "Just a moment...")
    return instead(script, page, "protocol_error", headers=PAGE_HEADERS)


@cache
def _zipped_blanks(mib: int) -> bytes:
    return gz.compress(b" " * (mib << 20), mtime=0)


def gzip(script: Script, answer: Answer, params: Params) -> Script:
    """A bomb: blanks by the MiB in a body a thousandth of the size."""
    body = _zipped_blanks(int(params.get("mib", "1")))
    headers = dict(script.headers) | {"content-encoding": "gzip"}
    return instead(script, body, "protocol_error", headers=headers)


def bad_json(script: Script, answer: Answer, params: Params) -> Script:
    body = b'data: {"id":"gen-1","choices":[{"delta":\n\n'
    return before_finish(script, answer, body, "protocol_error")


def bad_utf8(script: Script, answer: Answer, params: Params) -> Script:
    body = b'data: {"choices":[{"delta":{"content":"\xff\xfe"}}]}\n\n'
    return before_finish(script, answer, body, "protocol_error")


def huge_line(script: Script, answer: Answer, params: Params) -> Script:
    body = b"data: " + b"x" * (int(params.get("mib", "2")) << 20) + b"\n\n"
    return before_finish(script, answer, body, "protocol_error")


def line_ends(ending: bytes) -> Callable[[Script, Answer, Params], Script]:
    def cut(script: Script, answer: Answer, params: Params) -> Script:
        if not answer.stream:
            return script
        frames = (f._replace(body=f.body.replace(b"\n", ending)) for f in script.frames)
        return replace(script, frames=tuple(frames))

    return cut


def bom(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return script
    first, *rest = script.frames
    body = b"\xef\xbb\xbf" + first.body
    return replace(script, frames=(first._replace(body=body), *rest))


def split(script: Script, answer: Answer, params: Params) -> Script:
    """Each frame in pieces; the last of them brings its tokens."""
    size = int(params.get("bytes", "7"))
    frames: list[Frame] = []
    for frame in script.frames:
        cuts = range(0, len(frame.body), size)
        parts = [Frame(frame.due_s, frame.body[i : i + size]) for i in cuts]
        parts[-1] = frame._replace(body=parts[-1].body)
        frames += parts
    return replace(script, frames=tuple(frames))


def coalesced(script: Script, answer: Answer, params: Params) -> Script:
    """Several events in one write, at the time of the last."""
    size = int(params.get("events", "4"))
    frames: list[Frame] = []
    for i in range(0, len(script.frames), size):
        group = script.frames[i : i + size]
        frames.append(
            Frame(
                group[-1].due_s,
                b"".join(frame.body for frame in group),
                sum(frame.tokens for frame in group),
                next((frame.text for frame in group if frame.text), ""),
            )
        )
    return replace(script, frames=tuple(frames))


def comments_between(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return script
    frames = (f._replace(body=bodies.COMMENT + f.body) for f in script.frames)
    return replace(script, frames=tuple(frames))


def comments_first(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return script
    n = int(params.get("n", "17"))
    step_s = answer.times_s[0] / (n + 1)
    early = tuple(Frame((i + 1) * step_s, bodies.COMMENT) for i in range(n))
    return replace(script, frames=early + script.frames)


def debug_echo(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return script
    echo = {"echo_upstream_body": {"model": answer.head.model, "stream": True}}
    body = bodies.event(bodies.chunk(answer.head, None, debug=echo))
    early = Frame(answer.times_s[0] / 2, body)
    return replace(script, frames=(early, *script.frames))


def signature_last(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return script
    detail = {"type": "reasoning.encrypted", "data": "c2lnbmF0dXJl", "index": 0}
    delta = {"content": "", "reasoning_details": [detail]}
    body = bodies.event(bodies.chunk(answer.head, delta))
    return before_finish(script, answer, body, script.outcome)
