"""How many of a load's lanes one shard has, and what connections it opens ahead."""

from bisect import bisect_left

from shared.plan import DueTimes, Plan, due_times
from shared.plan.loads import Concurrency
from shared.store.run.leases import Lease

_MOST_WARM = 256
"""Connections opened before the first call; later ones open as they are needed."""
_WARM_FOR_S = 1.0
"""Open load: so much of its time is looked at. Afterwards connections come back from
calls that have ended, or are opened as they are needed."""


def lanes_at(lease: Lease, elapsed_s: float, *, most: int) -> int:
    """This shard's share of the lanes that the load has so long after its start.

    most: open at once in the whole run, whatever the load says.
    """
    lanes = min(lease.step.load.lanes(max(0.0, elapsed_s)), most)
    share, rest = divmod(lanes, lease.shards)
    return share + (1 if lease.shard < rest else 0)


def fixed_lanes(lease: Lease, *, most: int) -> int | None:
    """`lanes_at` where that is the same at all times; None where it may change."""
    if not isinstance(lease.step.load, Concurrency):
        return None
    return lanes_at(lease, 0.0, most=most)


def connections(plan: Plan, lease: Lease, *, most: int) -> int:
    """How many connections the shard will use at its start: no more than it has lanes
    and slots, and with due times no more than are due within a second."""
    elapsed_s = lease.elapsed_ms / 1000
    lanes = min(lanes_at(lease, elapsed_s, most=most), _MOST_WARM)
    times = due_times(plan, lease.step)
    if times.closed:
        count = lease.step.count
        return lanes if count is None else min(lanes, -(-count // lease.shards))
    first = _first_due(times, elapsed_s)
    first += (lease.shard - first) % lease.shards
    due, ends_s = 0, elapsed_s + _WARM_FOR_S
    while due < lanes:
        at_s = times.due(first + due * lease.shards)
        if at_s is None or at_s >= ends_s:
            break
        due += 1
    return max(due, 1)


def _first_due(times: DueTimes, from_s: float) -> int:
    """The first index that is due at `from_s` or later, or never."""

    def is_later(index: int) -> bool:
        at_s = times.due(index)
        return at_s is None or at_s >= from_s

    past = 1
    while not is_later(past):
        past *= 2
    return bisect_left(range(past), True, key=is_later)
