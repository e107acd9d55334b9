"""The files of a benchmark that has ended: those of `shared.outputs`, and its bills."""

import csv
from collections.abc import Callable, Coroutine, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from api.deps import JobId, PartsDep, StoreDep
from api.download import Download, ended
from api.errors import Problem, responses
from shared import archive
from shared.money.reconciliation import FILE
from shared.outputs import OUTPUTS, Output
from shared.store.run import reconciles, runs

Endpoint = Callable[..., Coroutine[Any, Any, Response]]

_PIECE_LINES = 2000
_PLAN = "plan.json"
_NAMES = {"responses.jsonl": "answers", "samples.parquet": "samples_parquet"}
"""Names of operations that are not that of their file."""
_RECORDS = {_PLAN: "Plan", "summary.json": "Judged", FILE: "Reconciliation"}
"""Files that are one record of the schema; others are lines of text, or bytes."""
_TEXTS = ("text/csv", "application/jsonl")


def routes_of(outputs: Mapping[str, Output]) -> APIRouter:
    """GET and HEAD for each file: `plan.json` from the beginning, others at the end."""
    found = APIRouter(prefix="/benchmark", tags=["downloads"])

    def serve(
        name: str, media_type: str, title: str, about: str, endpoint: Endpoint
    ) -> None:
        path, operation = f"/{{job_id}}/{name}", _NAMES.get(name, Path(name).stem)
        kinds = () if name == _PLAN else ("not-ready",)
        schema = {"type": "string"}
        if media_type not in _TEXTS:
            schema["format"] = "binary"
        if name in _RECORDS:
            schema = {"$ref": f"#/components/schemas/{_RECORDS[name]}"}
        found.add_api_route(
            path,
            endpoint,
            methods=["GET"],
            name=operation,
            operation_id=f"download_{operation}",
            summary=title,
            description=about,
            response_class=Response,
            responses={
                200: {
                    "description": "The file.",
                    "content": {media_type: {"schema": schema}},
                },
                206: {"description": "The part that `Range` asks for."},
                **responses("no-such-run", *kinds, "no-such-range"),
                **responses("no-store", "store-down", "unreadable", "busy"),
            },
        )
        found.add_api_route(path, endpoint, methods=["HEAD"], include_in_schema=False)

    for name, output in outputs.items():
        if name != _PLAN:
            make = _table if output.media_type == "text/csv" else _whole
            endpoint = make(name, output.media_type)
            serve(name, output.media_type, output.title, output.about, endpoint)
    serve(
        FILE,
        "application/json",
        "The rows beside the upstream's bills",
        "Where `RECONCILE` is set: each row that was compared, and what they sum up"
        " to.",
        _reconciliation,
    )
    plan = outputs[_PLAN]
    serve(_PLAN, plan.media_type, plan.title, plan.about, _plan)
    return found


def _whole(name: str, media_type: str) -> Endpoint:
    async def download(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
        path = await ended(parts.settings.results_dir, store, job_id, name)
        return _file(path, job_id, media_type)

    return download


def _table(name: str, media_type: str) -> Endpoint:
    async def download(
        request: Request,
        job_id: JobId,
        parts: PartsDep,
        store: StoreDep,
        excel: Annotated[
            bool,
            Query(description="With a byte order mark and `;`, as Excel likes it."),
        ] = False,
    ) -> Response:
        path = await ended(parts.settings.results_dir, store, job_id, name)
        whole = _file(path, job_id, media_type)
        if not excel:
            return whole
        headers = {"Content-Disposition": f'attachment; filename="{job_id}.{name}"'}
        pieces = iter(()) if request.method == "HEAD" else _for_excel(path)
        return StreamingResponse(pieces, headers=headers, media_type=media_type)

    return download


async def _reconciliation(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    folder = parts.settings.results_dir
    path = folder / job_id / FILE
    if archive.is_there(folder, job_id, FILE):
        return _file(path, job_id, "application/json")
    await ended(folder, store, job_id, "summary.json")
    async with store.access.deadline():
        waits = await reconciles.waits(store.redis, job_id)
    if archive.is_there(folder, job_id, FILE):  # it was done just now
        return _file(path, job_id, "application/json")
    if waits:
        why = (
            "a worker that measures nothing compares it with the upstream's bills, or"
            " will; that takes up to ten minutes."
        )
    else:
        why = (
            f"it was not asked for {FILE}: set RECONCILE=true for the workers before"
            " the next one."
        )
    raise Problem("not-ready", f"Benchmark {job_id} has ended; {why}")


async def _plan(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    folder = parts.settings.results_dir
    if archive.is_there(folder, job_id, _PLAN):
        return _file(folder / job_id / _PLAN, job_id, "application/json")
    async with store.access.deadline():
        found = await runs.plan_text(store.redis, job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.{_PLAN}"'}
    return Response(found, headers=headers, media_type="application/json")


def _file(path: Path, job_id: str, media_type: str) -> Download:
    """Raises Unreadable where nothing can be read of it: it is too late to say that
    when the answer has begun."""
    archive.check_readable(path.parents[1], job_id, path.name)
    return Download(path, job_id, media_type)


def _for_excel(path: Path) -> Iterator[bytes]:
    """The file with a byte order mark and `;`; its cells are safe already."""
    yield b"\xef\xbb\xbf"
    piece = StringIO()
    writer = csv.writer(piece, delimiter=";", lineterminator="\n")
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.reader(file), 1):
            writer.writerow(row)
            if number % _PIECE_LINES == 0:
                yield piece.getvalue().encode()
                piece.seek(0)
                piece.truncate()
    yield piece.getvalue().encode()


router = routes_of(OUTPUTS)
