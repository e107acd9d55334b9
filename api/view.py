"""The one body that shows a benchmark: GET, `Prefer: wait` and the SSE `done`."""

import asyncio
from collections import OrderedDict
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field
from pydantic_core import to_json
from redis.asyncio import Redis

from shared import archive
from shared.clock import utc_label, wall_s
from shared.errors import NoSuchRun
from shared.plan import Plan
from shared.quote import LimitQuote, Quote, TargetQuote
from shared.reconciliation import Totals
from shared.run import Ending, Run, Status
from shared.settings import Settings
from shared.store import durable, reconciles, runs, workers
from shared.store.client import now_s

MOST_PROMPT_BYTES = 100_000
"""Prompts that take more as JSON are not shown; plan.json has them all."""

_PLANS_KEPT = 64
_STOPS = (Ending.BUDGET, Ending.ERROR_LIMIT, Ending.FIND)


class Progress(BaseModel):
    """How far a benchmark has come; warm-up is not counted."""

    closed: int = Field(description="Calls that have ended for good, failed ones too.")
    failed: int = Field(description="Those of them that did not end `ok`.")
    total: int | None = Field(description="Calls to make; null while only time ends.")
    elapsed_s: float | None = Field(
        description="Seconds since the first worker took it; null before that."
    )
    step: int = Field(description="Which of the plan's steps is under way, from 0.")


class Money(BaseModel):
    """USD of a benchmark by now, warm-up and failures included."""

    spent_usd: float | None = Field(description="Billed, as rows say.")
    held_usd: float | None = Field(
        description="The worst cost of calls that are open under a budget."
    )
    unaccounted_usd: float | None = Field(
        description="At most so much more may have been billed, of which no row tells."
    )
    max_cost_usd: float | None = Field(description="The budget; null: none.")


class Reconciled(BaseModel):
    """Its rows compared with the upstream's bills; the calls are in the file."""

    state: Literal["pending", "done"]
    ended_at: str | None = None
    notes: list[str] = Field(default=[], description="Why not all were compared.")
    totals: Totals | None = Field(default=None, description="Null while it is pending.")


class Job(BaseModel):
    """A benchmark as it is now. Times are UTC; null is not known, or not yet."""

    job_id: str
    status: Status
    plan: dict[str, Any] = Field(
        description="The plan. Prompts over 100 KB are shown by count and hash."
    )
    progress: Progress
    result: dict[str, Any] | None = Field(
        description="Null before the end. At its top level avg, min, max, std_dev"
        " (seconds), total_runs, successful_runs, total_tokens."
    )
    error: str | None = Field(description="Why it failed, or cannot be reduced yet.")
    warnings: list[str]
    ending: str | None = Field(description="Why it ended: completed, cancelled, ...")
    stopped_by: str | None = Field(
        description="What ended it before all was asked: budget, error_limit or find."
    )
    money: Money
    submitter: str
    created_at: str
    started_at: str | None
    ended_at: str | None
    until: str | None = Field(description="In `waiting`: when the limit opens.")
    stalled_s: float | None = Field(
        description="In `running`: how long no worker has had it; null while one has."
    )
    waiting_for: str | None = Field(description="What has to happen before it goes on.")
    rerun_of: str | None
    reconciliation: Reconciled | None = Field(
        description="Null before the end, and where RECONCILE does not ask for it."
    )


class Listed(BaseModel):
    """A benchmark in the list."""

    job_id: str
    status: Status
    targets: list[str]
    submitter: str
    closed: int
    failed: int
    total: int | None
    created_at: str
    ended_at: str | None
    status_url: str


class Listing(BaseModel):
    """A page of benchmarks, newest first."""

    jobs: list[Listed]
    next: str | None = Field(description="Where the next page is; null on the last.")


class Accepted(BaseModel):
    """A benchmark was queued, now or by an earlier request with the same key."""

    job_id: str
    status: Status = Field(examples=["queued"])
    status_url: str
    events_url: str
    warnings: list[str]


class Quoted(BaseModel):
    """What a plan would ask, cost and take; nothing was queued."""

    calls: int | None = Field(
        description="Warm-ups too; null: the upstream's speed decides."
    )
    worst_usd: float | None = Field(
        description="No more than this, at today's prices; null: one is not known."
    )
    expected_usd: float | None = Field(
        description="A guess; each target says what it is made from."
    )
    max_cost_usd: float | None = Field(description="The budget at which it stops.")
    takes_s: float = Field(
        description="At least, by the load's duration and the account's limits."
    )
    earliest_end: str = Field(description="Now and `takes_s`.")
    targets: list[TargetQuote]
    limits: list[LimitQuote] = Field(
        description="Limits of the account that count these calls."
    )
    warnings: list[str]

    @classmethod
    def of(cls, quote: Quote, warnings: list[str]) -> "Quoted":
        """The body of a quote."""
        said = {field.name: getattr(quote, field.name) for field in fields(quote)}
        end = utc_label(wall_s() + quote.takes_s)
        return cls(**said, earliest_end=end, warnings=warnings)


class Views:
    """Bodies of runs, from the store, and from the results folder once it forgot."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._results_dir: Path = settings.results_dir
        self._lease_s = settings.lease_s
        # A plan never changes, and takes a second to read when it is large.
        self._plans: OrderedDict[str, dict[str, Any]] = OrderedDict()

    async def job(self, job_id: str) -> Job:
        """The body of one run; raises NoSuchRun, NewerRecord, StoreDown."""
        try:
            run = await runs.load(self._redis, job_id)
            plan = self._plans.get(job_id)
            if plan is None:
                plan = self._keep(job_id, await runs.plan_of(self._redis, job_id))
            result = await runs.result_of(self._redis, job_id)
        except NoSuchRun:
            try:
                return await asyncio.to_thread(self._archived, job_id)
            except NoSuchRun:
                raise await durable.missing(self._redis, job_id) from None
        waiting_for = await self._waiting_for(run)
        reconciled = await self._reconciled(run)
        now = await now_s(self._redis)
        return _job(run, plan, result, now, waiting_for, reconciled)

    async def page(self, limit: int, before: str | None) -> list[Run]:
        """Up to `limit` runs, newest first, made before the run `before`."""
        found = {
            run.job_id: run
            for run in await runs.listing(self._redis, limit=limit, before_id=before)
            if before is None or run.job_id < before
        }
        old = await asyncio.to_thread(archive.ids, self._results_dir, before)
        for job_id in sorted({*found, *old[:limit]}, reverse=True)[:limit]:
            if job_id not in found:
                try:
                    found[job_id] = archive.load(self._results_dir, job_id)
                except NoSuchRun:  # a folder that is still being made, in another store
                    continue
        return [found[i] for i in sorted(found, reverse=True)[:limit]]

    def _archived(self, job_id: str) -> Job:
        run = archive.load(self._results_dir, job_id)
        plan = self._plans.get(job_id)
        if plan is None:
            plan = self._keep(job_id, archive.plan_of(self._results_dir, job_id))
        result = archive.result_of(self._results_dir, job_id)
        reconciled = self._compared(job_id)
        return _job(run, plan, result, 0, None, reconciled)

    async def _reconciled(self, run: Run) -> Reconciled | None:
        if not run.status.terminal:
            return None
        waits = await reconciles.waits(self._redis, run.job_id)
        # asked in this order, one that is done just now is one or the other
        found = await asyncio.to_thread(self._compared, run.job_id)
        return Reconciled(state="pending") if found is None and waits else found

    def _compared(self, job_id: str) -> Reconciled | None:
        found = archive.reconciliation_of(self._results_dir, job_id)
        if found is None:
            return None
        return Reconciled(
            state="done",
            ended_at=found.ended_at,
            notes=list(found.notes),
            totals=found.totals,
        )

    def _keep(self, job_id: str, plan: Plan) -> dict[str, Any]:
        found = self._plans[job_id] = shown(plan)
        if len(self._plans) > _PLANS_KEPT:
            self._plans.popitem(last=False)
        return found

    async def _waiting_for(self, run: Run) -> str | None:
        if run.status is Status.WAITING and run.until is not None:
            return f"the upstream's limit, which opens at {utc_label(run.until)}"
        if run.status is Status.PAUSED:
            return "somebody to resume it"
        unheld = run.status in (Status.QUEUED, Status.REDUCING)
        if not unheld and run.stalled_s is None:
            return None
        if await workers.alive(self._redis, lease_s=self._lease_s):
            return "a worker to take it"
        return "a worker: none is alive; start one with `python -m worker`"


def progress(run: Run, now: float) -> Progress:
    """How far a run is; `now` in Unix seconds of the store's clock."""
    elapsed_s = None
    if run.started_at is not None:
        elapsed_s = max(0.0, (run.ended_at or now) - run.started_at)
    return Progress(
        closed=run.closed,
        failed=run.failed,
        total=run.total,
        elapsed_s=None if elapsed_s is None else round(elapsed_s, 3),
        step=run.step,
    )


def listed(run: Run) -> Listed:
    """A run's line in the list."""
    return Listed(
        job_id=run.job_id,
        status=run.status,
        targets=list(run.targets),
        submitter=run.submitter,
        closed=run.closed,
        failed=run.failed,
        total=run.total,
        created_at=utc_label(run.created_at),
        ended_at=_label(run.ended_at),
        status_url=f"/benchmark/{run.job_id}",
    )


def shown(plan: Plan) -> dict[str, Any]:
    """The plan as JSON; prompts of more than 100 KB by count and hash."""
    found: dict[str, Any] = plan.model_dump(mode="json")
    prompts = to_json(found["prompts"])
    if len(prompts) > MOST_PROMPT_BYTES:
        found["prompts"] = {
            "kind": found["prompts"]["kind"],
            "count": plan.prompts.count(),
            "sha256": sha256(prompts).hexdigest(),
            "note": f"{len(prompts)} bytes of prompts; plan.json has them.",
        }
    return found


def _job(
    run: Run,
    plan: dict[str, Any],
    result: dict[str, Any] | None,
    now: float,
    waiting_for: str | None,
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
        created_at=utc_label(run.created_at),
        started_at=_label(run.started_at),
        ended_at=_label(run.ended_at),
        until=_label(run.until),
        stalled_s=run.stalled_s,
        waiting_for=waiting_for,
        rerun_of=run.rerun_of,
        reconciliation=reconciliation,
    )


def _label(at: float | None) -> str | None:
    return None if at is None else utc_label(at)
