"""Benchmarks that are told to rest, to go on, or to be done again."""

import asyncio
from contextlib import suppress
from hashlib import sha256
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Header
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.deps import JobId, PartsDep, Store, StoreDep, Traceparent
from api.errors import responses
from api.key import check_key
from api.pricing import Prices, checked_prices
from api.routes.benchmarks import (
    NO_WORKER,
    accepted,
    answer,
    perhaps,
    perhaps_queued,
    wake,
)
from api.schemas import Accepted, Job
from shared import archive
from shared.errors import NoSuchRun, StoreDown, WrongState
from shared.plan import Plan, read_plan
from shared.run import Run, Status, new_job_id
from shared.settings import Settings
from shared.store import durable, workers
from shared.store.client import UNCHANGED, now_s
from shared.store.run import reruns, runs, states

router = APIRouter(prefix="/benchmark", tags=["benchmarks"])

_GOING_ON = (Status.QUEUED, Status.RUNNING, Status.WAITING)
_STATE_PROBLEMS = (
    "no-such-run",
    "wrong-state",
    "no-store",
    "store-down",
    "busy",
    "outcome-unknown",
)


class Rerun(BaseModel):
    """What to do again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"only": "failed"}, {}]}
    )

    only: Literal["failed"] | None = Field(
        default=None,
        description="`failed`: the calls that did not end ok, or never ran. Null: all.",
    )


@router.post(
    "/{job_id}/pause",
    summary="Pause a benchmark",
    status_code=202,
    response_model=Job,
    responses={
        200: {"model": Job, "description": "It was paused before."},
        202: {"description": "No call begins any more; those in flight are counted."},
        **responses(*_STATE_PROBLEMS),
    },
)
async def pause(job_id: JobId, store: StoreDep) -> Response:
    """Calls in flight finish and are counted; then it rests until it is resumed.

    May be asked again. One that ends or has ended is a 409.
    """
    paused = await _moved(store, job_id, Status.PAUSED, "paused")
    async with store.asking.promptly(_changed(job_id, paused, "is paused")):
        job = await store.views.job(job_id)
    if not paused and (job.status.terminal or job.status is Status.REDUCING):
        raise WrongState(f"Benchmark {job_id} is {job.status}; it cannot be paused.")
    return answer(job, 202 if paused else 200)


@router.post(
    "/{job_id}/resume",
    summary="Resume a benchmark",
    status_code=202,
    response_model=Job,
    responses={
        200: {"model": Job, "description": "It was not paused, and goes on."},
        202: {"description": "It goes on as soon as a worker takes it."},
        **responses(*_STATE_PROBLEMS),
    },
)
async def resume(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    """Goes on where it was paused, in a new segment: the rest is in no rate.

    May be asked again. One that ends or has ended is a 409.
    """
    resumed = await _moved(store, job_id, Status.QUEUED, "resumed")
    await _wake(store, job_id, parts.settings)
    async with store.asking.promptly(_changed(job_id, resumed, "goes on")):
        job = await store.views.job(job_id)
    if not resumed and job.status not in _GOING_ON:
        raise WrongState(f"Benchmark {job_id} is {job.status}; it cannot be resumed.")
    return answer(job, 202 if resumed else 200)


@router.post(
    "/{job_id}/rerun",
    summary="Do a benchmark again",
    status_code=202,
    response_model=Accepted,
    responses={
        202: {"headers": {"Location": {"schema": {"type": "string"}}}},
        **responses(
            "no-such-run",
            "wrong-state",
            "not-ready",
            "unsupported-media-type",
            "invalid",
            "key-reused",
            "too-much",
            "unknown-price",
            "missing-key",
            "missing-key",
            "no-catalogue",
            "newer-record",
            "misconfigured",
            "no-store",
            "store-down",
            "busy",
            "outcome-unknown",
        ),
    },
)
async def rerun(
    job_id: JobId,
    parts: PartsDep,
    store: StoreDep,
    traceparent: Traceparent,
    asked: Annotated[Rerun | None, Body()] = None,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="Sent again within a day, it gives the same rerun.",
        ),
    ] = None,
) -> Response:
    """A new benchmark of the same plan, whole, or only the calls that failed.

    What failed can be told after the end, while the store remembers the rows
    (`KEEP_RUNS_DAYS`), and of plans with a fixed number of calls.
    """
    only = asked.only if asked else None
    async with store.asking.promptly():
        text = await _plan_text(store, parts.settings, job_id)
    # Not within the store's time: a large plan takes some seconds to read.
    plan = await asyncio.to_thread(read_plan, text)
    del text
    warnings = await check_key(parts)
    prices = await checked_prices(plan, parts)
    async with store.asking.promptly():
        await durable.check(store.redis, allow_volatile=parts.settings.allow_volatile)
        new_id = new_job_id(await now_s(store.redis))
    run = await store.asking.write(
        store.redis,
        lambda: _again(
            store, plan, job_id, only, idempotency_key, prices, traceparent, new_id
        ),
        perhaps_queued(new_id, idempotency_key),
    )
    alive = await _wake(store, run.job_id, parts.settings)
    said = (*run.warnings, *warnings, *((NO_WORKER,) if alive == 0 else ()))
    return accepted(run, said)


async def _plan_text(store: Store, settings: Settings, job_id: str) -> bytes:
    """As the store or, once it forgot, the results folder has it; raises NoSuchRun."""
    try:
        return await runs.plan_text(store.redis, job_id)
    except NoSuchRun:
        return await asyncio.to_thread(archive.plan_text, settings.results_dir, job_id)


async def _again(
    store: Store,
    plan: Plan,
    job_id: str,
    only: str | None,
    said: str | None,
    prices: Prices | None,
    traceparent: str | None,
    new_id: str,
) -> Run:
    key = None
    if said is not None:
        body = sha256(f"rerun {job_id} {only}".encode()).hexdigest()
        key = runs.IdempotencyKey(job_id, said, body)
    try:
        again = reruns.failed if only == "failed" else reruns.whole
        return await again(
            store.redis,
            job_id,
            key=key,
            prices=prices,
            traceparent=traceparent,
            new_id=new_id,
        )
    except NoSuchRun:
        pass  # in the results folder
    if only == "failed":
        raise WrongState(
            f"The store has forgotten the rows of benchmark {job_id}, so that nobody"
            " can tell which calls failed. Rerun it whole."
        )
    return await runs.create(
        store.redis,
        plan,
        rerun_of=job_id,
        key=key,
        job_id=new_id,
        prices=prices,
        traceparent=traceparent,
    )


async def _moved(store: Store, job_id: str, to: Status, done: str) -> bool:
    """Whether it came to that state now; False where it was there, or cannot come."""
    with suppress(NoSuchRun, WrongState):  # in the results folder, or it ends
        return await store.asking.write(
            store.redis,
            lambda: states.move(store.redis, job_id, to),
            perhaps(job_id, done),
        )
    return False


def _changed(job_id: str, changed: bool, now: str) -> str:
    return f"benchmark {job_id} {now}" if changed else UNCHANGED


async def _wake(store: Store, job_id: str, settings: Settings) -> int | None:
    """Ring for as many workers as are alive; their number, None where the store does
    not say."""
    alive = None
    with suppress(StoreDown):
        async with store.asking.promptly():
            alive = len(await workers.alive(store.redis, lease_s=settings.lease_s))
    await wake(store, job_id, alive or 1)
    return alive
