"""One shard, from its claim to its release: slots in, calls, rows out, under a lease.

    Feed ──slots──> Attack ──calls──> wire ──exchanges──> Rows ──> store

Beside the calls go the heartbeat that keeps the lease, the feed, the reading and the
commit. Only the calls are in a hurry.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis

from shared.clock import monotonic_s, sleep, wall_s
from shared.costs import Costs
from shared.errors import BenchError
from shared.plan import Plan, Work
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from shared.settings import Settings
from shared.store import runs, samples, slots
from shared.store.client import AWAY
from shared.store.slots import Kind, Lease
from shared.upstream.reply import Reply
from shared.upstream.wire import Call as Sending
from shared.upstream.wire import Exchange, Wire
from shared.upstream.wire_pace import Pacer
from worker.attack import Attack, Slot
from worker.commits import Commits
from worker.decide import decide
from worker.ending import end
from worker.feed import Feed
from worker.gate import Gate
from worker.hold import Hold
from worker.lanes import lanes_at
from worker.probe import Call, Probe
from worker.rows import Rows
from worker.spool import Spool
from worker.stop import Stop
from worker.storeclock import StoreClock
from worker.unsettled import Unsettled
from worker.watch import Watch, machine

log = logging.getLogger("worker.shard")

_FINAL = (Stop.ENDED, Stop.LOST)
_PATIENT = {Stop.TIME: Outcome.UNFINISHED, Stop.DRAIN: Outcome.CANCELLED}
"""Reasons after which calls get DRAIN_S to end, and what those are that do not."""
_REPORTED = {
    *("openrouter_base_url", "upstream_kind", "max_concurrency", "max_answer_bytes"),
    *("connect_timeout_s", "first_token_timeout_s", "idle_timeout_s"),
    *("total_timeout_s", "lease_s", "heartbeat_s", "drain_s"),
}
"""Settings that are stored with a result; none of them is a secret."""
_NO_LANE = "it was due, and as many calls were open as the plan allows"
_TOO_LATE = "it was due, and no worker had it before the step's time was over"
_PATIENCE_S = 90.0
"""A limit that opens sooner is waited for with the lease in hand."""
_LOOK_S = 0.25
"""How often it is looked then."""


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
        self._looked_s = 0.0
        self.why: Stop | None = None
        self._stopped_s: float | None = None
        self._cut_at_s = float("inf")
        self._cut_as = Outcome.CANCELLED
        self._opens_ms = 0
        self._hopeless: tuple[Ending, str | None] | None = None
        self._news = asyncio.Event()
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
            redis, lease, probe, settings, self._decide, spool, self._unsettled, seen
        )
        self._commits = Commits(self._rows, lease, self)
        self._feed = Feed(redis, plan, lease, clock, self._attack)
        self._gate = Gate(
            redis,
            plan,
            lease,
            settings,
            clock,
            costs=costs,
            send=self._send_if_held,
            freed=self._attack.ended,
            broke=lambda: self._end(Ending.BUDGET),
        )

    async def run(self) -> bool:
        """Work until there is nothing left to begin and every row is committed.

        True when that ended the step.
        """
        self._watch.start()
        beside: list[asyncio.Task[None]] = [
            asyncio.create_task(self._hold.beat(), name="beat"),
            asyncio.create_task(self._supply(), name="supply"),
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
            self._cut(Outcome.CANCELLED)
            await self._gate.close()
            seen = await self._watch.stop()
        await self._report(seen)
        return await self._release() or step_over

    @property
    def open(self) -> int:
        """Calls that have begun and not ended."""
        return len(self._open) + len(self._gate)

    @property
    def lanes(self) -> int:
        """Calls that may be open now."""
        return self._lanes() if self.why is None else 0

    @property
    def waits(self) -> Mapping[str, int]:
        """Why slots were sent back so far, and how often."""
        return self._gate.waits

    @property
    def owes_rows(self) -> bool:
        """Its lease is lost and the store has not taken all its rows yet: whoever
        claims the shard before that makes their calls again."""
        return self.why is Stop.LOST and len(self._rows) > 0

    def stop(self, why: Stop) -> None:
        """Begin no more calls. When the run has ended, cut those that are open."""
        if why in _PATIENT and self._cut_at_s == float("inf"):
            self._cut_at_s = monotonic_s() + self._settings.drain_s
            self._cut_as = _PATIENT[why]
        if self._stopped_s is None:
            self._stopped_s = monotonic_s()
        if self.why is None or (why in _FINAL and self.why is not Stop.ENDED):
            self.why = why
        self._attack.stop()
        if self.why is Stop.ENDED:
            self._cut(Outcome.CANCELLED)
        self._news.set()

    def hear(self, name: str, until_ms: int) -> None:
        """A target rests until then, as another shard was told."""
        if not self._feed.is_open:
            self._gate.hear(name, until_ms)

    def look(self, status: Status | str, step: int) -> None:
        """The run's state and step have been read: stop if they ask for that."""
        if step != self.lease.step.number:
            self.stop(Stop.ENDED)
        elif status == Status.PAUSED:
            self.stop(Stop.PAUSED)
        elif status == Status.WAITING:
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
        call = Call(slot, asked, monotonic_s(), wall_s(), hold)
        sending = self._wire.start(
            self._probe.request(slot, asked),
            lambda exchange: self._ended(call, exchange),
            caps=self._probe.caps,
            has_token=self._probe.has_token if self._plan.stream else None,
        )
        self._open[slot.number] = (call, sending)
        self._feed.begun += 1

    def _ended(self, call: Call, exchange: Exchange) -> None:
        del self._open[call.slot.number]
        self._rows.ended(call, exchange)
        if self._gate.landed(call.slot, call.work.target):
            return
        if call.slot.due_s or not self._unsettled.keep(
            call.slot.number, monotonic_s() - call.started_s, self._attack.open
        ):
            self._attack.ended()
        if not len(self._attack):
            self._news.set()  # nothing in hand; else the next look is soon enough

    def _drop(self, slot: Slot) -> None:
        self._rows.put(self._probe.dropped(slot, _NO_LANE), "failed")

    def _cut(self, outcome: Outcome) -> None:
        for call, sending in list(self._open.values()):
            call.cut = outcome
            sending.cancel()

    # -- beside the calls ------------------------------------------------------------

    async def _supply(self) -> None:
        """Take slots ahead of need, and mind the step's time, until stopped."""
        if not self._feed.is_open:
            with suppress(*AWAY):
                await self._gate.hear_all()
        while True:
            if self.why is None and monotonic_s() >= self._ends_s:
                await self._end_of_time()
            if self._open and monotonic_s() > self._cut_at_s:
                # Cut by us they are offered again, by the step's end unfinished.
                self._cut(self._cut_as)
            if self.why is None:
                await self._gate.hand_back()
                await self._take()
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
            log.warning("slots of %s that are over stay: %s", self.lease.job_id, error)
            await sleep(0.2)
            return
        if late is None:
            await self._hold.renew()
            return
        for slot in late:
            self._rows.put(self._probe.dropped(slot, _TOO_LATE), "failed")
        self.stop(Stop.TIME)

    async def _take(self) -> None:
        idle = not self.open and not len(self._attack) and not self._rows
        opens_s = self._gate.opens_s
        if opens_s is not None:
            if idle and opens_s - monotonic_s() > _PATIENCE_S:
                self._wait(self._clock.store_ms(opens_s))
            return
        free = max(0, self._lanes() - self._attack.open)
        wanted, fresh = self._feed.wanted(free), True
        if wanted <= 0 and self._may_be_offered():
            wanted, fresh = free, False
        if wanted <= 0:
            return
        try:
            taken = await self._feed.take(wanted, fresh=fresh)
        except AWAY as error:
            log.warning("no slots for %s: %s", self.lease.job_id, error)
            await sleep(0.2)
            return
        if taken is None:
            await self._hold.renew()
        elif idle and not taken.slots and self.why is None:
            if taken.next_at_ms is None:
                self.stop(Stop.EXHAUSTED)
                return
            left_s = self._clock.monotonic(taken.next_at_ms) - monotonic_s()
            if left_s > _PATIENCE_S:
                self._wait(taken.next_at_ms)
            else:
                await sleep(min(max(left_s, 0.0), _LOOK_S))

    def _may_be_offered(self) -> bool:
        """An open load takes nothing while its next due time is far, or past its last;
        a retry may have come to its time meanwhile, or another's slot be offered again.
        Looked at now and then."""
        now_s = monotonic_s()
        if not (self._feed.is_past_end or (self._plan.retries and self._feed.is_open)):
            return False
        if now_s < self._looked_s + _LOOK_S:
            return False
        self._looked_s = now_s
        return True

    def _wait(self, until_ms: int) -> None:
        """Every slot is barred until then: give the lease back meanwhile."""
        self._opens_ms = max(self._opens_ms, until_ms)
        self.stop(Stop.WAITING)

    def _decide(self, call: Call, reply: Reply, sample: Sample) -> tuple[Kind, int]:
        now_s = monotonic_s()
        decision = decide(
            call.slot,
            reply,
            sample,
            now_s=wall_s(),
            retries=self._plan.retries,
            left_s=self._ends_s - now_s,
        )
        if decision.ending is not None:
            self._end(decision.ending, reply.error or decision.ending.value)
        if decision.rests_s is not None and not self._feed.is_open:
            # an open load asks what it was told to ask, and a 429 is the answer
            self._gate.rest(call.work.target, now_s + decision.rests_s)
        throttled = sample.outcome is Outcome.RATE_LIMITED
        self._gate.became(call.work.target, throttled=throttled, sent_s=call.started_s)
        if decision.kind == "retry":
            return decision.kind, self._clock.store_ms(now_s + decision.retry_in_s)
        if decision.opens_in_s is None:
            return decision.kind, 0
        opens_s = now_s + decision.opens_in_s
        opens_ms = self._clock.store_ms(opens_s)
        if decision.of_free_calls and self._gate.has_limit(call.work.target):
            self._gate.bar(call.work.target, opens_s)
        elif self._feed.is_open or not self._gate.rest_all_like(
            call.work.target, opens_s
        ):
            self._wait(opens_ms)
        return decision.kind, opens_ms

    def _end(self, ending: Ending, error: str | None = None) -> None:
        """No further call has any sense: the run ends when those that are open have."""
        if self._hopeless is None:
            self._hopeless = (ending, error)
        self.stop(Stop.HOPELESS)

    # -- the end -----------------------------------------------------------------------

    async def _report(self, seen: dict[str, Any]) -> None:
        """What this worker saw of itself: evidence for the verdict."""
        stamps = self._wire.stats
        seen |= {
            **machine(),
            "worker": self._probe.worker,
            "step": self.lease.step.number,
            "segment": self.lease.segment,
            "shard": self.lease.shard,
            "shards": self.lease.shards,
            "epoch": self.lease.epoch,
            "step_start_s": self._clock.monotonic(self.lease.start_ms),
            "stop": self.why,
            "begun": self._feed.begun,
            "waits": self._gate.waits,
            "paused": sorted(self._gate.paused),
            "clock_error_s": self._clock.error_s,
            "kernel_stamps": stamps.kernel - self._stamps_before.kernel,
            "loop_stamps": stamps.loop - self._stamps_before.loop,
            "clamped_stamps": stamps.clamped - self._stamps_before.clamped,
            "proxy": _without_credentials(self._settings.upstream_proxy),
            "settings": self._settings.model_dump(mode="json", include=_REPORTED),
        }
        with suppress(*AWAY):
            await samples.observe(self._redis, self.lease.job_id, seen)

    async def _release(self) -> bool:
        """Give the lease back, and tell the run what we learnt. Where the store is
        away the lease lapses by itself."""
        job_id = self.lease.job_id
        with suppress(BenchError, *AWAY):
            if self._hopeless is not None:
                await runs.end(self._redis, job_id, *self._hopeless)
            elif self.why is Stop.WAITING and self._opens_ms:
                opens_ms = self._opens_ms
                await runs.move(self._redis, job_id, Status.WAITING, until_ms=opens_ms)
        with suppress(*AWAY):
            timed = self.lease.step.duration_s is not None
            # with nothing left to take, the time that is left changes nothing
            finished = self.why is Stop.TIME or (timed and self.why is Stop.EXHAUSTED)
            stopped_s = monotonic_s() if self._stopped_s is None else self._stopped_s
            return await slots.release(
                self._redis,
                self.lease,
                finished=finished,
                stopped_ms=self._clock.store_ms(stopped_s),
            )
        return False


def _without_credentials(proxy: str | None) -> str | None:
    return None if proxy is None else proxy.rpartition("@")[2]
