"""One row: what one call, made for one slot, was and when.

A failed call is a row like another. None is unknown or undefined; 0 is a measured
zero. Times with `_s` of one call are seconds since its step's start on the monotonic
clock of its worker. What follows from the stamps is in `shared.analysis.metrics`.
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from operator import attrgetter
from typing import Literal

from pydantic_core import from_json, to_json

from shared.errors import NewerRecord

SCHEMA = 1

Kind = Literal["ok", "failed", "retry", "again"]
"""What became of the slot of a row: `ok` and `failed` closed it; it was offered again
as a `retry` of the plan, or `again` because the call was no answer (a limit of the
account, or we cut it)."""


class Outcome(StrEnum):
    """How a call ended, in order of precedence: the first that matches is it."""

    DROPPED = "dropped"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"
    CONNECT_ERROR = "connect_error"
    TIMEOUT_CONNECT = "timeout_connect"
    DISCONNECTED = "disconnected"
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    NO_CREDIT = "no_credit"
    UPSTREAM_ERROR = "upstream_error"
    PROTOCOL_ERROR = "protocol_error"
    ERROR_IN_200 = "error_in_200"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"
    TIMEOUT_IDLE = "timeout_idle"
    TIMEOUT_TOTAL = "timeout_total"
    TRUNCATED = "truncated"
    EMPTY = "empty"
    NO_TEXT = "no_text"
    OK = "ok"


NOT_BILLED = frozenset(
    {
        *(Outcome.DROPPED, Outcome.CONNECT_ERROR, Outcome.TIMEOUT_CONNECT),
        *(Outcome.RATE_LIMITED, Outcome.REFUSED, Outcome.NO_CREDIT),
        Outcome.UPSTREAM_ERROR,
    }
)
"""No model was reached, or the answer's status was an error: nothing was generated."""


class Note(StrEnum):
    """What a reader of a row must know beside its numbers; no fault of the call."""

    ONE_BURST = "one_burst"
    """Its token events came in one or two reads: `tpot` and gaps are not seen."""
    NOT_STREAMED = "not_streamed"
    """A stream was asked for, and the answer came whole: no token has a time."""
    TOKENS_SUMMED = "tokens_summed"
    """`total_tokens` is our sum of the upstream's two parts."""
    TOKENS_NOT_BELIEVED = "tokens_not_believed"
    """A count that cannot be is left out: of no size, or a zero of what came."""
    COST_NOT_BELIEVED = "cost_not_believed"
    """A cost that cannot be is left out."""
    NO_DONE = "no_done"
    """The stream ended properly, with a finish reason, and without `[DONE]`."""


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Sample:
    """A row, keyed by (step, slot, attempt).

    Nobody changes one. It is not `frozen` because setting 47 fields in the way which
    that needs takes several microseconds of a call.
    """

    step: int
    slot: int
    attempt: int = 0
    """From 0; the last one closes the slot."""
    segment: int = 0
    """The stretch of the run in which it was made."""
    worker: str = ""
    """Who made it: host and process."""
    target: int
    """Index into the plan's targets."""
    prompt: int
    """Index of the prompt."""
    repetition: int = 0
    outcome: Outcome
    status: int | None = None
    """HTTP status; None when no head of a response came."""
    error: str | None = None
    """One short sentence of what went wrong, without secrets or prompts."""
    served_model: str | None = None
    provider: str | None = None
    generation_id: str | None = None
    finish_reason: str | None = None

    started_at: float | None = None
    """Wall clock, Unix seconds: a label, never subtracted."""
    due_s: float | None = None
    """When the load said it should start; None in a closed load."""
    started_s: float | None = None
    """When it had its lane, its rate permit and its money."""
    sent_s: float | None = None
    """When its request bytes were handed to a ready connection."""
    ack_s: float | None = None
    """The first byte of the response body, a comment included."""
    first_token_s: float | None = None
    """The read that completed the first token event: text, reasoning or a tool call."""
    first_visible_s: float | None = None
    """The same for text alone."""
    last_token_s: float | None = None
    """The same for the last token event."""
    ended_s: float | None = None
    """`[DONE]`, the end of the body, or the failure."""

    connect_s: float | None = None
    """Name, TCP and TLS; None on a reused connection."""
    reused: bool | None = None
    """The connection had carried a call before."""
    stamp_slack_s: float | None = None
    """How much later than true a token's stamp may be: the larger of `ttft_slack_s` and
    `gap_slack_s`. None where each had its read."""
    gaps: tuple[tuple[int, int], ...] = ()
    """Histogram of the gaps between token events: (bucket, n), as
    `shared.analysis.gaps` says."""
    gap_sum_s: float | None = None
    gap_max_s: float | None = None

    prompt_tokens: int | None = None
    output_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    total_tokens: int | None = None
    tokens_from: str | None = None
    """`usage` as the upstream says, or `events` where we counted them."""
    cost_usd: float | None = None
    cache_hit: bool | None = None
    """The upstream answered from a response cache; None: it did not say."""
    retry: int = 0
    """Which retry of the plan it is; 0 for a first attempt. It stays where an attempt
    was turned away by a limit of the account, cut by us, or lost with a connection that
    we had kept."""
    kind: str | None = None
    """What became of its slot (`Kind`); None in a row of an earlier build."""
    upstream: str | None = None
    """Who was asked: the base URL without credentials; None as above."""
    ttft_slack_s: float | None = None
    """How much later than true the stamp of the first token, or of the first text, may
    be; None where that is exact, as for the three below."""
    gap_slack_s: float | None = None
    """The same of reads that brought several tokens."""
    gap_doubtful_n: int | None = None
    """Gaps that may be off by more than 5 % and 2 ms for that; None: not looked at."""
    last_slack_s: float | None = None
    """The same of the last token."""
    end_slack_s: float | None = None
    """The same of the end."""
    notes: str | None = None
    """Codes of `Note` with a blank between, in its order; None: nothing to say."""
    passed: bool | None = None
    """Whether the answer passed its checks; None: it was no answer or has none, or,
    with a `failed_check`, they could not be decided."""
    failed_check: str | None = None
    """The first check that it failed, by name; where none failed, the first that could
    not be decided."""

    @property
    def ok(self) -> bool:
        """Text or a tool call came and it ended properly."""
        return self.outcome is Outcome.OK

    def has(self, note: Note) -> bool:
        """Whether the row says this of itself."""
        return is_noted(self.notes, note)


def is_noted(notes: str | None, note: Note) -> bool:
    """Whether `notes`, as a row has them, say this."""
    return notes is not None and note in notes.split()


_NAMES = tuple(field.name for field in fields(Sample))
_KIND_AT = _NAMES.index("kind")
_values = attrgetter(*_NAMES)


def encode(sample: Sample, kind: Kind | None = None) -> bytes:
    """A row for the store: a JSON array, the schema number first, fields in order.

    kind: what was decided of it since it was made; None: it says so itself. (A second
    Sample with one field changed would take three times as long as the writing.)
    """
    values = [*_values(sample)]
    if kind is not None:
        values[_KIND_AT] = kind
    return to_json([SCHEMA, *values])


def decode(row: bytes) -> Sample:
    """The row again; raises NewerRecord for one of a later version.

    Fields may only be added at the end of Sample, with defaults: a shorter array is
    then a row of an earlier build.
    """
    schema, *values = from_json(row)
    if schema > SCHEMA:
        raise NewerRecord("row", schema, SCHEMA)
    named = dict(zip(_NAMES, values, strict=False))
    named["outcome"] = Outcome(named["outcome"])
    named["gaps"] = tuple((bucket, n) for bucket, n in named["gaps"])
    return Sample(**named)
