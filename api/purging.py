"""Every trace of a benchmark that has ended is deleted: in the store, and on this
machine's disk.

The files go first. Where one cannot be deleted, the record stays, and with it the way
to ask again.
"""

import asyncio
import logging

from api.baselines.known import names_of
from api.errors import invalid
from api.parts import Store
from shared import files
from shared.errors import NoSuchRun, WrongState
from shared.run import Status
from shared.settings import Settings
from shared.store import durable
from shared.store.run import runs

log = logging.getLogger("api.purging")


def check_whole(said: str, job_id: str) -> None:
    """Raises a Problem for the mere beginning of an id: what it names may be another
    one tomorrow, and nothing brings a purged one back."""
    if said.upper() != job_id:
        raise invalid([("job_id", f"Give the whole id to purge it: {job_id}.")])


async def purged(store: Store, settings: Settings, job_id: str) -> None:
    """Delete all of it; raises WrongState before its end and of a baseline, NoSuchRun,
    Unwritable."""
    async with store.access.deadline():
        status = await _status(store, job_id)
    if status is not None and not status.terminal:
        raise WrongState(
            f"Benchmark {job_id} is {status}. Cancel it first: DELETE it without"
            " purge; then purge it when it has ended."
        )
    names = await names_of(store, settings, job_id)
    if names:
        raise WrongState(
            f"Benchmark {job_id} is a baseline: {', '.join(names)}. Take that away"
            f" first, and purge it then: DELETE /baselines/{names[0]}"
        )
    results_dir, spool_dir = settings.results_dir, settings.spool_dir
    found = await asyncio.to_thread(files.delete, results_dir, spool_dir, job_id)
    if not found and status is None:
        async with store.access.deadline():
            raise await durable.missing(store.redis, job_id)
    await store.access.write(
        store.redis,
        lambda: runs.purge(store.redis, job_id),
        f"The store fell silent while benchmark {job_id} was purged: its files are"
        " gone, its record may be. Ask for it again; twice is as good as once.",
    )
    store.views.forget(job_id)
    log.info("benchmark %s purged, as was asked", job_id)


async def _status(store: Store, job_id: str) -> Status | None:
    try:
        return (await runs.load(store.redis, job_id)).status
    except NoSuchRun:
        return None
