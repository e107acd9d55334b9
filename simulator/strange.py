"""Answers of forms that nobody agreed on, and that are met all the same.

Functions for `simulator.faults`, and their lines in its table.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from simulator import bends, bodies
from simulator.breaks import instead, until
from simulator.fault import Fault, Params
from simulator.framings import as_good, before_finish
from simulator.refusals import Refusal, throttled
from simulator.render import completion_of
from simulator.script import Answer, Frame, Script

Cut = Callable[[Script, Answer, Params], Script]

_BUSY = {"code": 429, "message": "Too many requests, slow down"}
_CONTENT = re.compile(rb'"content":"[^"]*"')
_HALVES = (rb'"content":"\ud83d"', rb'"content":"\ude00"')


def saying(error: Any, name: str = "") -> Cut:
    """Half of the text, or `after` text events, then this and no more; not streamed, or
    after none: this alone."""

    def cut(script: Script, answer: Answer, params: Params) -> Script:
        if not answer.stream:
            return instead(script, bodies.encode(error), "error_in_200")
        frames = until(script, params)
        due_s = frames[-1].due_s if frames else answer.times_s[0]
        named = f"event: {name}\n".encode() if name else b""
        last = Frame(due_s, named + bodies.event(error))
        return replace(
            script, outcome="error_in_200", frames=(*frames, last), charge=None
        )

    return cut


def usage_zero_last(script: Script, answer: Answer, params: Params) -> Script:
    """The real usage, then one of zeros."""
    if not answer.stream:
        return script
    zeros = bodies.event(bodies.usage_chunk(answer.head, bodies.usage(0, 0), shape="B"))
    *frames, done = script.frames
    return replace(script, frames=(*frames, Frame(done.due_s, zeros), done))


def one_burst(script: Script, answer: Answer, params: Params) -> Script:
    """All events in one write, when the last of them is due."""
    if not answer.stream:
        return script
    body = b"".join(frame.body for frame in script.frames)
    tokens = sum(frame.tokens for frame in script.frames)
    spoken = [frame.text for frame in script.frames if frame.text]
    whole = Frame(answer.ends_s, body, tokens, spoken[0] if spoken else "")
    return replace(script, frames=(whole,))


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


def data_then_json(script: Script, answer: Answer, params: Params) -> Script:
    """JSON on a line of its own, below an empty `data:`."""
    body = b'data:\n {"choices":[{"delta":{"content":"lost"}}]}\n\n'
    return before_finish(script, answer, body, "protocol_error")


def not_streamed(script: Script, answer: Answer, params: Params) -> Script:
    """A whole answer, whatever was asked."""
    return as_good(script, answer, bodies.encode(completion_of(answer)))


def retry_after_ms(params: Params, now_s: float) -> Refusal:
    busy = throttled(None)
    return replace(busy, headers={"Retry-After": "1", "retry-after-ms": "250"})


def reset(params: Params, now_s: float) -> Refusal:
    busy = throttled(None)
    return replace(busy, headers={"X-RateLimit-Reset": params.get("value", "6m0s")})


STRANGE: dict[str, Fault] = {
    "error-flat": Fault(
        "Half of the text, or `after` text events, then `code` 429 and `message`.",
        cut=saying(_BUSY),
    ),
    "error-object": Fault(
        "The same with an `object` of `error`.",
        cut=saying({"object": "error", "message": "No such model", "code": 404}),
    ),
    "error-detail": Fault(
        "The same with a `detail` alone.", cut=saying({"detail": "Worker died"})
    ),
    "error-list": Fault(
        "The same with the error in a list.", cut=saying([{"error": _BUSY}])
    ),
    "error-event": Fault(
        "The same in an event that is named `error`.", cut=saying(_BUSY, "error")
    ),
    "usage-zero": Fault("A usage of zeros.", bend=bends.usage_zero),
    "usage-zero-last": Fault("The usage, then one of zeros.", cut=usage_zero_last),
    "total-missing": Fault(
        "Usage without a total.", bend=bends.having(usage_more={"total_tokens": None})
    ),
    "cost-absurd": Fault(
        "A cost of `value` (1e300).", bend=bends.usage_with("cost", "1e300")
    ),
    "count-absurd": Fault(
        "`value` (1e18) completion tokens.",
        bend=bends.usage_with("completion_tokens", "1e18"),
    ),
    "one-burst": Fault("All events in one write.", cut=one_burst),
    "content-parts": Fault(
        "Content is a list of parts: half of it thinking, then text and references.",
        bend=bends.half_reasoning("content", "parts"),
    ),
    "reasoning-content": Fault(
        "Half of it is reasoning, told as `reasoning_content`.",
        bend=bends.half_reasoning("reasoning_content"),
    ),
    "thinking": Fault(
        "Half of it is reasoning, told as `thinking`.",
        bend=bends.half_reasoning("thinking"),
    ),
    "text-then-tool-call": Fault(
        "All text, then a tool call.", bend=bends.text_then_tool_call
    ),
    "tool-call-in-pieces": Fault(
        "Each token is a piece of a tool call's arguments.",
        bend=bends.tool_call_in_pieces,
    ),
    "function-call": Fault(
        "The older `function_call`, and no text.", bend=bends.function_call
    ),
    "odd-events": Fault(
        "Events that are none of ours before each that is.", cut=odd_events
    ),
    "half-emojis": Fault(
        "Each text event has half of an emoji; not streamed: as ever.", cut=half_emojis
    ),
    "data-then-json": Fault(
        "JSON on a line of its own, below an empty `data:`.", cut=data_then_json
    ),
    "not-streamed": Fault("A whole answer, whatever was asked.", cut=not_streamed),
    "retry-after-ms": Fault(
        "HTTP 429 with `Retry-After: 1` and `retry-after-ms: 250`.",
        refuse=retry_after_ms,
    ),
    "reset": Fault(
        "HTTP 429 with an X-RateLimit-Reset of `value` (6m0s).", refuse=reset
    ),
}
