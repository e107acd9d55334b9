"""Which outcome a call is: one predicate each, the first that holds wins."""

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from shared.sample import Outcome


class Facts(NamedTuple):
    """All that the outcome of a call is decided by."""

    failure: str | None = None
    """Kind of the wire's failure; None when the answer ended properly."""
    drained: bool = False
    """Cut by us at the end of a drain, rather than at somebody's wish."""
    status: int | None = None
    garbage: bool = False
    """Some of it was not what was agreed on: no JSON, or no object."""
    refused: bool = False
    """The model, or a moderator, declined inside a 200."""
    error: bool = False
    """An error came inside a 200."""
    whole: bool = False
    """The answer was complete."""
    text: bool = False
    reasoning: bool = False
    tool_call: bool = False
    """A fragment of one: what was asked for may be that alone."""
    finish_reason: str | None = None

    def status_in(self, first: int, last: int) -> bool:
        """Whether there is a status from `first` to `last`, both included."""
        return self.status is not None and first <= self.status <= last


OUTCOMES: tuple[tuple[Outcome, Callable[[Facts], bool]], ...] = (
    # A slot that was due while no lane was free has no exchange, and is one, too.
    (Outcome.DROPPED, lambda f: f.failure == "not_sent"),
    (Outcome.CANCELLED, lambda f: f.failure == "cancelled" and not f.drained),
    (Outcome.UNFINISHED, lambda f: f.failure == "cancelled"),
    (Outcome.CONNECT_ERROR, lambda f: f.failure == "connect_error"),
    (Outcome.TIMEOUT_CONNECT, lambda f: f.failure == "timeout_connect"),
    (Outcome.DISCONNECTED, lambda f: f.failure == "disconnected"),
    (Outcome.RATE_LIMITED, lambda f: f.status == 429),
    (
        Outcome.REFUSED,
        lambda f: f.refused or (f.status_in(400, 428) and f.status not in (402, 408)),
    ),
    (Outcome.NO_CREDIT, lambda f: f.status == 402),
    (Outcome.UPSTREAM_ERROR, lambda f: f.status_in(400, 999)),
    (
        Outcome.PROTOCOL_ERROR,
        lambda f: f.failure == "protocol_error" or f.garbage or f.status_in(300, 399),
    ),
    (Outcome.ERROR_IN_200, lambda f: f.error),
    (Outcome.TIMEOUT_FIRST_TOKEN, lambda f: f.failure == "timeout_first_token"),
    (Outcome.TIMEOUT_IDLE, lambda f: f.failure == "timeout_idle"),
    (Outcome.TIMEOUT_TOTAL, lambda f: f.failure == "timeout_total"),
    (Outcome.TRUNCATED, lambda f: not f.whole),
    (
        Outcome.EMPTY,
        lambda f: (
            not (f.text or f.reasoning or f.tool_call or f.finish_reason == "length")
        ),
    ),
    (Outcome.NO_TEXT, lambda f: not (f.text or f.tool_call)),
    (Outcome.OK, lambda f: True),
)
"""In order of precedence; `Facts` of a failed exchange are never `whole`."""

SENTENCES = {
    Outcome.REFUSED: "The model, or a moderator of it, declined to answer.",
    Outcome.TRUNCATED: "The answer broke off: no [DONE] and no finish reason came.",
    Outcome.EMPTY: "The answer ended properly and holds no text.",
    Outcome.NO_TEXT: "No text: reasoning was all, or max_tokens ended it before.",
}
"""What to say of outcomes about which nobody else says anything."""


@lru_cache(maxsize=1024)
def outcome(facts: Facts) -> Outcome:
    """The first of `OUTCOMES` whose predicate holds.

    Remembered, since most calls of a run end in one of a few ways.
    """
    return next(name for name, holds in OUTCOMES if holds(facts))
