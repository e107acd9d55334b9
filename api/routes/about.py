"""What people say of a benchmark: its name, its tags, a note."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Body
from fastapi.responses import Response

from api.deps import JobId, PartsDep, StoreDep
from api.errors import responses
from api.parts import Store
from api.replies import json_of
from api.schemas import Job
from shared import archive
from shared.about import About
from shared.errors import NoSuchRun
from shared.run import Run
from shared.settings import Settings
from shared.store.run import runs

router = APIRouter(prefix="/benchmark", tags=["benchmarks"])


@router.patch(
    "/{job_id}",
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
