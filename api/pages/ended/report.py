"""The report: one file with the figures of the pages, which asks nothing of any host.

Plotly's script is in it as it is in the wheel, 4.8 MB, so that figures can be pointed
at wherever the file lies. Its policy names the scripts by their hashes, and allows
nothing else: what a stranger wrote is text in a report, too.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from api.comparing.process import MOST_JOBS
from api.deps import EXAMPLE, JobId, PartsDep, StoreDep, whole_id
from api.download import ended
from api.errors import Problem, responses
from api.pages.ended.asked import Choices
from api.pages.ended.beside import of_comparison
from api.pages.ended.compared import comparison_of, runs_of
from api.pages.ended.context import of_data, of_run
from api.pages.ended.in_markdown import markdown_report
from api.pages.figures import KINDS
from api.pages.shell import assets
from api.pages.shell.definitions import definitions
from api.pages.shell.render import rendered
from api.parts import Parts, Store
from api.policy import HEADERS

router = APIRouter(prefix="/benchmark", tags=["downloads"])

_STYLES = ("tokens.css", "parts.css", "run.css", "ended.css", "report.css")
_MEANT = (
    *("ttft_s", "latency_s", "tpot_s", "cost_usd", "outcome", "queue_s"),
    *("connect_s", "ttft_visible_s"),
)
_BEGIN = 'keepDrawn(() => JSON.parse(document.getElementById("figures").textContent));'

_BesideQuery = Annotated[
    list[str] | None,
    Query(
        max_length=MOST_JOBS - 1,
        description="Further benchmarks, that are compared with this one.",
        examples=[[EXAMPLE]],
    ),
]
_PROBLEMS = (
    *("invalid", "no-such-run", "ambiguous-id", "not-ready", "incomparable"),
    *("too-much", "newer-record", "unreadable", "no-store", "store-down", "busy"),
)


def _answers(media_type: str) -> dict[int | str, Any]:
    content = {media_type: {"schema": {"type": "string"}}}
    found: dict[int | str, Any] = {200: {"description": "It.", "content": content}}
    return {**found, **responses(*_PROBLEMS)}


@router.get(
    "/{job_id}/report.html",
    operation_id="download_report",
    summary="A report in one file",
    response_class=Response,
    responses=_answers("text/html"),
)
async def html(
    request: Request,
    job_id: JobId,
    parts: PartsDep,
    store: StoreDep,
    beside: _BesideQuery = None,
) -> Response:
    """Figures, verdict, plan, environment, comparison and definitions, without a
    server. About 5 MB, most of which draws the figures."""
    every, compared = await _contexts(request, job_id, beside, parts, store)
    text = await asyncio.to_thread(_html, every, compared, request.app.version)
    headers = {**HEADERS, "Content-Security-Policy": _policy()}
    return Response(text, media_type="text/html", headers=headers)


@router.get(
    "/{job_id}/report.md",
    operation_id="download_report_md",
    summary="A report in Markdown",
    response_class=Response,
    responses=_answers("text/markdown"),
)
async def markdown(
    request: Request,
    job_id: JobId,
    parts: PartsDep,
    store: StoreDep,
    beside: _BesideQuery = None,
) -> Response:
    """The tables and sentences of the report, for a merge request or a wiki."""
    every, compared = await _contexts(request, job_id, beside, parts, store)
    text = markdown_report(every, compared)
    return Response(text, media_type="text/markdown; charset=utf-8")


async def _contexts(
    request: Request,
    job_id: str,
    beside: Sequence[str] | None,
    parts: Parts,
    store: Store,
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    more = [await whole_id(each, parts) for each in beside or ()]
    ids = [*dict.fromkeys([job_id, *more])]
    folder = parts.settings.results_dir
    await asyncio.gather(*(ended(folder, store, each, "samples.csv") for each in ids))
    jobs, data = await runs_of(request, ids, parts, store)
    every = []
    for number, (job, one) in enumerate(zip(jobs, data, strict=True)):
        said = {**of_run(job), **of_data(job, one, Choices(job.job_id))}
        every.append(said | {"prefix": f"r{number}-"})
    try:
        found = await comparison_of(ids, data, parts, anyway=True)
    except Problem as problem:
        if len(ids) > 1 or problem.kind != "incomparable":
            raise
        return every, None  # a run of one target has nothing beside it
    return every, of_comparison(found, jobs, data, "", Choices())


def _html(
    every: Sequence[dict[str, Any]], compared: dict[str, Any] | None, version: str
) -> str:
    figures = {
        f"{one['prefix']}{name}": figure
        for one in every
        for name, figure in one["figures"].items()
        if not name.startswith("ranked-")
    }
    plotly, script = _scripts()
    return rendered(
        "report.html",
        every=every,
        compared=compared,
        version=version,
        title=" and ".join(str(one["name"]) for one in every),
        all_figures=figures,
        kinds=KINDS,
        offline=True,
        asked=Choices(),
        meanings=[definitions()[name] for name in _MEANT if name in definitions()],
        policy=_policy(),
        styles=assets.inlined("\n".join(map(assets.text, _STYLES))),
        plotly_script=assets.inlined(plotly),
        script=assets.inlined(script),
    )


@cache
def _scripts() -> tuple[str, str]:
    """Plotly's, and ours."""
    ours = re.sub(r"^export ", "", assets.text("figures.js"), flags=re.MULTILINE)
    return _within(assets.plotly_text()), _within(f"{ours}\n{_BEGIN}\n")


def _within(script: str) -> str:
    """A script that cannot end the element in which it stands."""
    return re.sub("</(?=script)", r"<\\/", script, flags=re.IGNORECASE)


@cache
def _policy() -> str:
    hashes = " ".join(
        f"'sha256-{b64encode(sha256(each.encode()).digest()).decode()}'"
        for each in _scripts()
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline';"
        " img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
