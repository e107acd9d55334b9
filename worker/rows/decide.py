"""What an ended call means for its slot and for the run: pure rules."""

from random import Random
from typing import NamedTuple

from shared.answer import Reply
from shared.plan import Retries
from shared.run import Ending
from shared.sample import Kind, Outcome, Sample
from worker.slot import Slot

_MOST_REST_S = 120.0
_LONGEST_BACKOFF_S = 60.0


class Decision(NamedTuple):
    """What becomes of a slot, and of all others."""

    kind: Kind
    """The row closes its slot (`ok`, `failed`), or the slot is offered again: as a
    `retry` of the plan, or `again` where this was no answer."""
    opens_in_s: float | None = None
    """A limit of the account bars every call, this one's too, for so many seconds."""
    of_free_calls: bool = False
    """That limit is for free calls alone."""
    ending: Ending | None = None
    """Every further call would fail like this one."""
    rests_s: float | None = None
    """The provider is busy, and asks that its target be left alone for so long."""
    retry_in_s: float = 0.0
    """A `retry` begins no earlier than in so many seconds."""


def decide(
    slot: Slot,
    reply: Reply,
    sample: Sample,
    *,
    now_s: float,
    retries: Retries | None = None,
    left_s: float = float("inf"),
    reworded: bool = False,
) -> Decision:
    """What becomes of the slot of a call that has ended, and of all others.

    now_s: wall clock, for limits that name a moment. retries: the plan's.
    left_s: for so many seconds more calls of this step may begin.
    reworded: it was refused for how it was asked, and is to be asked otherwise.
    """
    if sample.outcome is Outcome.CANCELLED or reworded:
        return Decision("again")
    if sample.outcome is Outcome.DISCONNECTED and sample.reused and left_s > 0:
        # We kept that connection: it says nothing of the upstream. Once, since what is
        # offered again gets a connection of its own.
        return Decision("again")
    limit = reply.limit
    if limit is not None and limit.account:
        opens_in_s = _opens_in_s(limit.opens_at, slot, now_s)
        return Decision("again", opens_in_s, of_free_calls=limit.free)
    ending = None
    if reply.status == 401:
        ending = Ending.BAD_KEY
    elif reply.outcome is Outcome.NO_CREDIT and limit is None:
        ending = Ending.NO_CREDIT
    rests_s = None
    if limit is not None and limit.opens_at is not None and ending is None:
        # a provider that names next week has made a mistake
        wait_s = min(max(limit.opens_at - now_s, 0.0), _MOST_REST_S)
        rests_s = wait_s + _apart(slot) / 4 if wait_s else None
    if retries and sample.outcome in retries.on and slot.retries < retries.max:
        opens_at = None if limit is None else limit.opens_at
        retry_in_s = _retry_in_s(opens_at, slot, now_s, retries.backoff_s)
        # what could not begin in time would leave its slot open for ever
        if retry_in_s < left_s:
            return Decision("retry", retry_in_s=retry_in_s, rests_s=rests_s)
    kind: Kind = "ok" if sample.ok else "failed"
    return Decision(kind, ending=ending, rests_s=rests_s)


def _opens_in_s(opens_at: float | None, slot: Slot, now_s: float) -> float:
    """As the upstream says; where it does not, later with every attempt."""
    wait_s = min(2.0**slot.attempt, 300.0)
    if opens_at is not None:
        wait_s = max(opens_at - now_s, 1.0)
    return wait_s + _apart(slot) / 4


def _retry_in_s(
    opens_at: float | None, slot: Slot, now_s: float, backoff_s: float
) -> float:
    """As the upstream says; where it does not, later with every retry."""
    if opens_at is not None:
        return max(opens_at - now_s, 0.0) + _apart(slot) / 4
    wait_s = min(backoff_s * 2.0**slot.retries, _LONGEST_BACKOFF_S)
    return wait_s * (1 + _apart(slot) / 4)


def _apart(slot: Slot) -> float:
    """A share from 0 to 1, so that slots that wait for one moment come apart."""
    return Random(slot.number).random()
