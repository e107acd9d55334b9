"""A benchmark as a body, the same for GET, `Prefer: wait` and the SSE `done`."""

import asyncio
from copy import copy
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from api.parts.live import live
from api.parts.newest import NewestRows, Seen
from api.parts.plans import ShownPlans, shown, without_texts
from api.parts.waiting import waiting_for
from api.schemas import Job, Live, Money, Progress, Reconciled
from api.tokens import Owners
from shared import archive
from shared.access import ANYBODY, Caller, Scope
from shared.clock import utc_label
from shared.errors import NewerRecord, NoSuchRun, Unreadable
from shared.run import Ending, Run
from shared.settings import Settings
from shared.store import durable
from shared.store.client import now_s
from shared.store.run import reconciles, runs, slots, states
from shared.store.run.record import leave

_STOPS = (Ending.BUDGET, Ending.ERROR_LIMIT, Ending.FIND, Ending.DECIDED)


class Views:
    """Bodies of runs, from the store, and from the results folder once it forgot."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._results_dir: Path = settings.results_dir
        self._lease_s = settings.lease_s
        self._plans = ShownPlans()
        self._newest = NewestRows()
        self._owners = Owners(redis, settings.results_dir)
        self._caller = ANYBODY

    def of(self, caller: Caller) -> "Views":
        """The same for who asks: benchmarks that are not shown to this one are as if
        they were not there."""
        if caller.sees_all:
            return self
        views = copy(self)
        views._caller = caller
        return views

    @property
    def hides(self) -> bool:
        """Whether some are hidden; else nothing need be asked of the store."""
        return not self._caller.sees_all

    async def shows(self, job_id: str) -> bool:
        """Whether it is shown to who asks; raises StoreDown."""
        try:
            await self.check(job_id)
        except (NoSuchRun, NewerRecord, Unreadable):
            return False
        return True

    async def check(self, job_id: str) -> None:
        """Raises NoSuchRun for a run that is not shown to who asks, in the words for
        one that is not there. Raises StoreDown, NewerRecord, Unreadable."""
        if self._caller.sees_all:
            return
        try:
            owner = await self._owners.of(job_id)
        except NoSuchRun:
            owner = None
            if self._caller.only != job_id:
                raise NoSuchRun(job_id) from None
        if not self._caller.sees(job_id, owner):
            raise NoSuchRun(job_id)

    async def job(self, job_id: str) -> Job:
        """The body of one run; raises NoSuchRun, NewerRecord, Unreadable, StoreDown."""
        await self.check(job_id)
        try:
            run = await runs.load(self._redis, job_id)
            plan = await self._plan(job_id)
            result = await runs.result_of(self._redis, job_id)
        except NoSuchRun:
            try:
                return await asyncio.to_thread(self._archived, job_id)
            except NoSuchRun:
                raise await durable.missing(self._redis, job_id) from None
        why = await waiting_for(
            self._redis,
            run,
            lease_s=self._lease_s,
            sees=lambda other: self._caller.sees(other.job_id, other.owner),
        )
        reconciled = await self._reconciled(run)
        now = await now_s(self._redis)
        job = _job(run, self._for_caller(plan), result, now, why, reconciled)
        job.live = await self.live(run)
        return job

    async def live(self, run: Run) -> Live | None:
        """Figures so far of a run that has not ended; raises NoSuchRun, StoreDown."""
        if run.status.terminal:
            self._newest.forget(run.job_id)
            return None
        rows = await self.newest_rows(run)
        plan = await self._plan(run.job_id)
        finished = await states.finished(self._redis, run.job_id)
        in_hand = await slots.in_hand(self._redis, run.job_id, run.step)
        now = await now_s(self._redis)
        return live(run, plan, finished, rows, in_hand, now)

    async def newest_rows(self, run: Run) -> tuple[Seen, ...]:
        """The newest rows of a run that goes on; none where a later build wrote them.

        Raises StoreDown.
        """
        try:
            return await self._newest.of(self._redis, run.job_id)
        except NewerRecord:
            return ()

    async def result(self, job_id: str) -> dict[str, Any]:
        """The summary of a run that has ended; raises NoSuchRun, Unreadable."""
        await self.check(job_id)
        found = await runs.result_of(self._redis, job_id)
        if found is None:
            found = await asyncio.to_thread(
                archive.result_of, self._results_dir, job_id
            )
        return found

    async def _plan(self, job_id: str) -> dict[str, Any]:
        """As it is shown; raises NoSuchRun, NewerRecord."""
        plan = self._plans.get(job_id)
        if plan is None:
            text = await runs.plan_text(self._redis, job_id)
            plan = self._plans.put(job_id, await asyncio.to_thread(shown, text))
        return plan

    def _for_caller(self, plan: dict[str, Any]) -> dict[str, Any]:
        """Without texts for who may not read them."""
        return plan if self._caller.may(Scope.CONTENT) else without_texts(plan)

    async def ids(self, prefix: str) -> list[str]:
        """The ids that begin so, newest first."""
        known = await runs.ids_with_prefix(self._redis, prefix)
        old = await asyncio.to_thread(archive.ids, self._results_dir)
        found = {*known, *(job_id for job_id in old if job_id.startswith(prefix))}
        if not self._caller.sees_all:
            owners = await self._owners.of_all(found)
            found = {i for i in found if self._caller.sees(i, owners.get(i))}
        return sorted(found, reverse=True)

    def forget(self, job_id: str) -> None:
        """Keep nothing of this run in memory."""
        self._plans.forget(job_id)
        self._newest.forget(job_id)
        self._owners.forget(job_id)

    async def page(self, limit: int, before: str | None) -> list[Run]:
        """Up to `limit` runs, newest first, made before the run `before`."""
        found = {
            run.job_id: run
            for run in await runs.listing(
                self._redis, limit=limit, before_id=before, owner=self._index
            )
            if before is None or run.job_id < before
        }
        return await asyncio.to_thread(self._with_archived, found, limit, before)

    @property
    def _index(self) -> str | None:
        """Whose list is read; None: that of all. A link has no list of its own."""
        if self._caller.sees_all:
            return None
        return self._caller.owner if self._caller.only is None else ""

    def _with_archived(
        self, found: dict[str, Run], limit: int, before: str | None
    ) -> list[Run]:
        """The newest of these and of those in the results folder."""
        old = archive.ids(self._results_dir, before)
        page: list[Run] = []
        for job_id in sorted({*found, *old}, reverse=True):
            run = found.get(job_id) or self._listed(job_id)
            if run is not None and self._caller.sees(job_id, run.owner):
                page.append(run)
            if len(page) == limit:
                break
        return page

    def _listed(self, job_id: str) -> Run | None:
        """One of the results folder; what cannot be read is left out, and said once."""
        try:
            return archive.load(self._results_dir, job_id)
        except NoSuchRun:  # a folder that is still being made, in another store
            return None
        except (NewerRecord, Unreadable) as error:
            leave(job_id, str(error))
            return None

    def _archived(self, job_id: str) -> Job:
        run = archive.load(self._results_dir, job_id)
        plan = self._plans.get(job_id)
        if plan is None:
            text = archive.plan_text(self._results_dir, job_id)
            plan = self._plans.put(job_id, shown(text))
        result = archive.result_of(self._results_dir, job_id)
        reconciled = self._compared(job_id)
        return _job(run, self._for_caller(plan), result, 0, None, reconciled)

    async def _reconciled(self, run: Run) -> Reconciled | None:
        if not run.status.terminal:
            return None
        waits = await reconciles.waits(self._redis, run.job_id)
        # asked in this order, one that is done just now is one or the other
        found = await asyncio.to_thread(self._compared, run.job_id)
        return Reconciled(state="pending") if found is None and waits else found

    def _compared(self, job_id: str) -> Reconciled | None:
        try:
            found = archive.reconciliation_of(self._results_dir, job_id)
        except (NewerRecord, Unreadable) as error:
            leave(job_id, str(error))
            return None
        if found is None:
            return None
        return Reconciled(
            state="done",
            ended_at=found.ended_at,
            notes=list(found.notes),
            totals=found.totals,
        )


def progress(run: Run, now: float) -> Progress:
    """How far a run is; `now` in Unix seconds of the store's clock."""
    elapsed_s, wall_s = run.worked_s(now), None
    if run.started_at is not None:
        wall_s = round(max(0.0, (run.ended_at or now) - run.started_at), 3)
    return Progress(
        closed=run.closed,
        failed=run.failed,
        total=run.total,
        elapsed_s=elapsed_s,
        wall_s=wall_s,
        step=run.step,
    )


def _job(
    run: Run,
    plan: dict[str, Any],
    result: dict[str, Any] | None,
    now: float,
    why: str | None,
    reconciliation: Reconciled | None,
) -> Job:
    return Job(
        job_id=run.job_id,
        status=run.status,
        plan=plan,
        progress=progress(run, now),
        result=result,
        error=run.error,
        warnings=list(run.warnings),
        ending=run.ending,
        stopped_by=run.ending if run.ending in _STOPS else None,
        money=Money(
            spent_usd=run.spent_usd,
            held_usd=run.held_usd,
            unaccounted_usd=run.unaccounted_usd,
            max_cost_usd=run.max_usd,
        ),
        submitter=run.submitter or plan["submitter"],
        name=run.about.name,
        tags=list(run.about.tags),
        note=run.about.note,
        created_at=utc_label(run.created_at),
        started_at=_label(run.started_at),
        ended_at=_label(run.ended_at),
        until=_label(run.until),
        stalled_s=run.stalled_s,
        waiting_for=why,
        listed=list(run.listed),
        rerun_of=run.rerun_of,
        reconciliation=reconciliation,
    )


def _label(at: float | None) -> str | None:
    return None if at is None else utc_label(at)
