"""Slots, taken ahead of need, so that between take and send nothing asks the store."""

from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.plan import Plan, due_times
from shared.store import slots
from shared.store.slots import Lease
from worker.attack import Attack, Slot
from worker.storeclock import StoreClock

_AHEAD_S = 1.0
"""Open load: how far ahead of their due times slots are taken."""
_AHEAD_CLOSED_S = 0.2
"""Closed load: so much of the present rate is kept in hand beside the free lanes."""
_MOST = 2000
"""Slots in one take; the store is held for about a millisecond by it."""


class Feed:
    """One shard's supply of slots."""

    def __init__(
        self,
        redis: Redis,
        plan: Plan,
        lease: Lease,
        clock: StoreClock,
        attack: Attack,
    ) -> None:
        step = lease.step
        self._redis = redis
        self._lease = lease
        self._attack = attack
        self._times = due_times(plan, step)
        self._step_start_s = clock.monotonic(lease.start_ms)
        self._segment_start_s = clock.monotonic(lease.segment_start_ms)
        self._ticket = 0
        self._next = lease.shard
        self.begun = 0
        """Calls begun so far; the rate follows from it."""

    @property
    def is_open(self) -> bool:
        """Whether slots have due times."""
        return not self._times.closed

    def wanted(self, free_lanes: int) -> int:
        """How many slots to take now, so that none is waited for."""
        in_hand, now_s = len(self._attack), monotonic_s()
        if not self.is_open:
            rate = self.begun / max(now_s - self._segment_start_s, 0.1)
            enough = free_lanes + 1 + int(rate * _AHEAD_CLOSED_S)
            return min(enough - in_hand, _MOST) if 2 * in_hand <= enough else 0
        horizon_s = now_s + _AHEAD_S
        if in_hand and self._attack.last_due_s > horizon_s:
            return 0
        n, index = 1, self._next
        while n < _MOST and self.due_s(index, past_end_s=horizon_s) < horizon_s:
            n, index = n + 1, index + self._lease.shards
        return n

    async def take(self, n: int, *, fresh: bool = True) -> slots.Taken | None:
        """Up to `n` slots into the attack's hand; None: lease or state forbid it.
        fresh: False leaves those that nobody has had yet.

        Raises what the store raises when it is away; then ask again: the same ticket
        brings the same slots.
        """
        ticket = f"{self._lease.epoch}:{self._ticket}"
        taken = await slots.take(self._redis, self._lease, n, ticket, fresh=fresh)
        self._ticket += 1
        if taken is None:
            return None
        in_hand = []
        for index, attempt, retries in taken.slots:
            self._next = max(self._next, index + self._lease.shards)
            due_s = self.due_s(index, past_end_s=float("inf")) if self.is_open else 0.0
            if due_s != float("inf"):
                in_hand.append(Slot(due_s, index, attempt, retries))
        self._attack.offer(in_hand)
        return taken

    def due_s(self, index: int, *, past_end_s: float) -> float:
        """When a slot is due, absolute; `past_end_s` where the step's time is over.

        After a gap the schedule goes on from where it stood, so that nothing fires as
        a burst and no wait is a day long.
        """
        at_s = self._times.due(index)
        if at_s is None:
            return past_end_s
        if self._lease.segment_start_ms == self._lease.start_ms:
            return self._step_start_s + at_s
        first_s = self._times.due(self._lease.base) or 0.0
        return self._segment_start_s + max(0.0, at_s - first_s)
