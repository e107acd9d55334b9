"""Faults that end a reply before its time; see `simulator.faults`.

Each takes a script, the answer it was made of and the fault's arguments, and returns
another script with the outcome that a client must find.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulator import bodies
from simulator.render import usage_of
from simulator.script import JSON_HEADERS, Answer, Frame, Outcome, Script

Params = Mapping[str, str]


def until(script: Script, params: Params) -> tuple[Frame, ...]:
    """The frames up to the text frame number `after`, half of them unless told.

    A reply of one frame is halved in the middle of its bytes.
    """
    spoken = [i for i, frame in enumerate(script.frames) if frame.text]
    if not spoken:
        *padding, whole = script.frames
        half = whole.body[: len(whole.body) // 2]
        return (*padding, whole._replace(body=half, tokens=0))
    after = min(int(params.get("after", len(spoken) // 2)), len(spoken))
    # What hidden reasoning took is told with the first text, and not before.
    return script.frames[: spoken[after - 1] + 1 if after else spoken[0]]


def instead(
    script: Script,
    body: bytes,
    outcome: Outcome,
    *,
    tokens: int = 0,
    headers: Mapping[str, str] = JSON_HEADERS,
) -> Script:
    """A 200 with this body, at the time at which the first token was due."""
    due_s = next((f.due_s for f in script.frames if f.tokens), 0.0)
    return replace(
        script,
        outcome=outcome,
        frames=(Frame(due_s, body, tokens),),
        headers=headers,
        charge=None,
    )


def truncated(script: Script, answer: Answer, params: Params) -> Script:
    return replace(script, outcome="truncated", frames=until(script, params))


def no_finish(script: Script, answer: Answer, params: Params) -> Script:
    return truncated(script, answer, {"after": "9999"})


def drop(script: Script, answer: Answer, params: Params) -> Script:
    return replace(
        script, outcome="truncated", frames=until(script, params), then="drop"
    )


def stall(script: Script, answer: Answer, params: Params) -> Script:
    frames = until(script, params)
    began = bool(frames) and (not answer.stream or any(f.text for f in frames))
    outcome: Outcome = "timeout_idle" if began else "timeout_first_token"
    return replace(script, frames=frames, outcome=outcome, then="forever")


def hang(script: Script, answer: Answer, params: Params) -> Script:
    outcome: Outcome = "timeout_first_token"
    return replace(script, outcome=outcome, status=None, frames=(), then="forever")


def hang_after_head(script: Script, answer: Answer, params: Params) -> Script:
    """Without a stream there is no token to wait for: the head is the last sign."""
    outcome: Outcome = "timeout_first_token" if answer.stream else "timeout_idle"
    return replace(script, outcome=outcome, frames=(), then="forever")


def comments_forever(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.COMMENT if answer.stream else bodies.PADDING
    again = Frame(float(params.get("every_s", "0.1")), body)
    outcome: Outcome = "timeout_first_token" if answer.stream else "timeout_total"
    return replace(script, outcome=outcome, frames=(), then="forever", forever=again)


def endless(script: Script, answer: Answer, params: Params) -> Script:
    if not answer.stream:
        return comments_forever(script, answer, params)
    frames = tuple(frame for frame in script.frames if frame.text)
    again = frames[-1]._replace(due_s=float(params.get("every_s", "0.01")))
    return replace(
        script, outcome="timeout_total", frames=frames, then="forever", forever=again
    )


def no_done(script: Script, answer: Answer, params: Params) -> Script:
    return replace(
        script, frames=tuple(f for f in script.frames if f.body != bodies.DONE)
    )


def failing(
    script: Script, answer: Answer, params: Params, *events: dict[str, Any]
) -> Script:
    """Half of the text, then these events and `[DONE]`. A failure is not billed."""
    if not answer.stream:
        return partial_with_error(script, answer, params)
    frames = until(script, params)
    due_s = frames[-1].due_s if frames else answer.times_s[0]
    ending = tuple(Frame(due_s, bodies.event(event)) for event in events)
    return replace(
        script,
        outcome="error_in_200",
        frames=(*frames, *ending, Frame(due_s, bodies.DONE)),
        charge=None,
    )


def partial_with_error(script: Script, answer: Answer, params: Params) -> Script:
    """What a reply that is not streamed makes of a failure half-way."""
    half = answer.content[: len(answer.content) // 2]
    reason = {"code": 502, "message": "Upstream connection lost", "metadata": None}
    body = bodies.completion(
        answer.head,
        content="".join(half),
        finish_reason="error",
        native_finish_reason=None,
        usage=bodies.usage(answer.charge.prompt_tokens, len(half)),
        choice_more={"error": reason},
    )
    return instead(script, bodies.encode(body), "error_in_200", tokens=len(half))


def mid_stream_error(script: Script, answer: Answer, params: Params) -> Script:
    event = bodies.error_chunk(answer.head, delta={"content": ""})
    return failing(script, answer, params, event)


def error_string_code(script: Script, answer: Answer, params: Params) -> Script:
    event = bodies.error_chunk(
        answer.head,
        code="server_error",
        message="Provider disconnected",
        delta={"content": ""},
    )
    return failing(script, answer, params, event)


def error_no_choices(script: Script, answer: Answer, params: Params) -> Script:
    event = bodies.error_chunk(answer.head, message="Worker limit reached", code=429)
    return failing(script, answer, {"after": "0"} | dict(params), event)


def error_bare(script: Script, answer: Answer, params: Params) -> Script:
    event = bodies.error(502, "Provider returned error")
    return failing(script, answer, params, event)


def error_finish_only(script: Script, answer: Answer, params: Params) -> Script:
    event = bodies.chunk(
        answer.head,
        {"content": ""},
        finish_reason="error",
        native_finish_reason="MALFORMED_FUNCTION_CALL",
    )
    return failing(script, answer, params, event)


def error_with_usage(script: Script, answer: Answer, params: Params) -> Script:
    length = bodies.chunk(answer.head, {"content": ""}, finish_reason="length")
    event = bodies.error_chunk(
        answer.head,
        code=400,
        message="Token limit reached",
        delta={"content": ""},
        finish_reason=None,
        usage=usage_of(replace(answer, cost="missing")),
    )
    return failing(script, answer, params, length, event)


def error_after_finish(script: Script, answer: Answer, params: Params) -> Script:
    finish = bodies.chunk(answer.head, {"content": ""}, finish_reason="stop")
    event = bodies.error_chunk(answer.head, delta={"content": ""}, finish_reason=None)
    return failing(script, answer, {"after": "9999"} | dict(params), finish, event)


def error_in_200(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.error(502, "Provider returned error", user=False)
    return instead(script, bodies.encode(body), "error_in_200")


def error_with_nulls(script: Script, answer: Answer, params: Params) -> Script:
    body = {"id": None, "choices": None} | bodies.error(500, "Internal Server Error")
    return instead(script, bodies.encode(body), "error_in_200")


def padding_then_error(script: Script, answer: Answer, params: Params) -> Script:
    body = bodies.encode(bodies.error(504, "Provider timed out"))
    return instead(script, bodies.PADDING * 5 + body, "error_in_200")
