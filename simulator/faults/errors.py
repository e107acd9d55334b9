"""Faults that are an error under status 200, alone or after half of the text.

Each takes a script, the answer it was made of and the fault's arguments, and returns
another script with the outcome that a client must find.
"""

from dataclasses import replace
from typing import Any

from simulator import bodies
from simulator.faults.cuts import instead, until
from simulator.faults.fault import Cut, Fault, Params
from simulator.reply import Answer, Frame, Script, usage_of

_BUSY = {"code": 429, "message": "Too many requests, slow down"}


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


ERRORS: dict[str, Fault] = {
    "error-in-200": Fault(
        "A bare error with code 502 instead of the reply, under status 200.",
        cut=error_in_200,
    ),
    "error-with-nulls": Fault(
        "An error beside `id` and `choices` that are null, under status 200.",
        cut=error_with_nulls,
    ),
    "padding-then-error": Fault(
        "Blanks that keep the connection alive, then an error with code 504.",
        cut=padding_then_error,
    ),
    "mid-stream-error": Fault(
        "Half of the text, then an error event; not streamed: a choice with an error.",
        cut=mid_stream_error,
    ),
    "error-string-code": Fault(
        "An error event whose code is a string.", cut=error_string_code
    ),
    "error-no-choices": Fault(
        "An error event without a choice is the first one.",
        cut=error_no_choices,
    ),
    "error-bare": Fault(
        "Half of the text, then an error that is no chunk at all.",
        cut=error_bare,
    ),
    "error-finish-only": Fault(
        "finish_reason is `error`, and there is no error object.",
        cut=error_finish_only,
    ),
    "error-with-usage": Fault(
        "A finish of `length`, then an error and the usage in one event.",
        cut=error_with_usage,
    ),
    "error-after-finish": Fault(
        "All text and a finish of `stop`, then an error.",
        cut=error_after_finish,
    ),
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
}
