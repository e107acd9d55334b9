"""Baselines: names of benchmarks that others are held to. docs/compare.md, docs/ci.md.

A benchmark that has a name is not purged, and no retention deletes its files.
"""

import asyncio
import logging
from pathlib import Path as FilePath
from typing import Annotated

from fastapi import APIRouter, Body, Path
from fastapi.responses import Response

from api.baselines.known import everybodys, known, named
from api.deps import PartsDep, StoreDep, whole_id
from api.download import ended
from api.errors import Problem, invalid, responses
from api.replies import json_of
from api.schemas import Baselines, NamedRun, NewBaseline
from shared import archive, baselines
from shared.baselines import Baseline
from shared.clock import utc_label
from shared.errors import NewerRecord, NoSuchRun, Unreadable
from shared.run import Run, Status
from shared.store import baselines as stored
from shared.store.client import now_s

log = logging.getLogger("api.comparing.names")

router = APIRouter(prefix="/baselines", tags=["benchmarks"])

NAME = Path(
    description="Letters, digits and `._-`, at most 64, the first a letter or a digit;"
    " no id of a benchmark.",
    examples=["main"],
)
Name = Annotated[str, NAME]

_UNKNOWN = (
    "The store fell silent while that was done, so it may be done, or not. Ask for it"
    " again; twice is as good as once."
)
_STORE = ("no-store", "store-down", "busy")


@router.get(
    "",
    operation_id="list_baselines",
    summary="List baselines",
    response_model=Baselines,
    responses=responses(*_STORE),
)
async def listing(parts: PartsDep, store: StoreDep) -> Response:
    """By name, each with the benchmark that it stands for."""
    found = await known(store, parts.settings)
    folder = parts.settings.results_dir
    shown = await asyncio.to_thread(
        lambda: [_shown(each, folder) for each in found.values()]
    )
    return json_of(Baselines(baselines=shown))


@router.get(
    "/{name}",
    operation_id="get_baseline",
    summary="Show a baseline",
    response_model=NamedRun,
    responses=responses("no-such-baseline", *_STORE),
)
async def show(name: Name, parts: PartsDep, store: StoreDep) -> Response:
    """The benchmark that a name stands for."""
    found = await named(store, parts.settings, name)
    folder = parts.settings.results_dir
    return json_of(await asyncio.to_thread(_shown, found, folder))


@router.put(
    "/{name}",
    operation_id="set_baseline",
    summary="Set a baseline",
    response_model=NamedRun,
    responses=responses(
        *(
            "invalid",
            "no-such-run",
            "ambiguous-id",
            "not-ready",
            "name-taken",
            "unsupported-media-type",
        ),
        *("unreadable", "unwritable", "outcome-unknown", *_STORE),
    ),
)
async def put(
    name: Name,
    said: Annotated[NewBaseline, Body()],
    parts: PartsDep,
    store: StoreDep,
) -> Response:
    """The name stands for this benchmark from now on, whatever it stood for.

    It has to have ended. From then on neither retention nor a purge deletes it.
    """
    if not baselines.is_name(name):
        raise invalid([("name", f"It is no name of a baseline. {NAME.description}")])
    job_id = await whole_id(said.job, parts)
    every, shown = [await look(store, parts.settings) for look in (everybodys, known)]
    if name in every and name not in shown:
        raise Problem(
            "name-taken",
            f"{name} stands for a benchmark of another token. Choose another name.",
        )
    folder = parts.settings.results_dir
    await ended(folder, store, job_id, "samples.csv")
    async with store.access.deadline():
        at_s = await now_s(store.redis)
    baseline = Baseline(name=name, job_id=job_id, set_at=at_s)
    # the file first: it is what outlives the store
    await asyncio.to_thread(baselines.keep, folder, baseline)
    await store.access.write(
        store.redis, lambda: stored.put(store.redis, baseline), _UNKNOWN
    )
    log.info("baseline %s is benchmark %s from now on", name, job_id)
    return json_of(await asyncio.to_thread(_shown, baseline, folder))


@router.delete(
    "/{name}",
    operation_id="delete_baseline",
    summary="Take away a baseline",
    status_code=204,
    response_class=Response,
    responses={
        204: {"description": "The name stands for nothing now."},
        **responses("no-such-baseline", "unwritable", "outcome-unknown", *_STORE),
    },
)
async def delete(name: Name, parts: PartsDep, store: StoreDep) -> Response:
    """The benchmark stays, and may be purged from now on."""
    found = await named(store, parts.settings, name)
    await asyncio.to_thread(baselines.drop, parts.settings.results_dir, found)
    await store.access.write(
        store.redis, lambda: stored.remove(store.redis, name), _UNKNOWN
    )
    log.info("baseline %s is taken away", name)
    return Response(status_code=204)


def _shown(baseline: Baseline, results_dir: FilePath) -> NamedRun:
    run, result, warnings = None, {}, []
    try:
        run = archive.load(results_dir, baseline.job_id)
        result = archive.result_of(results_dir, baseline.job_id)
    except NoSuchRun:
        warnings.append(
            f"The files of {baseline.job_id} are not in this server's RESULTS_DIR, so"
            " nothing can be compared with it here."
        )
    except (NewerRecord, Unreadable) as error:
        warnings.append(str(error))
    verdict = (result.get("verdict") or {}).get("kind")
    warnings += _doubts(run, verdict)
    return NamedRun(
        name=baseline.name,
        job_id=baseline.job_id,
        set_at=utc_label(baseline.set_at),
        created_at=None if run is None else utc_label(run.created_at),
        targets=[] if run is None else list(run.targets),
        calls=result.get("total_runs"),
        verdict=verdict,
        warnings=warnings,
    )


def _doubts(run: Run | None, verdict: str | None) -> list[str]:
    found = []
    if run is not None and run.status is not Status.DONE:
        found.append(f"It is {run.status}: not all of its plan was asked.")
    if verdict == "invalid":
        found.append("Its verdict is invalid: a difference from it may say little.")
    return found
