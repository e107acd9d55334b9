"""One worker process: what it does next.

doorbell, Inbox ──> claim_work() ──> claim a shard ──> Shard.run() ──> step_over()
                           ├─> a run in `reducing` ──> Aftermath: judges, reduce, bills
                           └─> a self-test, where nothing else is worked on
"""

import asyncio
import logging
import os
import secrets
import socket
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

from redis.asyncio import Redis

from shared.errors import BenchError, Misconfigured, MissingKey
from shared.money import Costs
from shared.plan import Plan
from shared.run import Ending, Run, Status
from shared.settings import Settings
from shared.store import workers
from shared.store.client import AWAY
from shared.store.run import leases, runs, samples, states
from shared.upstream import Contacts
from shared.upstream.identity import key_print, upstream_of
from shared.wire import Pacer
from worker import collector
from worker.advance import current_step, step_over
from worker.assignment import AskedUpstream, Assignment
from worker.checks import Checker
from worker.ended import Aftermath, retention
from worker.gate import Purse
from worker.inbox import Inbox
from worker.rows import Probe
from worker.rows.left_rows import bring_left_rows
from worker.rows.spool import Spool
from worker.selftest import SelfTests
from worker.shard import Shard
from worker.shard.ready import get_ready, prepare
from worker.stop import Stop
from worker.tasks import cancel, repeat
from worker.telemetry import Telemetry, story
from worker.turns import age_of, fair, first_exclusive
from worker.wordings import agreed_at, share_learnt, wordings_of

log = logging.getLogger("worker")

_PLANS_KEPT = 8


class Station:
    """Claims, works and reduces until it is drained."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(2)}"
        self.redis = redis
        self.settings = settings
        self._contacts = Contacts(settings)
        self._purse = Purse(redis, settings, self._contacts)
        self._spool = Spool(settings.spool_dir, self.name)
        self._pacer = Pacer()
        self._shards: set[Shard] = set()
        self._telemetry = Telemetry(settings, self.name, self._shards)
        self._shard_tasks: set[asyncio.Task[None]] = set()
        self._shards_of_run: Counter[str] = Counter()
        self._ended = Aftermath(
            redis, settings, self._contacts, self.name, busy=self._is_measuring
        )
        self._checker = Checker()
        self._selftests = SelfTests(redis, self.name)
        self._plans: OrderedDict[str, Plan] = OrderedDict()
        self._unreadable: dict[str, str] = {}
        self._looking = asyncio.Lock()
        self._inbox = Inbox(
            redis, settings, name=self.name, shards=self._shards, claim=self.claim_work
        )
        self._draining = False
        self._loops: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Tell the store that we live, commit the rows that dead workers left on this
        machine, and begin to listen and to look."""
        await self._inbox.beat()
        await bring_left_rows(self.redis, self.settings, self._ended.measure)
        await self._telemetry.start()
        self._inbox.start()
        tidy = partial(retention.keep_to_limits, self.redis, self.settings)
        self._repeat("tidy", tidy, every_s=retention.EVERY_S / 4)
        if self.settings.reconcile:
            tick_s = self.settings.reaper_tick_s
            self._repeat("bills", self._ended.compare_bills, every_s=tick_s)

    def _repeat(
        self, name: str, do: Callable[[], Awaitable[None]], *, every_s: float
    ) -> None:
        self._loops.append(asyncio.create_task(repeat(do, every_s=every_s), name=name))

    async def drain(self) -> None:
        """Begin nothing more, let calls finish, commit, give the leases back."""
        self._draining = True
        self._ended.begin_no_more()
        for shard in self._shards:
            shard.stop(Stop.DRAIN)
        if self._shard_tasks:
            await asyncio.wait(self._shard_tasks, timeout=self.settings.drain_s + 10)
        await self._inbox.close()
        await cancel(*self._loops)
        await self._ended.close()
        await self._selftests.close(within_s=self.settings.drain_s)
        if self._loops:  # else it never began, perhaps for what the store is
            with suppress(*AWAY):
                await workers.gone(self.redis, self.name)
        await self._telemetry.close()
        await self._checker.close()
        self._spool.close()
        await self._contacts.close()
        self._pacer.close()

    # -- what to do next ---------------------------------------------------------

    async def claim_work(self, *, everything: bool = False) -> None:
        """Claim what there is to claim, fairly, until nothing is left or we are full.

        everything: claim also second shards of runs that we work on already, which are
        otherwise left to other workers until the next tick.
        """
        async with self._looking:
            if self._draining:
                return
            found = await runs.open_runs(self.redis)
            self._ended.offer(found)
            for run in found:
                if run.held_usd and run.status is not Status.REDUCING:
                    await self._purse.lapse(run.job_id)
            if not self._shard_tasks:
                await self._selftests.begin()
            if self._selftests.runs:
                return
            first = first_exclusive(found, self._unreadable)
            for run in fair(found, await leases.turns(self.redis)):
                if len(self._shard_tasks) >= self.settings.max_shards_per_worker:
                    return
                if self._owes_rows(run.job_id):
                    continue
                if everything or not self._shards_of_run[run.job_id]:
                    yields = first is not None and first < age_of(run)
                    await self._claim_if_readable(run, yields)
            await self._inbox.claim_when_one_opens(found)

    def _owes_rows(self, job_id: str) -> bool:
        """Whether a shard of this run that we have lost has rows to commit: claimed
        again before that, it would make their calls once more."""
        mine = (shard for shard in self._shards if shard.lease.job_id == job_id)
        return any(shard.owes_rows for shard in mine)

    async def _claim_if_readable(self, run: Run, yields: bool) -> None:
        """One run that cannot be read must not hide those behind it; logged once."""
        try:
            await self._claim(run, yields)
        except BenchError as error:
            if self._unreadable.get(run.job_id) != str(error):
                self._unreadable[run.job_id] = str(error)
                log.error("benchmark %s cannot be worked on: %s", run.job_id, error)

    async def _claim(self, run: Run, yields: bool) -> None:
        plan = await self._plan_of(run.job_id)
        step = await current_step(self.redis, plan, run, self._ended.measure)
        if step is None:
            return
        at = await agreed_at(self.redis, run.job_id, plan, self._contacts)
        costs = await self._purse.costs(plan, run.job_id, at)
        living = await workers.how_many(self.redis, lease_s=self.settings.lease_s)
        lease = await leases.claim(
            self.redis,
            run.job_id,
            step,
            owner=self.name,
            shards=max(1, min(living, step.load.most_lanes())),
            lease_s=self.settings.lease_s,
            upstreams=[upstream_of(one.openrouter_base_url) for one in at.values()],
            exclusive=plan.exclusive,
            yields=yields,
        )
        if lease is None:
            return
        story.claimed(lease)
        if run.started_at is None:
            await leases.had_a_turn(self.redis, run.submitter)
        work = self._work(run, plan, lease, costs, at)
        task = asyncio.create_task(work, name=f"shard-{lease.job_id}")
        self._shard_tasks.add(task)
        self._shards_of_run[run.job_id] += 1
        task.add_done_callback(lambda done: self._shard_ended(done, run.job_id))
        if len(self._shard_tasks) == 1:
            collector.off()

    async def _work(
        self,
        run: Run,
        plan: Plan,
        lease: leases.Lease,
        costs: Costs | None,
        at: Mapping[str, Settings],
    ) -> None:
        try:
            upstreams = {
                name: AskedUpstream.of(there, self._contacts.of(name).wire)
                for name, there in at.items()
            }
        except (MissingKey, Misconfigured) as error:
            await states.end(self.redis, lease.job_id, Ending.BAD_KEY, str(error))
            return
        for each in upstreams.values():
            fingerprint = key_print(each.key, lease.job_id, each.name)
            await samples.asked_with(self.redis, lease.job_id, fingerprint)
        wordings = await wordings_of(
            self.redis, self._contacts, plan, at, bounded=costs is not None
        )
        ready = await get_ready(
            self.redis,
            lease,
            lease_s=self.settings.lease_s,
            prepare=prepare(self.redis, plan, lease, upstreams.values(), self._checker),
            is_wanted=lambda: not self._draining,
        )
        if ready is None:
            return
        lease = ready.lease
        telemetry = self._telemetry.begin(plan, lease, run.traceparent)
        assigned = Assignment(
            *(self.redis, plan, lease, self.settings, ready.clock),
            *(upstreams, costs, self._checker),
        )
        probe = Probe(
            assigned,
            wordings=wordings,
            worker=self.name,
            traceparent=telemetry.traceparent,
        )
        shard = Shard(
            assigned,
            self._pacer,
            probe,
            spool=self._spool,
            claimed_s=ready.held_s,
            watch=telemetry.watch,
            seen=telemetry.rows,
        )
        self._shards.add(shard)
        if self._draining:
            shard.stop(Stop.DRAIN)
        try:
            is_over = await shard.run()
        except Exception as error:
            log.exception("shard %d of %s broke", lease.shard, lease.job_id)
            sentence = f"A worker failed with {type(error).__name__}: see its log."
            with suppress(BenchError, *AWAY):
                await states.end(self.redis, lease.job_id, Ending.BUG, sentence)
            return
        finally:
            self._shards.discard(shard)
            story.left(lease, shard.why)
            self._telemetry.end(shard, telemetry)
            await share_learnt(self.redis, at, wordings)
        if is_over:
            await step_over(self.redis, plan, run, lease.step, self._ended.measure)

    def _shard_ended(self, task: asyncio.Task[None], job_id: str) -> None:
        self._shard_tasks.discard(task)
        self._shards_of_run[job_id] -= 1
        if not self._shards_of_run[job_id]:
            del self._shards_of_run[job_id]
        if not self._shard_tasks:
            collector.on()
        # the next step of its run, or whatever else there was no room for
        self._inbox.claim_soon()
        if not task.cancelled() and task.exception() is not None:
            log.error("a shard of %s ended badly", job_id, exc_info=task.exception())

    async def _plan_of(self, job_id: str) -> Plan:
        """The run's plan; it never changes, and a large one takes a second to read."""
        plan = self._plans.get(job_id)
        if plan is None:
            plan = self._plans[job_id] = await runs.plan_of(self.redis, job_id)
            if len(self._plans) > _PLANS_KEPT:
                self._plans.popitem(last=False)
        self._plans.move_to_end(job_id)
        return plan

    def _is_measuring(self) -> bool:
        return bool(self._shard_tasks) or self._selftests.runs
