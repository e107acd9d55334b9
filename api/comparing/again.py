"""Runs that have ended are summarised again, by this version."""

import asyncio

from fastapi import APIRouter
from fastapi.responses import Response

from api.comparing.process import resummarized
from api.deps import JobId, PartsDep, StoreDep
from api.download import ended
from api.errors import responses
from shared import archive
from shared.outputs.resummarize import Resummarized
from shared.store.run import states

router = APIRouter(prefix="/benchmark", tags=["benchmarks"])


@router.post(
    "/{job_id}/resummarize",
    operation_id="resummarize_benchmark",
    summary="Summarise a benchmark again",
    response_model=Resummarized,
    responses=responses(
        *("no-such-run", "ambiguous-id", "not-ready", "too-much", "newer-record"),
        *("unreadable", "unwritable", "outcome-unknown"),
        *("no-store", "store-down", "busy"),
    ),
)
async def again(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    """Of its rows, by this version. The old summary stays beside the new one as
    `summary.1.json`, `summary.2.json` ...; nothing else of it changes.
    """
    folder = parts.settings.results_dir
    await ended(folder, store, job_id, "samples.csv")
    said = await resummarized(folder, job_id, turn=parts.comparing)
    result = await asyncio.to_thread(archive.result_of, folder, job_id)
    await store.access.write(
        store.redis,
        lambda: states.retell(store.redis, job_id, result),
        f"The store fell silent: the files of {job_id} have the new summary, the store"
        " may have the old one. Ask for it again; twice is as good as once.",
    )
    return Response(said, media_type="application/json")
