"""The process that compares, as the API sees it."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydantic_core import from_json, to_json

from api.errors import Problem

MOST_JOBS = 8
_MOST_S = 60.0


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
    async with turn:
        argv = (sys.executable, "-m", "api.comparing")
        process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE)
        try:
            async with asyncio.timeout(_MOST_S):
                said, _ = await process.communicate(to_json(asked))
        except TimeoutError:
            raise Problem(
                "too-much",
                f"It was not compared within {_MOST_S:.0f} s. Name fewer or smaller"
                " benchmarks.",
            ) from None
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    if process.returncode:
        raise RuntimeError(
            f"the comparison ended with {process.returncode}; see stderr"
        )
    told = from_json(said)
    if "kind" in told:
        raise Problem(told["kind"], told["detail"])
    return said
