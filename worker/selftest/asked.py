"""A self-test that was asked for through the API: a child of this worker runs it.

No shard is claimed while it runs: each would disturb the other.
"""

import asyncio
import logging
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress

from pydantic import ValidationError
from redis.asyncio import Redis

from shared.process import tied
from shared.store import selftests
from shared.store.client import AWAY
from shared.store.selftests import SelfTestRun
from shared.verdict.selftest import SelfTest

log = logging.getLogger("worker")

_GRACE_S = 20.0
"""Kept of its time for telling the store that it took too long."""


class SelfTests:
    """The self-tests of one worker, one at a time."""

    def __init__(self, redis: Redis, worker: str) -> None:
        self._redis = redis
        self._worker = worker
        self._task: asyncio.Task[None] | None = None

    @property
    def runs(self) -> bool:
        """Whether one runs here now."""
        return self._task is not None

    async def begin(self) -> None:
        """Begin the one that waits, if one does and none runs here."""
        if self._task is not None:
            return
        asked = await selftests.claim(self._redis, self._worker)
        if asked is not None:
            self._task = asyncio.create_task(run(self._redis, asked), name="selftest")
            self._task.add_done_callback(self._ended)

    async def close(self, *, within_s: float) -> None:
        """Stop the one that runs, and let it tell the store so."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,), timeout=within_s)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and task.exception() is not None:
            log.error("a self-test ended badly", exc_info=task.exception())


async def run(redis: Redis, asked: SelfTestRun) -> None:
    """Run it and tell the store what came of it. Where the store is away by then, the
    self-test is lost, which its reader sees from its `until`."""
    sizes = ",".join(map(str, asked.streams))
    argv = [sys.executable, "-m", "worker.selftest", "--streams", sizes]
    child = await asyncio.create_subprocess_exec(
        *tied(argv, signal.SIGTERM), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    came: SelfTest | str = "The worker that ran it was stopped."
    try:
        async with asyncio.timeout(selftests.RUN_S - _GRACE_S):
            came = _read(*await child.communicate())
    except TimeoutError:
        came = f"It had not ended after {selftests.RUN_S - _GRACE_S:.0f} s."
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()
        with suppress(*AWAY):
            await selftests.end(redis, asked, came)


def _read(result: bytes, said: bytes) -> SelfTest | str:
    """The result; without one the last line that the child said."""
    try:
        return SelfTest.model_validate_json(result)
    except ValidationError:
        lines = said.decode("utf-8", "replace").splitlines()
        return lines[-1][:500] if lines else "It ended without a word."
