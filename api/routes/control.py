"""Benchmarks are cancelled, paused and resumed, named and tagged.

Each request may be repeated: a benchmark in that state already is a 200.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import Response
from redis.asyncio import Redis

from api.deps import JobId, PartsDep, StoreDep
from api.errors import responses
from api.parts import Store
from api.purging import check_whole, purged
from api.queueing import wake, wake_all
from api.replies import json_of
from api.schemas import Job
from shared import archive
from shared.about import About
from shared.errors import NoSuchRun, WrongState
from shared.run import Ending, Run, Status
from shared.settings import Settings
from shared.store import opinions
from shared.store.client import UNCHANGED
from shared.store.run import runs, states

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
    summary="Cancel a benchmark, or purge it",
    status_code=202,
    response_model=Job,
    responses={
        204: {"description": "With `purge`: nothing is left of it."},
        200: {"model": Job, "description": "It was cancelled before."},
        202: {"description": "It ends now; what was measured is kept."},
        **responses(*_STATE_PROBLEMS, "ambiguous-id", "invalid", "unwritable"),
    },
)
async def cancel(
    request: Request,
    job_id: JobId,
    parts: PartsDep,
    store: StoreDep,
    purge: Annotated[
        bool,
        Query(
            description="Delete every trace of one that has ended: its record, its"
            " files, its rows on disk. Nothing brings it back; asks for the whole id."
        ),
    ] = False,
) -> Response:
    """No call begins a second later; partial results are reduced and kept.

    May be asked again. One that has ended by itself is a 409; with `purge` one that has
    not ended is.
    """
    if purge:
        check_whole(request.path_params["job_id"], job_id)
        await purged(store, parts.settings, job_id)
        return Response(status_code=204)
    job, _ = await _changed(
        store,
        job_id,
        lambda redis: _cancelled(redis, job_id),
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


@router.patch(
    "/{job_id}",
    operation_id="describe_benchmark",
    summary="Name a benchmark, tag it, note something",
    response_model=Job,
    responses=responses(
        *("no-such-run", "ambiguous-id", "unsupported-media-type", "invalid"),
        *("newer-record", "unreadable", "unwritable"),
        *("no-store", "store-down", "busy", "outcome-unknown"),
    ),
)
async def describe(
    job_id: JobId, said: Annotated[About, Body()], parts: PartsDep, store: StoreDep
) -> Response:
    """In any state, and after the store forgot it. What is left out stays as it is;
    null, and an empty list of tags, takes it away.
    """
    async with store.describing:
        try:
            run = await store.access.write(
                store.redis,
                lambda: runs.describe(store.redis, job_id, said),
                f"The store fell silent while something was said of benchmark {job_id},"
                " so it may be kept, or not. Send it again.",
            )
        except NoSuchRun:  # its folder may know it
            await asyncio.to_thread(_in_its_folder, parts.settings, job_id, said)
        else:
            await _in_both(store, parts.settings, run)
    async with store.access.deadline():
        return json_of(await store.views.job(job_id))


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


async def _cancelled(redis: Redis, job_id: str) -> bool:
    """End it now; where its calls have ended and judges are asked, their asking."""
    return await states.end(redis, job_id, Ending.CANCELLED) or await opinions.cancel(
        redis, job_id
    )


def _in_its_folder(settings: Settings, job_id: str, said: About) -> None:
    old = archive.load(settings.results_dir, job_id)
    archive.describe(settings.results_dir, job_id, old.about.with_said(said))


async def _in_both(store: Store, settings: Settings, run: Run) -> None:
    """Keep what is said of an ended run in its folder, too: that outlives the record.
    Before the end there is nothing to do, since the reduce writes it."""
    while run.status.terminal:
        try:
            await asyncio.to_thread(
                archive.describe, settings.results_dir, run.job_id, run.about
            )
            async with store.access.deadline():
                now = await runs.load(store.redis, run.job_id)
        except NoSuchRun:  # its files are elsewhere, or it was purged meanwhile
            return
        if now.about == run.about:
            return
        run = now  # another server was told something else meanwhile
