"""Benchmarks are cancelled, paused and resumed.

Each request may be repeated: a benchmark in that state already is a 200.
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from redis.asyncio import Redis

from api.deps import JobId, PartsDep, StoreDep
from api.errors import responses
from api.parts import Store
from api.queueing import wake, wake_all
from api.replies import json_of
from api.schemas import Job
from shared.errors import NoSuchRun, WrongState
from shared.run import Ending, Status
from shared.store.client import UNCHANGED
from shared.store.run import states

log = logging.getLogger("api.control")

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


@router.delete(
    "/{job_id}",
    operation_id="cancel_benchmark",
    summary="Cancel a benchmark",
    status_code=202,
    response_model=Job,
    responses={
        200: {"model": Job, "description": "It was cancelled before."},
        202: {"description": "It ends now; what was measured is kept."},
        **responses(*_STATE_PROBLEMS),
    },
)
async def cancel(job_id: JobId, store: StoreDep) -> Response:
    """No call begins a second later; partial results are reduced and kept.

    May be asked again. One that has ended by itself is a 409.
    """
    job, _ = await _changed(
        store,
        job_id,
        lambda redis: states.end(redis, job_id, Ending.CANCELLED),
        "cancelled",
        "ends",
        ring=lambda: wake(store, job_id),
    )
    if job.ending != Ending.CANCELLED:
        raise WrongState(
            f"Benchmark {job_id} is {job.status} ({job.ending}); it has nothing left to"
            " cancel."
        )
    return json_of(job, 200 if job.status is Status.CANCELLED else 202)


@router.post(
    "/{job_id}/pause",
    operation_id="pause_benchmark",
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
    """Calls in flight finish and are counted; then nothing is sent until it is resumed.

    May be repeated. A benchmark that ends or has ended is a 409.
    """
    job, paused = await _changed(
        store,
        job_id,
        lambda redis: states.move(redis, job_id, Status.PAUSED),
        "paused",
        "is paused",
    )
    if not paused and (job.status.terminal or job.status is Status.REDUCING):
        raise WrongState(f"Benchmark {job_id} is {job.status}; it cannot be paused.")
    return json_of(job, 202 if paused else 200)


@router.post(
    "/{job_id}/resume",
    operation_id="resume_benchmark",
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
    """Goes on where it was paused, in a new segment: the pause is in no rate.

    May be repeated. A benchmark that ends or has ended is a 409.
    """
    job, resumed = await _changed(
        store,
        job_id,
        lambda redis: states.move(redis, job_id, Status.QUEUED),
        "resumed",
        "goes on",
        ring=lambda: wake_all(store, job_id, parts.settings),
    )
    if not resumed and job.status not in _GOING_ON:
        raise WrongState(f"Benchmark {job_id} is {job.status}; it cannot be resumed.")
    return json_of(job, 202 if resumed else 200)


async def _changed(
    store: Store,
    job_id: str,
    move: Callable[[Redis], Coroutine[Any, Any, bool]],
    done: str,
    so: str,
    *,
    ring: Callable[[], Awaitable[None]] | None = None,
) -> tuple[Job, bool]:
    """The benchmark after `move`, and whether that changed its state now: not where it
    was `done` before, or cannot be.

    done, so: for the sentences of errors, as "cancelled" and "ends". ring: what tells
    the workers; they are told again where it was done before.
    """
    moved = False
    with suppress(NoSuchRun, WrongState):  # it has ended, here or in the results folder
        moved = await store.access.write(
            store.redis,
            lambda: move(store.redis),
            f"The store fell silent while benchmark {job_id} was {done}, so it may be,"
            " or not. Ask for it again; twice is as good as once.",
        )
        if moved:
            log.info("benchmark %s %s, as was asked", job_id, done)
        if ring is not None:
            await ring()
    changed = f"benchmark {job_id} {so}" if moved else UNCHANGED
    async with store.access.deadline(changed):
        return await store.views.job(job_id), moved
