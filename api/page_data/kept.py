"""Page data as the API asks for it: the file that is kept, or the process that makes
it. One is made at a time; whoever asks for one that is being made waits for that."""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from api.errors import Problem
from api.page_data.records import SCHEMA, PageData

FILE = ".page.json"
_FILES = ("summary.json", "samples.csv", "responses.jsonl", "plan.json")
_MOST_S = 300.0
_MOST_PARTS = 8

Key = tuple[str, tuple[float, float] | None]

log = logging.getLogger("page_data")


def stamps(folder: Path) -> tuple[int, ...]:
    """Size and time of each file that page data is made of; 0 where it is not."""
    found: list[int] = []
    for name in _FILES:
        try:
            stat = (folder / name).stat()
            found += [stat.st_size, stat.st_mtime_ns]
        except OSError:
            found += [0, 0]
    return tuple(found)


def read(folder: Path) -> PageData | None:
    """The kept one; None where there is none, or it is of other files."""
    try:
        found = PageData.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None
    fresh = found.schema_version == SCHEMA and found.made_of == stamps(folder)
    return found if fresh else None


class KeptPages:
    """The page data of all runs in a results folder."""

    def __init__(self, results_dir: Path) -> None:
        self._results_dir = results_dir
        self._turn = asyncio.Lock()
        self._made: dict[Key, asyncio.Task[PageData]] = {}
        self._parts: OrderedDict[Key, PageData] = OrderedDict()

    async def whole(self, job_id: str, patience_s: float) -> PageData | None:
        """Of a run that has ended; None while it is being made. Raises Problem."""
        found = await asyncio.to_thread(read, self._results_dir / job_id)
        if found is not None:
            return found
        task = self._task((job_id, None))
        with suppress(TimeoutError):
            return await asyncio.wait_for(asyncio.shield(task), patience_s)
        return None

    async def part(self, job_id: str, part: tuple[float, float]) -> PageData:
        """Of a part of a run, in seconds after its first call. Raises Problem."""
        key = (job_id, part)
        now = await asyncio.to_thread(stamps, self._results_dir / job_id)
        known = self._parts.get(key)
        if known is not None and known.made_of == now:
            self._parts.move_to_end(key)
            return known
        found = await asyncio.shield(self._task(key))
        self._parts[key] = found
        while len(self._parts) > _MOST_PARTS:
            self._parts.popitem(last=False)
        return found

    async def close(self) -> None:
        """End what is being made."""
        tasks = [*self._made.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _task(self, key: Key) -> asyncio.Task[PageData]:
        if key not in self._made:
            task = asyncio.create_task(self._make(key))
            self._made[key] = task
            task.add_done_callback(lambda done: self._over(key, done))
        return self._made[key]

    def _over(self, key: Key, task: asyncio.Task[PageData]) -> None:
        self._made.pop(key, None)
        if not task.cancelled() and task.exception() is not None:
            log.warning("no page data of %s: %s", key[0], task.exception())

    async def _make(self, key: Key) -> PageData:
        job_id, part = key
        asked = {"folder": str(self._results_dir), "job": job_id, "part": part}
        async with self._turn:
            argv = (sys.executable, "-m", "api.page_data")
            process = await asyncio.create_subprocess_exec(
                *argv, stdin=PIPE, stdout=PIPE
            )
            try:
                async with asyncio.timeout(_MOST_S):
                    said, _ = await process.communicate(to_json(asked))
            except TimeoutError:
                raise Problem(
                    "too-much",
                    f"The figures of {job_id} were not made within {_MOST_S:.0f} s."
                    " Its files can be downloaded.",
                ) from None
            finally:
                if process.returncode is None:
                    with suppress(ProcessLookupError):
                        process.kill()
                    await process.wait()
        if process.returncode:
            raise RuntimeError(f"it ended with {process.returncode}; see stderr")
        told = from_json(said)
        if "kind" in told:
            raise Problem(told["kind"], told["detail"])
        return PageData.model_validate(told)
