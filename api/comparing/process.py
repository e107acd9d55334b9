"""The process that computes, as the API sees it."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json

from api.errors import Problem

MOST_JOBS = 8
_MOST_S = 60.0
_MOST_SUMMARY_S = 300.0


async def compared(
    results_dir: Path,
    job_ids: Sequence[str],
    *,
    anyway: bool,
    against: Sequence[str],
    control: str | None,
    turn: asyncio.Lock,
) -> bytes:
    """The comparison as JSON. Raises Problem.

    turn: held meanwhile; one is made at a time.
    """
    asked = {"folder": str(results_dir), "jobs": list(job_ids), "anyway": anyway}
    asked |= {"against": list(against), "control": control}
    too_long = (
        f"It was not compared within {_MOST_S:.0f} s. Name fewer or smaller benchmarks."
    )
    async with turn:
        return await _answered(asked, _MOST_S, too_long)


async def resummarized(results_dir: Path, job_id: str, *, turn: asyncio.Lock) -> bytes:
    """What became of the run's summary, as JSON. Raises Problem.

    turn: as above.
    """
    asked = {"folder": str(results_dir), "resummarize": job_id}
    too_long = (
        f"It was not summarised within {_MOST_SUMMARY_S:.0f} s, and nothing has"
        f" changed. Do it where its files are: llmbench resummarize"
        f" RESULTS_DIR/{job_id}"
    )
    async with turn:
        return await _answered(asked, _MOST_SUMMARY_S, too_long)


async def _answered(asked: Mapping[str, Any], most_s: float, too_long: str) -> bytes:
    argv = (sys.executable, "-m", "api.comparing")
    process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE)
    try:
        async with asyncio.timeout(most_s):
            said, _ = await process.communicate(to_json(asked))
    except TimeoutError:
        raise Problem("too-much", too_long) from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"the process ended with {process.returncode}; see stderr")
    told = from_json(said)
    if "kind" in told:
        raise Problem(told["kind"], told["detail"])
    return said
