"""A file of a benchmark: where it is once that has ended, and as an answer the part of
it that `Range` asks for (RFC 9110, 14.2)."""

import asyncio
import re
from pathlib import Path

from fastapi.responses import FileResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Receive, Scope, Send

from api.errors import Problem
from api.parts import Store
from shared import archive
from shared.errors import NoSuchRun
from shared.opinion import FILE as JUDGED
from shared.store.run import runs

_SPEC = r"(?:\d{1,18}-\d{0,18}|-\d{1,18})"
_SET = re.compile(rf"\s*bytes\s*=\s*{_SPEC}(?:\s*,\s*{_SPEC})*\s*", re.IGNORECASE)


async def ended(results_dir: Path, store: Store, job_id: str, name: str) -> Path:
    """Where the file is; raises a Problem with the state before it is there."""
    # summary.json is published last, so that all files are there or none.
    if all(archive.is_there(results_dir, job_id, n) for n in (name, "summary.json")):
        return results_dir / job_id / name
    if archive.is_there(results_dir, job_id, "summary.json"):
        if name == JUDGED:
            raise Problem(
                "not-ready",
                f"Benchmark {job_id} has ended without {name}: its plan has no check of"
                " kind `judge` (docs/checks.md).",
            )
        raise Problem(
            "not-ready",
            f"Benchmark {job_id} has ended without {name}: the worker that made its"
            " files was of an earlier build, or has not installed what that takes"
            " (docs/data.md). samples.csv has every call.",
        )
    async with store.access.deadline():
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


class Download(FileResponse):
    """The file of a benchmark. What is no range of bytes is ignored, as the RFC has it:
    another unit, an end before its start, anything else."""

    def __init__(self, path: Path, job_id: str, media_type: str) -> None:
        super().__init__(path, media_type=media_type, filename=f"{job_id}.{path.name}")
        self._file = path
        self._job_id = job_id

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self.stat_result = await asyncio.to_thread(self._file.stat)
        except FileNotFoundError:  # its time was up just now
            raise NoSuchRun(self._job_id) from None
        self.set_stat_headers(self.stat_result)
        headers = Headers(scope=scope)
        asked = headers.get("range")
        if asked is not None:
            size = self.stat_result.st_size
            ranges = satisfiable(asked, size)
            whole = headers.get("if-range", "")
            current = whole in ("", self.headers["etag"], self.headers["last-modified"])
            if ranges == [] and current:
                refusal = Problem(
                    "no-such-range",
                    f"The file has {size} bytes, and none of {asked[:60]!r}. Ask for"
                    " less, or for all of it.",
                    headers={"Content-Range": f"bytes */{size}"},
                )
                return await refusal.response(scope["path"])(scope, receive, send)
            scope = _with_range(scope, ranges)
        await super().__call__(scope, receive, send)


def satisfiable(asked: str, size: int) -> list[tuple[int, int]] | None:
    """First and last byte of each range that a file of `size` bytes has; None where the
    header is to be ignored.

    >>> satisfiable("bytes=2-5, 90-, -3", 10), satisfiable("lines=1-2", 10)
    ([(2, 5), (7, 9)], None)
    """
    if not _SET.fullmatch(asked):
        return None
    found = []
    for spec in asked.partition("=")[2].split(","):
        first, _, last = spec.strip().partition("-")
        if first and last and int(last) < int(first):
            return None
        begin = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        if begin < size:
            found.append((begin, end))
    return found


def _with_range(scope: Scope, ranges: list[tuple[int, int]] | None) -> Scope:
    """The request with these ranges alone, or without any."""
    headers = MutableHeaders(raw=list(scope["headers"]))
    del headers["range"]
    if ranges:
        said = ",".join(f"{first}-{last}" for first, last in ranges)
        headers["range"] = f"bytes={said}"
    return {**scope, "headers": headers.raw}
