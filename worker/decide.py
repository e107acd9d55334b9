"""What an ended call means for its slot and for the run: pure rules."""

from random import Random
from typing import NamedTuple

from shared.run import Ending
from shared.sample import Outcome, Sample
from shared.store.slots import Kind
from shared.upstream.reply import Reply
from worker.attack import Slot

_MOST_REST_S = 120.0


class Decision(NamedTuple):
    """What becomes of a slot, and of all others."""

    kind: Kind
    """The row closes its slot (`ok`, `failed`), or the slot is offered `again`."""
    opens_in_s: float | None = None
    """A limit of the account bars every call, this one's too, for so many seconds."""
    of_free_calls: bool = False
    """That limit is for free calls alone."""
    ending: Ending | None = None
    """Every further call would fail like this one."""
    rests_s: float | None = None
    """The provider is busy, and asks that its target be left alone for so long."""


def decide(slot: Slot, reply: Reply, sample: Sample, *, now_s: float) -> Decision:
    """now_s: wall clock, for limits that name a moment."""
    if sample.outcome is Outcome.CANCELLED:
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
        rests_s = _a_little_later(wait_s, slot) if wait_s else None
    kind: Kind = "ok" if sample.ok else "failed"
    return Decision(kind, ending=ending, rests_s=rests_s)


def _opens_in_s(opens_at: float | None, slot: Slot, now_s: float) -> float:
    """As the upstream says; where it does not, later with every attempt. A little
    apart each, so that they do not come at once."""
    wait_s = min(2.0**slot.attempt, 300.0)
    if opens_at is not None:
        wait_s = max(opens_at - now_s, 1.0)
    return _a_little_later(wait_s, slot)


def _a_little_later(wait_s: float, slot: Slot) -> float:
    return wait_s + Random(slot.number).random() / 4
