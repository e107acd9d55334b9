"""arq's keys lost, of wrong types, or written by a stranger: row 27.

Each fault does its worst, and gives the sentence that a worker then says.
"""

import os
import pickle
import time
from functools import partial
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from shared import queue
from shared.run import Status
from shared.store.run import runs
from tests.children import until
from tests.faults.stack import Stack, a_plan, a_stack


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self._path),)


async def lose(stack: Stack) -> str:
    await stack.redis.zadd(queue.QUEUE, {"of later": time.time() * 1000 + 60_000})
    assert await stack.redis.delete(queue.QUEUE) == 1
    return ""


async def mistype(stack: Stack) -> str:
    await stack.redis.delete(queue.QUEUE)
    await stack.redis.set(queue.QUEUE, "no sorted set")
    return "WRONGTYPE"


async def haunt(stack: Stack) -> str:
    """Aborts of ids that nobody has, also of the past and of the one to come."""
    ghosts = {"ghost": 1, "": 2, "\x00": 3, "answer": time.time() * 1000}
    assert await stack.redis.zadd("arq:abort", ghosts) == len(ghosts)
    await stack.redis.zadd(queue.QUEUE, {"ghost": 1})
    return "job ghost expired"


async def visit(stack: Stack) -> str:
    job: dict[str, Any] = {"t": None, "f": "of_a_stranger", "a": [], "k": {}, "et": 1}
    await stack.redis.set("arq:job:stranger", to_json(job))
    await stack.redis.zadd(queue.QUEUE, {"stranger": 1})
    return "function 'of_a_stranger' not found"


async def plant(stack: Stack) -> str:
    job: dict[str, Any] = {
        "t": None,
        "f": "answer",
        "a": (Touch(stack.folder / "touched"),),
        "k": {},
    }
    await stack.redis.set("arq:job:planted", pickle.dumps({**job, "et": 1}))
    await stack.redis.zadd(queue.QUEUE, {"planted": 1})
    return "deserializing job planted failed"


async def twist(stack: Stack) -> str:
    """JSON that is no job of arq's: it breaks arq itself."""
    job: dict[str, Any] = {"t": None, "f": ["answer"], "a": [], "k": {}, "et": 1}
    await stack.redis.set("arq:job:twisted", to_json(job))
    await stack.redis.zadd(queue.QUEUE, {"twisted": 1})
    return "unhashable type"


FAULTS = (haunt, visit, plant, twist, lose, mistype)


async def test_whatever_arqs_keys_hold_no_worker_ends_and_jobs_run_on(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.1) as stack:
        worker = stack.fleet.start()
        before = await stack.submit(a_plan(n=400))
        await stack.closed(before, 1)
        for fault in FAULTS:
            sentence = await fault(stack)
            await until(partial(said, stack, sentence), f"the sentence {sentence!r}")
        flying = await stack.run(before)
        assert flying is not None
        assert flying.status is Status.RUNNING, "it was over before the last fault"
        stack.upstream.gap_s = 0.001
        after = await runs.create(stack.redis, a_plan(n=8))  # nobody can ring
        for job_id in (before, after.job_id):
            done = await stack.reaches(job_id, Status.DONE)
            assert done.interrupted == 0
        assert len(stack.upstream.ledger) == 408
        assert worker.poll() is None
        assert not (tmp_path / "touched").exists(), "a stranger's pickle was opened"


async def said(stack: Stack, sentence: str) -> bool:
    return sentence in stack.said()
