"""Slots, taken ahead of need, so that between take and send nothing asks the store."""

from shared.clock import monotonic_s
from shared.plan import due_times
from shared.store.run import slots
from worker.assignment import Assignment
from worker.shard.attack import Attack
from worker.slot import Slot

_AHEAD_S = 1.0
"""Open load: how far ahead of their due times slots are taken."""
_AHEAD_CLOSED_S = 0.2
"""Closed load: so much of the present rate is kept in hand beside the free lanes."""
_NEVER_S = float("inf")
_MOST = 2000
"""Slots in one take; the store is held for about a millisecond by it."""


class Prefetch:
    """One shard's supply of slots."""

    def __init__(self, assigned: Assignment, attack: Attack) -> None:
        self._redis = assigned.redis
        self._lease = lease = assigned.lease
        self._attack = attack
        self._times = due_times(assigned.plan, lease.step)
        self._origin_s = assigned.origin_s
        self._segment_start_s = assigned.clock.monotonic(lease.segment_start_ms)
        self._ticket = 0
        self._next = lease.shard
        self._left: list[Slot] = []
        """At the step's end: what was due, as far as it was asked for."""

    @property
    def is_open(self) -> bool:
        """Whether slots have due times."""
        return not self._times.closed

    def wanted(self, free_lanes: int, begun: int) -> int:
        """How many slots to take now, so that none is waited for.

        begun: calls so far; the present rate follows from it."""
        in_hand, now_s = len(self._attack), monotonic_s()
        if not self.is_open:
            rate = begun / max(now_s - self._segment_start_s, 0.1)
            enough = free_lanes + 1 + int(rate * _AHEAD_CLOSED_S)
            return min(enough - in_hand, _MOST) if 2 * in_hand <= enough else 0
        horizon_s = now_s + _AHEAD_S
        if self.is_past_end or (in_hand and self._attack.last_due_s > horizon_s):
            return 0
        n, index = 1, self._next
        while n < _MOST and self.due_s(index, past_end_s=horizon_s) < horizon_s:
            n, index = n + 1, index + self._lease.shards
        return n

    @property
    def is_past_end(self) -> bool:
        """Whether no slot that nobody has had yet is due any more (open load)."""
        return self.is_open and self._times.due(self._next) is None

    async def take(self, n: int, *, fresh: bool = True) -> slots.Taken | None:
        """Up to `n` slots into the attack's hand; None: lease or state forbid it.
        fresh: False leaves those that nobody has had yet.

        Raises what the store raises when it is away; then ask again: the same ticket
        brings the same slots.
        """
        taken = await self._ask(n, fresh=fresh)
        if taken is not None:
            self._attack.offer(self._due_of(taken))
        return taken

    async def take_late(self) -> list[Slot] | None:
        """At the end of the step's time: the slots of this shard that were due in it
        and were never sent. None is in the attack's hand afterwards. [] in a closed
        load, where nothing is due; None: lease or state forbid it.

        Raises what the store raises when it is away; then ask again.
        """
        self._left += self._attack.leave()
        while self.is_open:
            n = 1
            while n < _MOST and self._times.due(self._nth(n)) is not None:
                n += 1
            taken = await self._ask(n, fresh=True)
            if taken is None:
                return None
            due = self._due_of(taken)
            self._left += due
            if not taken.slots or (self.is_past_end and not due):
                break
        return [slot for slot in self._left if slot.due_s and not slot.attempt]

    async def _ask(self, n: int, *, fresh: bool) -> slots.Taken | None:
        ticket = f"{self._lease.epoch}:{self._ticket}"
        taken = await slots.take(self._redis, self._lease, n, ticket, fresh=fresh)
        self._ticket += 1
        return taken

    def _nth(self, n: int) -> int:
        """The index of this shard's fresh slot after `n` others."""
        return self._next + n * self._lease.shards

    def _due_of(self, taken: slots.Taken) -> list[Slot]:
        """Those that are ever due, with their due times."""
        found = []
        for index, attempt, retries in taken.slots:
            if index % self._lease.shards == self._lease.shard:
                self._next = max(self._next, index + self._lease.shards)
            due_s = self.due_s(index, past_end_s=_NEVER_S) if self.is_open else 0.0
            if due_s != _NEVER_S:
                found.append(Slot(due_s, index, attempt, retries))
        return found

    def due_s(self, index: int, *, past_end_s: float) -> float:
        """When a slot is due, absolute; `past_end_s` where the step's time is over.

        After a gap the schedule goes on from where it stood, so that nothing fires as
        a burst and no wait is a day long. What was due before the gap and has no final
        row is due at once.
        """
        at_s = self._times.due(index)
        if at_s is None:
            return past_end_s
        return max(self._segment_start_s, self._origin_s + at_s)
