"""One shard's supply: slots are taken ahead of need, until none is left, the time of
the step is over, or all that is left waits for something."""

import asyncio
import logging
from contextlib import suppress
from typing import Protocol

from shared.clock import monotonic_s, sleep
from shared.plan import Plan
from shared.sample import Outcome
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run.leases import Lease
from shared.store.run.slots import Taken
from worker.gate import Breaker, Gate
from worker.rows import Rows
from worker.shard.attack import Attack
from worker.shard.feed import Feed
from worker.shard.lease import Hold
from worker.slot import Slot
from worker.stop import Stop
from worker.storeclock import StoreClock

log = logging.getLogger("worker.shard.supply")

_PATIENCE_S = 90.0
"""A limit that opens sooner is waited for with the lease in hand."""
_NEVER_S = float("inf")
_LOOK_S = 0.25
"""How often it is looked then."""


class Work(Protocol):
    """What is asked of the shard that is supplied."""

    @property
    def open(self) -> int:
        """Calls that have begun and not ended."""

    @property
    def why(self) -> Stop | None:
        """Why no more calls begin; None while they do."""

    @property
    def lanes(self) -> int:
        """Calls that may be open now."""

    def stop(self, why: Stop) -> None:
        """Begin no more."""

    def wait(self, until_ms: int) -> None:
        """Every slot is barred until then: give the lease back meanwhile."""

    def over(self, slot: Slot) -> None:
        """It was due in the step's time, and nobody has sent it."""

    def cut_overdue(self) -> None:
        """End calls that have had their time to end."""

    def cut(self, outcome: Outcome) -> None:
        """End calls that are open, as this."""


class Supply:
    """Of one shard; `run` it beside the calls."""

    def __init__(
        self,
        work: Work,
        plan: Plan,
        lease: Lease,
        settings: Settings,
        clock: StoreClock,
        *,
        attack: Attack,
        feed: Feed,
        gate: Gate,
        breaker: Breaker,
        hold: Hold,
        rows: Rows,
        ends_s: float,
    ) -> None:
        """ends_s: monotonic second at which the step's time is over."""
        self._work = work
        self._plan = plan
        self._lease = lease
        self._settings = settings
        self._clock = clock
        self._attack = attack
        self._feed = feed
        self._gate = gate
        self._breaker = breaker
        self._hold = hold
        self._rows = rows
        self._ends_s = ends_s
        # a segment that would begin after the step's end does not wait for its start
        begins_s = clock.monotonic(lease.segment_start_ms)
        self._over_s = ends_s if begins_s < ends_s else 0.0
        self._looked_s = 0.0
        self._dry_s: float | None = None
        """Since when nothing was left to take, monotonic."""
        self._news = asyncio.Event()

    def look(self) -> None:
        """There is news: look at once."""
        self._news.set()

    async def run(self) -> None:
        """Take slots ahead of need, and mind the step's time, until stopped."""
        work = self._work
        while True:
            if work.why is None and monotonic_s() >= self._over_s:
                await self._end_of_time()
            work.cut_overdue()
            if work.why is None:
                await self._gate.hand_back()
                await self._take()
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
            late = await self._feed.rest()
        except AWAY as error:
            log.warning("slots of %s that are over stay: %s", self._lease.job_id, error)
            await sleep(0.2)
            return
        if late is None:
            await self._hold.renew()
            return
        for slot in late:
            self._work.over(slot)
        self._work.stop(Stop.TIME)

    async def _take(self) -> None:
        work = self._work
        held = self._breaker.held
        idle = not work.open and not len(self._attack) and len(self._rows) == held
        opens_s = self._gate.opens_s
        if opens_s is not None:
            if idle and held:
                self._breaker.conclude()
            elif idle:
                await self._rest(self._clock.store_ms(opens_s))
            return
        free = max(0, work.lanes - self._attack.open)
        wanted, fresh = self._feed.wanted(free), True
        if wanted <= 0 and self._may_be_offered():
            wanted, fresh = free, False
        if wanted <= 0:
            return
        try:
            taken = await self._feed.take(wanted, fresh=fresh)
        except AWAY as error:
            log.warning("no slots for %s: %s", self._lease.job_id, error)
            await sleep(0.2)
            return
        if taken is None:
            await self._hold.renew()
            return
        self._mind(taken)
        if idle and not taken.slots and work.why is None:
            if held:
                self._breaker.conclude()
            elif taken.next_at_ms is not None:
                await self._rest(taken.next_at_ms)
            elif not self._feed.is_open or self._ends_s == _NEVER_S:
                # with due times the step lasts as long as it was asked to: what was due
                # of a shard that is given up meanwhile is late, or dropped at its end
                work.stop(Stop.EXHAUSTED)

    async def _rest(self, until_ms: int) -> None:
        """Nothing may begin before then: with the lease in hand where that is soon."""
        try:
            status = await self._breaker.idle(until_ms, most_s=self._settings.outage_s)
        except AWAY as error:
            log.warning("%s cannot be told to wait: %s", self._lease.job_id, error)
            status = "running"
        if status == "waiting":
            self._work.stop(Stop.WAITING)
            return
        if status == "reducing":
            self._work.stop(Stop.ENDED)
            return
        left_s = self._clock.monotonic(until_ms) - monotonic_s()
        if left_s > _PATIENCE_S and self._breaker.outage is None:
            self._work.wait(until_ms)
        else:
            await sleep(min(max(left_s, 0.0), _LOOK_S))

    def _mind(self, taken: Taken) -> None:
        if taken.slots or taken.next_at_ms is not None:
            self._dry_s = None
        elif self._dry_s is None:
            self._dry_s = monotonic_s()

    def _cut_the_last(self) -> None:
        """All slots have begun: the last calls get the plan's `drain_s` to end."""
        drain_s, dry_s = self._plan.drain_s, self._dry_s
        if drain_s is None or dry_s is None or len(self._attack):
            return
        if monotonic_s() > dry_s + drain_s:
            self._work.cut(Outcome.UNFINISHED)

    def _may_be_offered(self) -> bool:
        """An open load takes nothing while its next due time is far, or past its last;
        a retry may have come to its time meanwhile, or another's slot be offered again.
        Looked at now and then."""
        now_s = monotonic_s()
        if not (self._feed.is_past_end or self._feed.is_open):
            return False
        if now_s < self._looked_s + _LOOK_S:
            return False
        self._looked_s = now_s
        return True
