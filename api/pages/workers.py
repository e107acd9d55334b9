"""Machines: who is alive, what they carry, how late their loops are; the self-test."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.deps import StoreDep
from api.pages.shell import page
from api.parts import Store
from shared.errors import BenchError
from shared.store import workers
from shared.store.run import runs as stored
from shared.verdict.selftest import MOST_OFF_S, STREAMS

router = APIRouter(include_in_schema=False)

LATE_S = 0.01
"""A loop that comes later than this may stamp late (docs/metrics.md, `loop_lag`)."""


@router.get("/workers")
async def shown(request: Request, store: StoreDep) -> Response:
    """Who was heard of within the lease, as they last said of themselves."""
    lease_s = request.app.state.parts.settings.lease_s
    async with store.access.deadline():
        found = await workers.all_say(store.redis, lease_s=lease_s)
        carried = {job_id for says in found.values() for job_id in says.get("runs", ())}
        carried = {each for each in carried if await store.views.shows(each)}
        names = {job_id: await _name(store, job_id) for job_id in sorted(carried)}
    return page(
        request,
        "workers.html",
        workers=[_told(name, says, names) for name, says in found.items()],
        versions=sorted({str(says.get("generator")) for says in found.values()}),
        names=names,
        late_s=LATE_S,
        lease_s=lease_s,
        carried={"streams": STREAMS, "most_off_s": MOST_OFF_S},
    )


_SAID = (
    "host",
    "pid",
    "cores",
    "python",
    "system",
    "generator",
    "loop_lag_s",
    "shards",
)


def _told(name: str, says: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """None for what a worker of another build does not say; of the benchmarks that it
    carries, those that are shown to who asks."""
    said = {each: says.get(each) for each in _SAID}
    runs = [job_id for job_id in says.get("runs", ()) if job_id in names]
    return {"name": name, "runs": runs, **said}


async def _name(store: Store, job_id: str) -> str:
    try:
        run = await stored.load(store.redis, job_id)
    except BenchError:
        return job_id
    return run.about.name or f"Run {job_id[-6:]}"
