"""One shard's supply: slots are taken ahead of need, until none is left, the time of
the step is over, or all that is left waits for something."""

import asyncio
import logging
from contextlib import suppress

from shared.clock import monotonic_s, sleep
from shared.sample import Outcome
from shared.store.client import AWAY
from shared.store.run.slots import Taken
from worker.assignment import Assignment
from worker.shard.calls import Calls
from worker.shard.lease_keeper import LeaseKeeper
from worker.shard.life import Life
from worker.shard.prefetch import Prefetch
from worker.stop import Stop
from worker.telemetry import story

log = logging.getLogger("worker.shard.supply")

_PATIENCE_S = 90.0
"""A limit that opens sooner is waited for with the lease in hand."""
_NEVER_S = float("inf")
_LOOK_S = 0.25
"""How often it is looked then."""
_STUCK_S = 0.5
"""When no call has begun for as long, slots in hand are left to other shards."""


class Supply:
    """The supply of one shard; `run` it beside the calls."""

    def __init__(
        self,
        assigned: Assignment,
        life: Life,
        keeper: LeaseKeeper,
        calls: Calls,
    ) -> None:
        self._plan = assigned.plan
        self._clock = assigned.clock
        self._outage_s = assigned.settings.outage_s
        self._name = assigned.job_id
        self._life = life
        self._calls = calls
        self._attack = calls.attack
        self._prefetch = Prefetch(assigned, calls.attack)
        self._gates = calls.gates
        self._breaker = calls.gates.breaker
        self._keeper = keeper
        self._ends_s = ends_s = assigned.ends_s
        # a segment that would begin after the step's end does not wait for its start
        begins_s = assigned.clock.monotonic(assigned.lease.segment_start_ms)
        self._over_s = ends_s if begins_s < ends_s else 0.0
        self._looked_s = 0.0
        self._shares_slots = assigned.lease.shards > 1
        self._begun = 0
        self._moved_s = monotonic_s()
        """When a call began last, or slots were left to others, monotonic."""
        self._left_until_s = 0.0
        """Until then slots are taken for free lanes only."""
        self._dry_s: float | None = None
        """Since when nothing was left to take, monotonic."""
        self._news = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether slots have due times."""
        return self._prefetch.is_open

    def wake(self) -> None:
        """Something has changed: take the next turn at once."""
        self._news.set()

    async def run(self) -> None:
        """Take slots ahead of need, and mind the step's time, until stopped."""
        life, calls = self._life, self._calls
        while True:
            if life.why is None and monotonic_s() >= self._over_s:
                await self._end_of_time()
            calls.cut_overdue()
            if life.why is None:
                await self._gates.hand_back()
                await self._take()
                await self._leave_what_is_stuck()
                self._cut_the_last()
                self._attack.pump()
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.02):
                    await self._news.wait()

    async def _end_of_time(self) -> None:
        """The step's time is over. What was due in it and is not sent, because nobody
        had it in time, is a row all the same; the next look tries again where the store
        is away."""
        try:
            late = await self._prefetch.take_late()
        except AWAY as error:
            log.warning("slots of %s that are over stay: %s", self._name, error)
            await sleep(0.2)
            return
        if late is None:
            await self._keeper.renew()
            return
        for slot in late:
            self._calls.over(slot)
        self._life.stop(Stop.TIME)

    async def _take(self) -> None:
        life, calls = self._life, self._calls
        held = self._breaker.places.held
        idle = not calls.open and not len(self._attack) and calls.owed == held
        opens_s = self._gates.opens_s
        if opens_s is not None:
            if idle and held:
                self._breaker.conclude()
            elif idle:
                await self._wait_for_opening(self._clock.store_ms(opens_s))
            return
        lanes = calls.lanes() if life.why is None else 0
        free = max(0, lanes - self._attack.open)
        if not free and monotonic_s() < self._left_until_s:
            return
        wanted, fresh = self._prefetch.wanted(free, calls.begun), True
        if wanted <= 0 and self._may_be_offered():
            wanted, fresh = free, False
        if wanted <= 0:
            return
        try:
            taken = await self._prefetch.take(wanted, fresh=fresh)
        except AWAY as error:
            log.warning("no slots for %s: %s", self._name, error)
            await sleep(0.2)
            return
        if taken is None:
            await self._keeper.renew()
            return
        self._note_if_dry(taken)
        if idle and not taken.slots and life.why is None:
            if held:
                self._breaker.conclude()
            elif taken.next_at_ms is not None:
                await self._wait_for_opening(taken.next_at_ms)
            elif not self._prefetch.is_open or self._ends_s == _NEVER_S:
                # with due times the step lasts as long as it was asked to: what was due
                # of a shard that is given up meanwhile is late, or dropped at its end
                life.stop(Stop.EXHAUSTED)

    async def _wait_for_opening(self, until_ms: int) -> None:
        """Nothing may begin before then: wait, keeping the lease where that is soon."""
        try:
            status = await self._breaker.idle(until_ms, most_s=self._outage_s)
        except AWAY as error:
            log.warning("%s cannot be told to wait: %s", self._name, error)
            status = "running"
        if status == "waiting":
            if not self._breaker.probes:
                story.waits_for_upstream(self._name)
            self._life.stop(Stop.WAITING)
            return
        if status == "reducing":
            self._life.stop(Stop.ENDED)
            return
        left_s = self._clock.monotonic(until_ms) - monotonic_s()
        if left_s > _PATIENCE_S and self._breaker.places.outage is None:
            self._life.wait(until_ms)
        else:
            await sleep(min(max(left_s, 0.0), _LOOK_S))

    def _note_if_dry(self, taken: Taken) -> None:
        if taken.slots or taken.next_at_ms is not None:
            self._dry_s = None
        elif self._dry_s is None:
            self._dry_s = monotonic_s()

    async def _leave_what_is_stuck(self) -> None:
        """The step's last slots do not wait for the longest call of one shard: where
        the store has none left for the others, those in hand that no lane is free for
        go back, and are begun by whoever has a lane first."""
        now_s, begun = monotonic_s(), self._calls.begun
        if begun != self._begun or not self._attack.waiting:
            self._begun, self._moved_s = begun, now_s
        if not self._shares_slots or now_s < self._moved_s + _STUCK_S:
            return
        self._moved_s = now_s
        try:
            taken = await self._prefetch.take(0)
        except AWAY as error:
            log.warning("slots of %s stay here: %s", self._name, error)
            return
        if taken is not None and not taken.left:
            self._gates.leave_to_others(self._attack.take_waiting())
            await self._gates.hand_back()
            self._left_until_s = monotonic_s() + _STUCK_S

    def _cut_the_last(self) -> None:
        """All slots have begun: the last calls get the plan's `drain_s` to end."""
        drain_s, dry_s = self._plan.drain_s, self._dry_s
        if drain_s is None or dry_s is None or len(self._attack):
            return
        if monotonic_s() > dry_s + drain_s:
            self._calls.cut(Outcome.UNFINISHED)

    def _may_be_offered(self) -> bool:
        """An open load takes nothing while its next due time is far, or past its last;
        a retry may have come to its time meanwhile, or another's slot be offered again.
        Looked at now and then."""
        now_s = monotonic_s()
        if not (self._prefetch.is_past_end or self._prefetch.is_open):
            return False
        if now_s < self._looked_s + _LOOK_S:
            return False
        self._looked_s = now_s
        return True
