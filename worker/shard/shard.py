"""One shard, from its claim to its release: slots in, calls, rows out, under a lease.

    Feed ──slots──> Attack ──calls──> wire ──exchanges──> Rows ──> store

Beside the calls go the heartbeat that keeps the lease, the feed, the reading and the
commit. Only the calls are in a hurry.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis

from shared.clock import monotonic_s, wall_s
from shared.errors import BenchError
from shared.money import Costs, account_of
from shared.plan import Plan, Work
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import leases, samples, states
from shared.store.run.leases import Lease
from shared.wire import Call as Sending
from shared.wire import Exchange, Pacer, Wire
from worker.ending import end
from worker.gate import Beside, Breaker, Ended, Gate, Openings, Rests
from worker.rows import Call, Commits, Probe, Rows, Unsettled, status_of
from worker.rows.spool import Spool
from worker.shard import report
from worker.shard.attack import Attack
from worker.shard.fates import Fates
from worker.shard.feed import Feed
from worker.shard.lanes import lanes_at
from worker.shard.lease import Hold
from worker.shard.supply import Supply
from worker.slot import Slot
from worker.stop import Stop
from worker.storeclock import StoreClock
from worker.telemetry import Watch

log = logging.getLogger("worker.shard.shard")

_FINAL = (Stop.ENDED, Stop.LOST)
_PATIENT = {Stop.TIME: Outcome.UNFINISHED, Stop.DRAIN: Outcome.CANCELLED}
"""Reasons after which calls get DRAIN_S to end, and what those are that do not."""
_NO_LANE = "it was due, and as many calls were open as the plan allows"
_TOO_LATE = "it was due, and no worker had it before the step's time was over"


class Shard:
    """Works one shard: make it, await `run` once; `stop` may come at any time."""

    def __init__(
        self,
        redis: Redis,
        wire: Wire,
        pacer: Pacer,
        plan: Plan,
        lease: Lease,
        probe: Probe,
        *,
        settings: Settings,
        clock: StoreClock,
        spool: Spool,
        costs: Costs | None,
        claimed_s: float,
        watch: Watch,
        seen: Sequence[Callable[[Sample], None]] = (),
    ) -> None:
        """costs: what its calls may cost; None where no budget limits the run.
        claimed_s: monotonic second just before the claim was asked for.
        watch: of this shard alone. seen: who is shown each row as it is made."""
        self.lease = lease
        self._redis = redis
        self._wire = wire
        self._plan = plan
        self._probe = probe
        self._settings = settings
        self._clock = clock
        self._watch = watch
        self._origin_s = clock.monotonic(lease.origin_ms)
        self._ends_s = self._origin_s + (lease.step.duration_s or float("inf"))
        self.why: Stop | None = None
        self._stopped_s: float | None = None
        self._cut_at_s = float("inf")
        self._cut_as = Outcome.CANCELLED
        self._opens_ms = 0
        self._hopeless: tuple[Ending, str | None] | None = None
        self.waits: Counter[str] = Counter()
        """Why slots were sent back so far, and how often."""
        self._open: dict[int, tuple[Call, Sending]] = {}
        self._stamps_before = wire.stats
        self._hold = Hold(
            redis,
            lease,
            settings,
            claimed_s=claimed_s,
            lost=lambda: self.stop(Stop.LOST),
            look=self.look,
        )
        self._attack = Attack(
            lanes=self._lanes, begin=self._begin, drop=self._drop, at=pacer.at
        )
        self._unsettled = Unsettled(
            freed=self._attack.ended, round_trip_s=2 * clock.error_s
        )
        self._rows = Rows(
            redis,
            lease,
            probe,
            settings,
            lambda *ended: self._fates.decide(Ended(*ended)),
            spool,
            self._unsettled,
            seen,
        )
        self._commits = Commits(self._rows, lease, self)
        self._feed = Feed(redis, plan, lease, clock, self._attack)
        account, openings = account_of(settings), Openings()
        self._beside = Beside()
        self._rests = Rests(
            *(redis, account, plan, clock, openings, self._beside, self.waits)
        )
        self._breaker = Breaker(
            redis,
            lease,
            account,
            clock,
            waits=plan.waits_for_outages,
            call_s=settings.connect_timeout_s + settings.lease_s,
            openings=openings,
            beside=self._beside,
            lanes=self._lanes,
            settle=lambda ended, again_ms: self._fates.settle(ended, again_ms),
        )
        self._gate = Gate(
            redis,
            plan,
            lease,
            settings,
            clock,
            openings=openings,
            rests=self._rests,
            breaker=self._breaker,
            beside=self._beside,
            waits=self.waits,
            costs=costs,
            send=self._send_if_held,
            freed=self._attack.ended,
            broke=lambda: self.end(Ending.BUDGET),
        )
        self._fates = Fates(
            self,
            plan,
            clock,
            breaker=self._breaker,
            rests=self._rests,
            gate=self._gate,
            rows=self._rows,
            wordings=probe.wordings,
            ends_s=self._ends_s,
        )
        self._supply = Supply(
            self,
            plan,
            lease,
            settings,
            clock,
            attack=self._attack,
            feed=self._feed,
            gate=self._gate,
            breaker=self._breaker,
            hold=self._hold,
            rows=self._rows,
            ends_s=self._ends_s,
        )

    async def run(self) -> bool:
        """Work until there is nothing left to begin and every row is committed.

        True when that ended the step.
        """
        self._watch.start()
        if not self._feed.is_open:
            with suppress(*AWAY):
                await self._rests.hear_all()
                await self._breaker.hear_all()
        beside: list[asyncio.Task[None]] = [
            asyncio.create_task(self._hold.beat(), name="beat"),
            asyncio.create_task(self._supply.run(), name="supply"),
            asyncio.create_task(self._rows.read(), name="read"),
        ]
        commit: asyncio.Task[bool] = asyncio.create_task(
            self._commits.run(), name="commit"
        )
        tasks: list[asyncio.Task[Any]] = [commit, *beside]
        try:
            # None of those beside ends by itself, but with an error.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in beside:
                if task.done():
                    task.result()
            step_over = await commit
        finally:
            self._attack.stop()  # also where something broke
            await end(*tasks)
            self.cut(Outcome.CANCELLED)
            await self._beside.close()
            seen = await self._watch.stop()
        await self._report(seen)
        return await self._release() or step_over

    @property
    def open(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._open) + len(self._beside)

    @property
    def lanes(self) -> int:
        """Calls that may be open now."""
        return self._lanes() if self.why is None else 0

    @property
    def owes_rows(self) -> bool:
        """Its lease is lost and the store has not taken all its rows yet: whoever
        claims the shard before that makes their calls again."""
        return self.why is Stop.LOST and len(self._rows) > 0

    def stop(self, why: Stop) -> None:
        """Begin no more calls. When the run has ended, cut those that are open."""
        if why in _PATIENT and self._cut_at_s == float("inf"):
            drain_s = self._settings.drain_s
            if why is Stop.TIME and self._plan.drain_s is not None:
                drain_s = self._plan.drain_s
            self._cut_at_s = monotonic_s() + drain_s
            self._cut_as = _PATIENT[why]
        if self._stopped_s is None:
            self._stopped_s = monotonic_s()
        if self.why is None or (why in _FINAL and self.why is not Stop.ENDED):
            self.why = why
        self._attack.stop()
        self._breaker.let_go()
        if self.why is Stop.ENDED:
            self.cut(Outcome.CANCELLED)
        self._supply.look()

    def wait(self, until_ms: int) -> None:
        """Every slot is barred until then: give the lease back meanwhile."""
        self._opens_ms = max(self._opens_ms, until_ms)
        self.stop(Stop.WAITING)

    def hear(self, name: str, until_ms: int) -> None:
        """A target rests until then or is down, as another shard was told."""
        if not self._feed.is_open and not self._breaker.hear(name, until_ms):
            self._rests.hear(name, until_ms)

    def look(self, status: Status | str, step: int) -> None:
        """The run's state and step have been read: stop if they ask for that."""
        if step != self.lease.step.number:
            self.stop(Stop.ENDED)
        elif status == Status.PAUSED:
            self.stop(Stop.PAUSED)
        elif status == Status.WAITING:
            if not self._breaker.probes:
                self.stop(Stop.WAITING)
        elif status not in (Status.RUNNING, Status.QUEUED):
            self.stop(Stop.ENDED)

    # -- the calls -----------------------------------------------------------------

    def _lanes(self) -> int:
        """This shard's share of the lanes that the load has now."""
        elapsed_s = monotonic_s() - self._origin_s
        return lanes_at(self.lease, elapsed_s, most=self._settings.max_concurrency)

    def _begin(self, slot: Slot) -> None:
        if not self._hold.is_live:
            # Another worker may have this slot by now.
            self._attack.open -= 1
            self.stop(Stop.LOST)
            return
        asked = self._probe.work(slot.number)
        if self._gate.is_open(asked):
            self._send(slot, asked)
        else:
            self._gate.begin(slot, asked)

    def _send_if_held(self, slot: Slot, asked: Work) -> bool:
        """Leave to send has come: whether that is still ours to do."""
        if self.why is not None or not self._hold.is_live:
            return False
        self._send(slot, asked)
        return True

    def _send(self, slot: Slot, asked: Work) -> None:
        hold = self._gate.hold_of(slot, asked)
        wording = self._probe.wordings.of(asked.target)
        call = Call(slot, asked, monotonic_s(), wall_s(), hold, wording=wording)
        sending = self._wire.start(
            self._probe.request(slot, asked),
            lambda exchange: self._ended(call, exchange),
            caps=self._probe.caps,
            has_token=self._probe.has_token if self._plan.stream else None,
            # what a kept connection lost is not given to another one
            fresh=slot.offered_again,
        )
        self._open[slot.number] = (call, sending)
        self._feed.begun += 1

    def _ended(self, call: Call, exchange: Exchange) -> None:
        del self._open[call.slot.number]
        status = status_of(exchange)
        if status.isdigit():
            self._breaker.heard(call, int(status))
        self._rows.ended(call, exchange)
        if self._gate.landed(call.slot, call.work.target):
            return
        if call.slot.due_s or not self._unsettled.keep(
            call.slot.number, monotonic_s() - call.started_s, self._attack.open
        ):
            self._attack.ended()
        if not len(self._attack):
            self._supply.look()  # nothing in hand; else the next look is soon enough

    def _drop(self, slot: Slot) -> None:
        self._rows.put(self._probe.dropped(slot, _NO_LANE), "failed")

    def over(self, slot: Slot) -> None:
        """It was due in the step's time, and nobody has sent it."""
        self._rows.put(self._probe.dropped(slot, _TOO_LATE), "failed")

    def cut_overdue(self) -> None:
        """End calls that have had their time to end since the stop. Cut by us they are
        offered again, by the step's end unfinished."""
        if self._open and monotonic_s() > self._cut_at_s:
            self.cut(self._cut_as)

    def cut(self, outcome: Outcome) -> None:
        """End the calls that are open, as this."""
        for call, sending in list(self._open.values()):
            call.cut = outcome
            sending.cancel()

    def end(self, ending: Ending, error: str | None = None) -> None:
        """No further call has any sense: the run ends when those that are open have."""
        if self._hopeless is None:
            self._hopeless = (ending, error)
        self.stop(Stop.HOPELESS)

    # -- the end -----------------------------------------------------------------------

    async def _report(self, seen: dict[str, Any]) -> None:
        """What this worker saw of itself: evidence for the verdict."""
        seen |= {
            **report.of_process(self._settings, self._stamps_before, self._wire.stats),
            **report.of_lease(self.lease),
            **report.of_waits(self.waits, self._gate.paused),
            "worker": self._probe.worker,
            "step_start_s": self._clock.monotonic(self.lease.start_ms),
            "stop": self.why,
            "begun": self._feed.begun,
            "clock_error_s": self._clock.error_s,
            "reworded": self._probe.wordings.words(),
        }
        with suppress(*AWAY):
            await samples.observe(self._redis, self.lease.job_id, seen)

    async def _release(self) -> bool:
        """Give the lease back, and tell the run what we learnt. Where the store is
        away the lease lapses by itself."""
        job_id = self.lease.job_id
        with suppress(BenchError, *AWAY):
            if self._hopeless is not None:
                await states.end(self._redis, job_id, *self._hopeless)
            elif self.why is Stop.WAITING and self._opens_ms:
                opens_ms = self._opens_ms
                await states.move(
                    self._redis, job_id, Status.WAITING, until_ms=opens_ms
                )
        with suppress(*AWAY):
            timed = self.lease.step.duration_s is not None
            # with nothing left to take, the time that is left changes nothing
            finished = self.why is Stop.TIME or (timed and self.why is Stop.EXHAUSTED)
            stopped_s = monotonic_s() if self._stopped_s is None else self._stopped_s
            if self.why is Stop.TIME:
                # whole milliseconds, rounded down, would leave one for a late burst
                stopped_s = max(stopped_s, self._ends_s + 0.001)
            if self._opens_ms == 0 and self.why is Stop.WAITING:
                down_s = self._breaker.stopped_s(len(self._plan.targets))
                stopped_s = min(stopped_s, down_s)
            return await leases.release(
                self._redis,
                self.lease,
                finished=finished,
                stopped_ms=self._clock.store_ms(stopped_s),
            )
        return False
