"""One worker process: which shards it works, which runs it reduces, what it is told.

doorbell, push, tick ──> look() ──> claim a shard ──> Shard.run()
                                └─> a run in `reducing` ──> Reduces
"""

import asyncio
import logging
import os
import secrets
import socket
from collections import Counter, OrderedDict
from collections.abc import Awaitable
from contextlib import suppress

from redis.asyncio import Redis

from shared.clock import monotonic_s, sleep
from shared.errors import BenchError, Misconfigured, MissingKey
from shared.money import Costs, account_of
from shared.plan import Plan
from shared.run import Ending, Run, Status
from shared.settings import Settings
from shared.store import away, keys, selftests, workers
from shared.store.client import AWAY
from shared.store.run import leases, runs, samples, states
from shared.upstream import Contact, dialect_of, wire_of
from shared.upstream.identity import key_print, upstream_of
from shared.wire import Pacer
from worker import alone, asking, collector, reaper
from worker.ended import Reconciler, Reduces, retention
from worker.ending import end
from worker.gate import Purse
from worker.looks import Looks
from worker.rows import Probe
from worker.rows.spool import Spool
from worker.selftest import asked as selftest_asked
from worker.shard import Shard
from worker.shard.ready import get_ready, prepare
from worker.stop import Stop
from worker.telemetry import Telemetry, machine

log = logging.getLogger("worker")

_PLANS_KEPT = 8


class Station:
    """Claims, works and reduces until it is drained."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self.redis = redis
        self.settings = settings
        self.wire = wire_of(settings)
        self._contact = Contact(self.wire, settings)
        self._purse = Purse(redis, self._contact)
        self._spool = Spool(settings.spool_dir, self.name)
        self._pacer = Pacer()
        self._shards: set[Shard] = set()
        self._telemetry = Telemetry(settings, self.name, self._shards)
        self._works: set[asyncio.Task[None]] = set()
        self._working: Counter[str] = Counter()
        self._reduces = Reduces(redis, settings, self.name)
        self._selftest: asyncio.Task[None] | None = None
        self._reconciler = Reconciler(
            redis, self._contact, self.name, busy=self._measures
        )
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._unreadable: dict[str, str] = {}
        self._looked_s = monotonic_s()
        self._looking = asyncio.Lock()
        self._looks = Looks(self._look_safely)
        self._draining = False
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Tell the store that we live, bring it the rows that a dead worker of this
        machine left, and begin to listen and to look."""
        await self._say()
        await reaper.bring_left_rows(self.redis, self.settings, self._reduces.ask)
        await self._telemetry.start()
        self._tasks = [
            asyncio.create_task(self._beat(), name="beat"),
            asyncio.create_task(self._listen(), name="listen"),
            asyncio.create_task(self._tick(), name="tick"),
            asyncio.create_task(self._tidy(), name="tidy"),
        ]
        if self.settings.reconcile:
            reconcile = asyncio.create_task(self._reconcile(), name="reconcile")
            self._tasks.append(reconcile)

    async def drain(self) -> None:
        """Begin nothing more, let calls finish, commit, give the leases back."""
        self._draining = True
        self._reduces.begin_no_more()
        for shard in self._shards:
            shard.stop(Stop.DRAIN)
        if self._works:
            await asyncio.wait(self._works, timeout=self.settings.drain_s + 10)
        await end(*self._tasks)
        await self._looks.close()
        await self._reconciler.close()
        await self._reduces.close()
        if self._selftest is not None:
            self._selftest.cancel()
            await asyncio.wait((self._selftest,), timeout=self.settings.drain_s)
        with suppress(*AWAY):
            await workers.gone(self.redis, self.name)
        await self._telemetry.close()
        self._spool.close()
        await self._contact.close()
        await self.wire.aclose()
        self._pacer.close()

    # -- what to do next ---------------------------------------------------------

    async def look(self, *, everything: bool = False) -> None:
        """Claim what there is to claim, fairly, until nothing is left or we are full.

        everything: take also second shards of a run that we are on already, which are
        otherwise left to other workers for the time of a tick.
        """
        async with self._looking:
            if self._draining:
                return
            found = await runs.open_runs(self.redis)
            self._reduces.look(found)
            for run in found:
                if run.held_usd and run.status is not Status.REDUCING:
                    await self._purse.lapse(run.job_id)
            if await self._tests_itself():
                return
            first = alone.first_alone(found, self._unreadable)
            for run in reaper.fair(found, await runs.turns(self.redis)):
                if len(self._works) >= self.settings.max_shards_per_worker:
                    return
                if self._owes_rows(run.job_id):
                    continue
                if everything or not self._working[run.job_id]:
                    yields = first is not None and first < alone.turn_of(run)
                    await self._claim_if_readable(run, yields)
            await self._looks.when_one_opens(
                self.redis, found, within_s=self.settings.reaper_tick_s
            )

    def _owes_rows(self, job_id: str) -> bool:
        mine = (shard for shard in self._shards if shard.lease.job_id == job_id)
        return any(shard.owes_rows for shard in mine)

    async def _tests_itself(self) -> bool:
        """Whether a self-test runs here now; begins one that waits when we are idle.

        No shard is claimed beside it: each would disturb the other.
        """
        if self._selftest is None and not self._works:
            asked = await selftests.claim(self.redis, self.name)
            if asked is not None:
                self._selftest = asyncio.create_task(
                    selftest_asked.run(self.redis, asked), name="selftest"
                )
                self._selftest.add_done_callback(self._tested)
        return self._selftest is not None

    def _tested(self, task: asyncio.Task[None]) -> None:
        self._selftest = None
        if not task.cancelled() and task.exception() is not None:
            log.error("a self-test ended badly", exc_info=task.exception())

    async def _claim_if_readable(self, run: Run, yields: bool) -> None:
        """One run that cannot be read must not hide those behind it; said once."""
        try:
            await self._claim(run, yields)
        except BenchError as error:
            if self._unreadable.get(run.job_id) != str(error):
                self._unreadable[run.job_id] = str(error)
                log.error("benchmark %s cannot be worked on: %s", run.job_id, error)

    async def _claim(self, run: Run, yields: bool) -> None:
        plan = await self._plan(run.job_id)
        step = await reaper.current_step(self.redis, plan, run, self._reduces.ask)
        if step is None:
            return
        settings = await asking.agreed(self.redis, run.job_id, self._contact)
        costs = await self._purse.costs(plan, run.job_id, settings)
        living = await workers.how_many(self.redis, lease_s=self.settings.lease_s)
        lease = await leases.claim(
            self.redis,
            run.job_id,
            step,
            owner=self.name,
            shards=max(1, min(living, step.load.most_lanes())),
            lease_s=self.settings.lease_s,
            upstream=upstream_of(self.settings.openrouter_base_url),
            exclusive=plan.exclusive,
            yields=yields,
        )
        if lease is None:
            return
        if run.started_at is None:
            await runs.had_a_turn(self.redis, run.submitter)
        task = asyncio.create_task(
            self._work(run, plan, lease, costs, settings),
            name=f"shard-{lease.job_id}",
        )
        self._works.add(task)
        self._working[run.job_id] += 1
        task.add_done_callback(lambda done: self._left(done, run.job_id))
        if len(self._works) == 1:
            collector.off()

    async def _work(
        self,
        run: Run,
        plan: Plan,
        lease: leases.Lease,
        costs: Costs | None,
        settings: Settings,
    ) -> None:
        try:
            key = settings.require_key()
        except (MissingKey, Misconfigured) as error:
            await states.end(self.redis, lease.job_id, Ending.BAD_KEY, str(error))
            return
        print_ = key_print(key, lease.job_id)
        await samples.asked_with(self.redis, lease.job_id, print_)
        wordings = await asking.words(
            self.redis, self._contact, plan, settings, bounded=costs is not None
        )
        ready = await get_ready(
            self.redis,
            lease,
            lease_s=self.settings.lease_s,
            prepare=prepare(self.redis, self.wire, plan, lease, settings, key),
            is_wanted=lambda: not self._draining,
        )
        if ready is None:
            return
        lease, clock = ready.lease, ready.clock
        told = self._telemetry.begin(plan, lease, run.traceparent)
        probe = Probe(
            plan,
            lease,
            settings=settings,
            dialect=dialect_of(settings),
            key=key,
            worker=self.name,
            step_start_s=clock.monotonic(lease.start_ms),
            traceparent=told.traceparent,
            wordings=wordings,
        )
        shard = Shard(
            self.redis,
            self.wire,
            self._pacer,
            plan,
            lease,
            probe,
            settings=settings,
            clock=clock,
            spool=self._spool,
            costs=costs,
            claimed_s=ready.held_s,
            watch=told.watch,
            seen=told.rows,
        )
        self._shards.add(shard)
        if self._draining:
            shard.stop(Stop.DRAIN)
        try:
            step_over = await shard.run()
        except Exception as error:
            log.exception("shard %d of %s broke", lease.shard, lease.job_id)
            sentence = f"A worker failed with {type(error).__name__}: see its log."
            with suppress(BenchError, *AWAY):
                await states.end(self.redis, lease.job_id, Ending.BUG, sentence)
            return
        finally:
            self._shards.discard(shard)
            self._telemetry.end(shard, told)
            await asking.end(self.redis, settings, wordings)
        if step_over:
            await reaper.advance(self.redis, plan, run, lease.step, self._reduces.ask)

    def _left(self, task: asyncio.Task[None], job_id: str) -> None:
        self._works.discard(task)
        self._working[job_id] -= 1
        if not self._working[job_id]:
            del self._working[job_id]
        if not self._works:
            collector.on()
        # the next step of its run, or whatever else there was no room for
        self._looks.soon()
        if not task.cancelled() and task.exception() is not None:
            log.error("a shard of %s ended badly", job_id, exc_info=task.exception())

    async def _look_safely(self) -> None:
        await self._safely(self.look())

    async def _plan(self, job_id: str) -> Plan:
        """The run's plan; it never changes, and a large one takes a second to read."""
        plan = self._plans.get(job_id)
        if plan is None:
            plan = self._plans[job_id] = await runs.plan_of(self.redis, job_id)
            if len(self._plans) > _PLANS_KEPT:
                self._plans.popitem(last=False)
        self._plans.move_to_end(job_id)
        return plan

    # -- what we hear and say ----------------------------------------------------

    async def _tick(self) -> None:
        """Look by ourselves, so that no lost ring, push or worker stops a run."""
        while True:
            if await self._safely(self.look(everything=True)):
                self._looked_s = monotonic_s()
            await sleep(self.settings.reaper_tick_s)

    async def _tidy(self) -> None:
        """Keep the results folder within its limits, where it has some."""
        while True:
            await self._safely(retention.keep_to_limits(self.redis, self.settings))
            await sleep(retention.EVERY_S / 4)

    async def _reconcile(self) -> None:
        """Compare the bills of runs that have ended, while nothing is measured."""
        while True:
            await self._safely(self._reconciler.look())
            await sleep(self.settings.reaper_tick_s)

    def _measures(self) -> bool:
        return bool(self._works) or self._selftest is not None

    async def _listen(self) -> None:
        """Hear at once of a run that was cancelled, paused or moved on."""
        while True:
            try:
                async with self.redis.pubsub() as channel:
                    await channel.subscribe(keys.PUSH, keys.BARS)
                    while True:
                        message = await channel.get_message(
                            ignore_subscribe_messages=True, timeout=5
                        )
                        if message is None:
                            continue
                        if message["channel"] == keys.BARS.encode():
                            self._told_to_rest(message["data"].decode())
                        else:
                            await self._heard(message["data"].decode())
            except AWAY as error:
                away.say(error, "the store's pushes are not heard")
                await sleep(1)

    def _told_to_rest(self, said: str) -> None:
        account, until_ms, name = said.split(" ", 2)
        if account == account_of(self.settings):
            for shard in self._shards:
                shard.hear(name, int(until_ms))

    async def _heard(self, job_id: str) -> None:
        mine = [shard for shard in self._shards if shard.lease.job_id == job_id]
        with suppress(BenchError, *AWAY):
            run = await runs.load(self.redis, job_id)
            for shard in mine:
                shard.look(run.status, run.step)
        await self._safely(self.look())

    async def _beat(self) -> None:
        young = collector.Young()
        while True:
            await sleep(self.settings.heartbeat_s)
            # who cannot look takes no share, and must not be counted on for one
            if monotonic_s() - self._looked_s < self.settings.lease_s:
                await self._safely(self._say())
            young.collect()

    async def _say(self) -> None:
        says = {**machine(), "pid": os.getpid(), "shards": len(self._shards)}
        await workers.beat(self.redis, self.name, says, lease_s=self.settings.lease_s)

    async def _safely(self, doing: Awaitable[None]) -> bool:
        """Whether it was done; what went wrong is said, and it is made again."""
        try:
            await doing
            return True
        except AWAY as error:
            away.say(error)
        except BenchError as error:
            log.error("%s", error)
        except Exception:
            log.exception("a look at the runs failed; it is made again")
        return False
