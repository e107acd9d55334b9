"""The files of a benchmark that has ended."""

import csv
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse

from api.deps import JobId, PartsDep, Store, StoreDep
from api.download import Download
from api.errors import Problem, responses
from shared import archive
from shared.money.reconciliation import FILE
from shared.store.run import reconciles, runs

router = APIRouter(prefix="/benchmark", tags=["downloads"])

_PIECE_LINES = 2000


def _of(media_type: str, *kinds: str) -> dict[int | str, dict[str, Any]]:
    schema = {"schema": {"type": "string"}}
    return {
        200: {"description": "The file.", "content": {media_type: schema}},
        206: {"description": "The part that `Range` asks for."},
        **responses("no-such-run", *kinds, "no-such-range"),
        **responses("no-store", "store-down", "unreadable", "busy"),
    }


@router.head("/{job_id}/samples.csv", include_in_schema=False)
@router.get(
    "/{job_id}/samples.csv",
    summary="Every call as a row",
    response_class=Response,
    responses=_of("text/csv", "not-ready"),
)
async def samples(
    request: Request,
    job_id: JobId,
    parts: PartsDep,
    store: StoreDep,
    excel: Annotated[
        bool, Query(description="With a byte order mark and `;`, as Excel likes it.")
    ] = False,
) -> Response:
    """A row for each call that was made, failed ones too; docs/metrics.md names the
    columns."""
    path = await _ended(parts.settings.results_dir, store, job_id, "samples.csv")
    whole = _file(path, job_id, "text/csv; charset=utf-8")
    if not excel:
        return whole
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.samples.csv"'}
    pieces = iter(()) if request.method == "HEAD" else _for_excel(path)
    return StreamingResponse(
        pieces, headers=headers, media_type="text/csv; charset=utf-8"
    )


@router.head("/{job_id}/responses.jsonl", include_in_schema=False)
@router.get(
    "/{job_id}/responses.jsonl",
    summary="The answers",
    response_class=Response,
    responses=_of("application/jsonl", "not-ready"),
)
async def answers(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    """One JSON object per answer that the plan's `keep_answers` kept."""
    folder = parts.settings.results_dir
    path = await _ended(folder, store, job_id, "responses.jsonl")
    return _file(path, job_id, "application/jsonl")


@router.head("/{job_id}/summary.json", include_in_schema=False)
@router.get(
    "/{job_id}/summary.json",
    summary="The statistics",
    response_class=Response,
    responses=_of("application/json", "not-ready"),
)
async def summary(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    """The same as `result` in the benchmark's body."""
    path = await _ended(parts.settings.results_dir, store, job_id, "summary.json")
    return _file(path, job_id, "application/json")


@router.head("/{job_id}/reconciliation.json", include_in_schema=False)
@router.get(
    "/{job_id}/reconciliation.json",
    summary="The rows beside the upstream's bills",
    response_class=Response,
    responses=_of("application/json", "not-ready"),
)
async def reconciliation(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    """Where `RECONCILE` is set: each row that was compared, and what they sum up to."""
    folder = parts.settings.results_dir
    path = folder / job_id / FILE
    if archive.is_there(folder, job_id, FILE):
        return _file(path, job_id, "application/json")
    await _ended(folder, store, job_id, "summary.json")
    async with store.asking.promptly():
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


@router.head("/{job_id}/plan.json", include_in_schema=False)
@router.get(
    "/{job_id}/plan.json",
    summary="The plan",
    response_class=Response,
    responses=_of("application/json"),
)
async def plan(job_id: JobId, parts: PartsDep, store: StoreDep) -> Response:
    """The whole plan, with all prompts; POST it again to do the same again."""
    folder = parts.settings.results_dir
    if archive.is_there(folder, job_id, "plan.json"):
        return _file(folder / job_id / "plan.json", job_id, "application/json")
    async with store.asking.promptly():
        found = await runs.plan_text(store.redis, job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job_id}.plan.json"'}
    return Response(found, headers=headers, media_type="application/json")


async def _ended(results_dir: Path, store: Store, job_id: str, name: str) -> Path:
    """Where the file is; raises a Problem with the state before it is there."""
    # summary.json is published last, so that all files are there or none.
    if all(archive.is_there(results_dir, job_id, n) for n in (name, "summary.json")):
        return results_dir / job_id / name
    async with store.asking.promptly():
        run = await runs.load(store.redis, job_id)
    if run.status.terminal:
        raise Problem(
            "not-ready",
            f"Benchmark {job_id} has ended, and {name} is not in this server's"
            " RESULTS_DIR. It was written by a worker with another one: give both the"
            " same, or copy it.",
            job_status=run.status,
        )
    raise Problem(
        "not-ready",
        f"Benchmark {job_id} is {run.status}; {name} is there once it has ended."
        f" Follow /benchmark/{job_id}/events.",
        job_status=run.status,
    )


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
