"""Faults in the framing of a stream: odd but legal, and to be understood all the same.

Each takes a script, the answer it was made of and the fault's arguments, and returns
another script; a reply that is not streamed stays as it is.
"""

import re
from dataclasses import replace

from simulator import bodies
from simulator.faults.cuts import before_finish
from simulator.faults.fault import Cut, Fault, Params
from simulator.reply import Answer, Frame, Script

_CONTENT = re.compile(rb'"content":"[^"]*"')
_HALVES = (rb'"content":"\ud83d"', rb'"content":"\ude00"')


def line_ends(ending: bytes) -> Cut:
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


def one_burst(script: Script, answer: Answer, params: Params) -> Script:
    """All events in one write, when the last of them is due."""
    if not answer.stream:
        return script
    body = b"".join(frame.body for frame in script.frames)
    tokens = sum(frame.tokens for frame in script.frames)
    spoken = [frame.text for frame in script.frames if frame.text]
    whole = Frame(answer.ends_s, body, tokens, spoken[0] if spoken else "")
    return replace(script, frames=(whole,))


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


def odd_events(script: Script, answer: Answer, params: Params) -> Script:
    """Events that are none of ours, before each that is."""
    if not answer.stream:
        return script
    odd = b"event: ping\ndata: ping\n\ndata: null\n\nevent: status\n"
    odd += bodies.event({"code": 102, "message": "queued"})
    frames = (frame._replace(body=odd + frame.body) for frame in script.frames)
    return replace(script, frames=tuple(frames))


def half_emojis(script: Script, answer: Answer, params: Params) -> Script:
    """Each text event has half of an emoji, in turn the first and the second."""
    if not answer.stream:
        return script
    frames, said = [], 0
    for frame in script.frames:
        if frame.text == "content":
            before, after = _CONTENT.split(frame.body, maxsplit=1)
            half = _HALVES[said % 2]
            frame = frame._replace(body=before + half + after)
            said += 1
        frames.append(frame)
    return replace(script, frames=tuple(frames))


def signature_last(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return script
    detail = {"type": "reasoning.encrypted", "data": "c2lnbmF0dXJl", "index": 0}
    delta = {"content": "", "reasoning_details": [detail]}
    body = bodies.event(bodies.chunk(answer.head, delta))
    return before_finish(script, answer, body, script.outcome)


FRAMINGS: dict[str, Fault] = {
    "crlf": Fault("Lines end with CR LF.", cut=line_ends(b"\r\n")),
    "cr": Fault("Lines end with CR.", cut=line_ends(b"\r")),
    "bom": Fault("The stream begins with a byte order mark.", cut=bom),
    "split": Fault("Each event comes in writes of so many `bytes`.", cut=split),
    "coalesced": Fault("Several `events` in one write.", cut=coalesced),
    "one-burst": Fault("All events in one write.", cut=one_burst),
    "comments-first": Fault("`n` comments before the first token.", cut=comments_first),
    "comments-between": Fault("A comment before each event.", cut=comments_between),
    "debug-echo": Fault(
        "A first event without a choice, with what was sent upstream.",
        cut=debug_echo,
    ),
    "odd-events": Fault(
        "Events that are none of ours before each that is.", cut=odd_events
    ),
    "half-emojis": Fault(
        "Each text event has half of an emoji; not streamed: as ever.", cut=half_emojis
    ),
    "signature-last": Fault(
        "A reasoning signature after the text.", cut=signature_last
    ),
}
