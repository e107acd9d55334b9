"""What an upstream answered, in our words, whatever dialect it spoke."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from shared.plan import Routing
from shared.plan.prompts import Message
from shared.sample import Note, Outcome, is_noted

LimitField = Literal["max_tokens", "max_completion_tokens", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One chat completion to ask for; the same for every upstream."""

    model: str
    messages: tuple[Message, ...]
    max_tokens: int
    stream: bool
    temperature: float | None = None
    seed: int | None = None
    provider: str | None = None
    """Only this provider, without fallbacks."""
    routing: Routing | None = None
    """Preferences for OpenRouter's router; with `provider` there are none."""
    limit_field: LimitField = "max_tokens"
    """Which field says `max_tokens`; `none` of them."""
    stream_options: bool = True
    """Ask for the usage of a stream, where the dialect needs that."""
    extra: Mapping[str, Any] | None = None
    """Fields of the body beside those above."""


class Chunk(NamedTuple):
    """What one event of a stream, or a whole unstreamed body, says.

    A tuple, because one is made for each event that is new and each answer that is not
    streamed, and it costs a third of a frozen dataclass.
    """

    text: str = ""
    reasoning: str = ""
    calls_tool: bool = False
    """A fragment of a tool call is in it, which is a token that nobody sees."""
    finish_reason: str | None = None
    refused: bool = False
    """The model, or a moderator of it, declined: this comes inside a 200 too."""
    error: str | None = None
    """The sentence of an error inside a 200; such an event is never a token."""
    error_code: int | None = None
    complaint: Any = None
    """The object, or whatever it is, that `error` is the sentence of."""
    notes: tuple[Note, ...] = ()
    """What the row has to say of its usage."""
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    total_tokens: int | None = None
    cost_usd: float | None = None
    provider: str | None = None
    served_model: str | None = None
    generation_id: str | None = None


class Throttle(NamedTuple):
    """Why and until when an upstream would not take more."""

    account: bool
    """True: our account's own limit, so the slot is offered again when it opens.
    False: the provider behind the upstream is busy, which is an answer."""
    source: str | None
    """The upstream's own word for it (`metadata.limit_source`)."""
    opens_at: float | None
    """Wall clock, Unix seconds; None where it does not say."""
    free: bool = False
    """The account's limit of free calls; others may go on."""


class Reply(NamedTuple):
    """A finished call: its outcome, what came of it, and when. A tuple as `Chunk` is:
    one is made for each call.

    Stamps are absolute seconds of the monotonic clock, taken at the socket.
    """

    outcome: Outcome
    status: int | None = None
    error: str | None = None
    text: str = ""
    reasoning: str = ""
    cut: bool = False
    """Text or reasoning was longer than is kept."""
    ack_s: float | None = None
    first_token_s: float | None = None
    first_visible_s: float | None = None
    last_token_s: float | None = None
    token_events_s: tuple[float, ...] = ()
    """Stamps of the events with text, reasoning or a fragment of a tool call, in order;
    () unless streamed."""
    ended_s: float | None = None
    """`[DONE]`, the end of the body, or the failure. `[DONE]` may be earlier than the
    end of the exchange, which the upstream may hold open until it is cut."""
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    total_tokens: int | None = None
    tokens_from: str | None = None
    cost_usd: float | None = None
    provider: str | None = None
    served_model: str | None = None
    generation_id: str | None = None
    cache_hit: bool | None = None
    limit: Throttle | None = None
    error_code: int | None = None
    """The status that an error inside a 200 names; None where there is none."""
    notes: str | None = None
    """As in the row, see `shared.sample`."""
    whole_text: str = ""
    """The text, however long: checks look at all of it, whatever is kept."""

    @property
    def is_burst(self) -> bool:
        """Whether its token events are too few reads to see how fast they were made."""
        return is_noted(self.notes, Note.ONE_BURST)

    @property
    def throttled(self) -> bool:
        """Whether the upstream had too much to do for us: by a status of 429, or by an
        error of that code inside a 200."""
        return self.outcome is Outcome.RATE_LIMITED or self.error_code == 429
