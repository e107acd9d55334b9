"""A reply before it is sent: what will be said, as which bytes, and when.

`Answer` is what a model says; `render` turns it into a `Script`, bytes with due times.
Both are frozen, so a fault is a function from one to another of its kind, and nothing
is left to decide, build or encode while a stream is being timed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from simulator import bodies
from simulator.bodies.refusals import Refusal

Outcome = Literal[
    "ok",
    "rate_limited",
    "refused",
    "no_credit",
    "upstream_error",
    "protocol_error",
    "error_in_200",
    "timeout_first_token",
    "timeout_idle",
    "timeout_total",
    "truncated",
    "empty",
    "no_text",
    "cancelled",
]
"""How a client must classify the reply when it reads to the end."""

STREAM_HEADERS = {"content-type": "text/event-stream", "cache-control": "no-cache"}
JSON_HEADERS = {"content-type": "application/json"}
PAGE_HEADERS = {"content-type": "text/html; charset=UTF-8"}
EVERY_REPLY = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "X-Generation-Id,X-Provider-Name,cf-ray",
    "vary": "Accept-Encoding",
    "cf-ray": "9a0b1c2d3e4f5a6b-SIM",
}


class Frame(NamedTuple):
    """Bytes that go out together.

    `tokens` is how many tokens they bring. `text` tells what a reader of a stream sees
    in them: nothing, reasoning, content or part of a tool call.
    """

    due_s: float
    body: bytes
    tokens: int = 0
    text: Literal["", "reasoning", "content", "tool"] = ""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one call costs. Prices: USD per token."""

    prompt_tokens: int
    prompt_usd: Decimal
    completion_usd: Decimal
    stops_when_cancelled: bool = True
    """Else a client that leaves pays for the whole answer."""

    def cost_usd(self, tokens: int) -> Decimal:
        """Prices times tokens, exact; an answer without a token costs nothing."""
        if tokens == 0:
            return Decimal(0)
        return self.prompt_usd * self.prompt_tokens + self.completion_usd * tokens


@dataclass(frozen=True, slots=True)
class Script:
    """All that one request will be told.

    `status` None: not even a status line is sent. `then` is what follows the last
    frame: a proper end, a closed connection without one, or `forever`, a frame sent
    again each `due_s` seconds until the client leaves (None: silence). Without a
    `charge` the call costs nothing.
    """

    outcome: Outcome
    frames: tuple[Frame, ...]
    status: int | None = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    then: Literal["end", "drop", "forever"] = "end"
    forever: Frame | None = None
    charge: Charge | None = None
    tokens: int = 0
    """Of the whole answer, whether or not all of it is told."""
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model says to one request, before it is bytes."""

    head: bodies.Head
    stream: bool
    reasoning: tuple[str, ...]
    content: tuple[str, ...]
    times_s: tuple[float, ...]
    """Due times of the tokens, reasoning first; one even when there is no token."""
    charge: Charge

    finish_reason: str | None = "stop"
    native_finish_reason: str | None = "stop"
    hide_reasoning: bool = False
    """Reasoned and billed, but not told."""
    usage: bodies.UsageShape | None = "A"
    usage_more: Mapping[str, Any] = field(default_factory=dict)
    cost: Literal["plain", "scientific", "half", "null", "missing"] = "plain"
    """How the reply tells what is billed; half: it tells half of it."""
    cached_tokens: int = 0
    role: Literal["every", "once", "alone", "never"] = "every"
    """Which chunks name the role; alone: a chunk of its own, before any text."""
    chunk_tokens: int = 1
    reasoning_in: bodies.ReasoningField = "reasoning"
    """Where reasoning stands; content: as a part of it."""
    content_in: bodies.ContentField = "content"
    """Where the rest stands; parts: in a list; tool_calls: as arguments of a call."""
    message_more: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the message, or of the last delta when streamed."""
    headers: Mapping[str, str] = field(default_factory=dict)
    comment_every_s: float = 0.0
    padding_after_s: float = 1.0
    padding_every_s: float = 0.0

    @property
    def tokens(self) -> int:
        return len(self.reasoning) + len(self.content)

    @property
    def ends_s(self) -> float:
        return self.times_s[max(self.tokens, 1) - 1]


def outcome_of(answer: Answer) -> Outcome:
    """How a client must classify `answer` when nothing happens to its bytes."""
    if answer.message_more.get("refusal") or answer.finish_reason == "content_filter":
        return "refused"
    if answer.finish_reason == "error":
        return "error_in_200"
    more = answer.message_more
    if answer.content or more.get("tool_calls") or more.get("function_call"):
        return "ok"
    seen = answer.reasoning and not answer.hide_reasoning
    return "no_text" if seen or answer.finish_reason == "length" else "empty"


def outcome_of_status(status: int) -> Outcome:
    """How a client must classify an error status, whatever its body."""
    if status == 429:
        return "rate_limited"
    if status == 402:
        return "no_credit"
    if 400 <= status <= 428 and status != 408:
        return "refused"
    return "upstream_error"


def refuse(
    refusal: Refusal, generation: str, model_id: str, *, plain: bool = False
) -> Script:
    """The script of an error that comes at once, instead of an answer."""
    body = (refusal.plain_body if plain else refusal.body)(model_id)
    headers = PAGE_HEADERS if refusal.page else JSON_HEADERS
    if not plain and not refusal.page:
        headers = headers | EVERY_REPLY | {"X-Generation-Id": generation}
    return Script(
        outcome=outcome_of_status(refusal.status),
        frames=(Frame(0.0, body),),
        status=refusal.status,
        headers=headers | {"content-length": str(len(body))} | dict(refusal.headers),
    )
