"""`/runs/{id}`: the page of one run, whatever it is doing.

One that has ended shows its figures, one that goes on its live page. The choice is made
in `show`.
"""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.access import caller_of
from api.baselines.known import names_of
from api.deps import JobId, PartsDep, StoreDep
from api.errors import Problem
from api.page_data.kept import KeptPages
from api.pages.ended.answers import Answers
from api.pages.ended.asked import Choices, ChoicesDep
from api.pages.ended.context import of_data, of_run
from api.pages.figures import KINDS
from api.pages.live import live_page
from api.pages.shell import page
from api.schemas import Job
from shared.access import Scope
from shared.settings import Settings

router = APIRouter(include_in_schema=False)

PATIENCE_S = 4.0
"""The first view of a run waits so long for its figures; then it says that they are
being made, and is asked again."""
_FILES = (
    *("samples.csv", "samples.parquet", "summary.json", "responses.jsonl"),
    *("plan.json", "report.html", "report.md"),
)


def kept_pages(request: Request, settings: Settings) -> KeptPages:
    """The page data of this server's runs."""
    state = request.app.state
    if not hasattr(state, "kept_pages"):
        state.kept_pages = KeptPages(settings.results_dir)
    found: KeptPages = state.kept_pages
    return found


@router.get("/runs/{job_id}")
async def show(
    request: Request, job_id: JobId, parts: PartsDep, store: StoreDep, asked: ChoicesDep
) -> Response:
    """The page of a run."""
    async with store.access.deadline():
        job = await store.views.job(job_id)
    if not job.status.terminal:
        going = await live_page(request, job_id, parts, store)
        if going is not None:
            return going
        async with store.access.deadline():  # it has ended this moment
            job = await store.views.job(job_id)
    names = await names_of(store, parts.settings, job_id)
    return await _ended(request, job, parts.settings, asked, names)


async def _ended(
    request: Request, job: Job, settings: Settings, asked: Choices, names: list[str]
) -> Response:
    asked = _of(asked, job)
    said: dict[str, Any] = {
        **of_run(job),
        "asked": asked,
        "names": names,
        "files": [],
        "kinds": KINDS,
        "offline": False,
        "prefix": "",
    }
    said |= {"data": None, "why": None, "making": False, "matrix": None, "calls": []}
    said |= {"listed": None}
    kept = kept_pages(request, settings)
    folder = settings.results_dir / job.job_id
    said["files"] = await asyncio.to_thread(
        lambda: [
            (name, (folder / name).stat().st_size if (folder / name).exists() else None)
            for name in _FILES
            if name.startswith("report.") or (folder / name).exists()
        ]
    )
    try:
        data = await kept.whole(job.job_id, PATIENCE_S)
        if data is not None and asked.part is not None:
            data = await kept.part(job.job_id, asked.part)
    except Problem as problem:
        data, said["why"] = None, problem.detail
    else:
        said["making"] = data is None
    if data is not None:
        said |= of_data(job, data, asked)
        caller = caller_of(request)
        if caller is not None and caller.may(Scope.CONTENT):
            number = len(data.targets)
            said |= await asyncio.to_thread(_answers, folder, asked, number)
    return page(request, "run/ended.html", charts=True, **said)


def _of(asked: Choices, job: Job) -> Choices:
    fields = {name: getattr(asked, name) for name in asked.__dataclass_fields__}
    return Choices(**fields | {"job_id": job.job_id})


def _answers(folder: Any, asked: Choices, targets: int) -> dict[str, Any]:
    """The matrix, and the calls that are looked at; nothing where the index is gone."""
    try:
        answers = Answers(folder)
    except (OSError, ValueError):
        return {}
    first = asked.call or answers.first()
    names = [name for name in (first, asked.beside) if name is not None]
    calls = [one for name in names if (one := answers.call(name)) is not None]
    if len(calls) == 2:  # one axis for both
        long_s = max(float(one.row.get("latency_s") or 0) for one in calls)
        calls = [one for name in names if (one := answers.call(name, long_s))]
    return {"matrix": answers.matrix(asked, targets), "calls": calls}
