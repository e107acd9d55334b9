"""The shape of a reply: what was counted, the whole of it, and the chunks of a stream.

Pure functions. `Head` is what every body of one reply repeats; with `plain` set, the
bodies are those of any OpenAI-compatible server: no provider, no cost.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from simulator.bodies.encode import event

ReasoningField = Literal[
    "reasoning", "reasoning_content", "reasoning_details", "thinking", "content"
]
ContentField = Literal["content", "parts", "tool_calls"]
UsageShape = Literal["A", "B", "C"]
"""The usage chunk carries A: a repeated finish_reason, B: no choice, C: a null one."""

# The API promises only that fields may be added at any time, so each body has one
# that nobody has heard of.
UNHEARD_OF = {"x_unheard_of": {"since": "2026-11"}}
PIECE = "@piece@"
"""Stands in a delta for the text that `chunk_around` leaves out."""


class Head(NamedTuple):
    """What every body of one reply repeats."""

    id: str
    created: int
    model: str
    provider: str | None = "Harbor"
    plain: bool = False


def usage(
    prompt_tokens: int,
    completion_tokens: int,
    *,
    reasoning_tokens: int = 0,
    cached_tokens: int = 0,
    cost_usd: Decimal | None = Decimal(0),
) -> dict[str, Any]:
    """What was counted and charged; reasoning is part of the completion."""
    return {
        **plain_usage(prompt_tokens, completion_tokens),
        "cost": cost_usd,
        "is_byok": False,
        "prompt_tokens_details": {
            "cached_tokens": cached_tokens,
            "cache_write_tokens": 0,
            "audio_tokens": 0,
            "video_tokens": 0,
        },
        "cost_details": {
            "upstream_inference_cost": None,
            "upstream_inference_prompt_cost": 0,
            "upstream_inference_completions_cost": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": reasoning_tokens,
            "image_tokens": 0,
            "audio_tokens": 0,
        },
    }


def plain_usage(prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
    """The three counts that every OpenAI-compatible server gives."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def thought(field: ReasoningField, text: str) -> dict[str, Any]:
    """The part of a delta or a message that has reasoning."""
    if field == "reasoning_details":
        detail = {"type": "reasoning.text", "text": text}
        return {"reasoning_details": [detail | {"format": "unknown", "index": 0}]}
    if field == "content":
        parts = [{"type": "text", "text": text}]
        return {"content": [{"type": "thinking", "thinking": parts}]}
    return {field: text}


def spoken(field: ContentField, text: str) -> dict[str, Any]:
    """The part of a delta or a message that has what is not reasoning."""
    if field == "parts":
        source = {"type": "reference", "reference_ids": [1]}
        return {"content": [{"type": "text", "text": text}, source]}
    if field == "tool_calls":
        function = {"name": "lookup", "arguments": text}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        return {"content": None, "tool_calls": [call]}
    return {"content": text}


def completion(
    head: Head,
    *,
    content: str | None,
    reasoning: str | None = None,
    finish_reason: str | None = "stop",
    native_finish_reason: str | None = "stop",
    usage: Mapping[str, Any] | None = None,
    message_more: Mapping[str, Any] | None = None,
    choice_more: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole reply when it was not asked to stream."""
    message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": None}
    choice: dict[str, Any] = {
        "index": 0,
        "logprobs": None,
        "finish_reason": finish_reason,
    }
    if not head.plain:
        message["reasoning"] = reasoning
        choice["native_finish_reason"] = native_finish_reason
    body = _opening(head, "chat.completion") | {"system_fingerprint": None}
    if not head.plain:
        body |= {"service_tier": None, **UNHEARD_OF}
    body["choices"] = [
        choice
        | {"message": message | dict(message_more or {})}
        | dict(choice_more or {})
    ]
    return body if usage is None else body | {"usage": usage}


def chunk(
    head: Head,
    delta: Mapping[str, Any] | None,
    *,
    finish_reason: str | None = None,
    native_finish_reason: str | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One event of a stream. With `delta` None it has no choice at all."""
    choices: list[dict[str, Any]] = []
    if delta is not None:
        choices.append({"index": 0, "delta": delta, "finish_reason": finish_reason})
        if not head.plain:
            choices[0]["native_finish_reason"] = native_finish_reason
    return _opening(head, "chat.completion.chunk") | {"choices": choices} | more


def chunk_around(head: Head, delta: Mapping[str, Any]) -> tuple[bytes, ...]:
    """The event bytes around the text of `delta`, whose values may be `PIECE`.

    Joining them with `quoted(text)` gives the event. A stream of a thousand tokens is
    so built before its first is due, without a thousand runs of the JSON encoder.
    """
    return tuple(event(chunk(head, delta)).split(f'"{PIECE}"'.encode()))


def usage_chunk(
    head: Head,
    usage: Mapping[str, Any],
    *,
    shape: UsageShape = "A",
    finish_reason: str | None = "stop",
    native_finish_reason: str | None = "stop",
) -> dict[str, Any]:
    """The last event before `[DONE]`."""
    if head.plain or shape == "B":
        return chunk(head, None, usage=usage)
    again = shape == "A"
    return chunk(
        head,
        {"content": "", "role": "assistant"},
        finish_reason=finish_reason if again else None,
        native_finish_reason=native_finish_reason if again else None,
        service_tier=None,
        usage=usage,
        **UNHEARD_OF,
    )


def _opening(head: Head, kind: str) -> dict[str, Any]:
    opening = {
        "id": head.id,
        "object": kind,
        "created": head.created,
        "model": head.model,
    }
    if not head.plain and head.provider is not None:
        opening["provider"] = head.provider
    return opening
