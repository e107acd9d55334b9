"""A self-test that was asked for through the API: a child of this worker runs it."""

import asyncio
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress

from pydantic import ValidationError
from redis.asyncio import Redis

from shared.process import tied
from shared.selftest import SelfTest
from shared.store import selftests
from shared.store.client import AWAY
from shared.store.selftests import SelfTestRun

_GRACE_S = 20.0
"""Kept of its time for telling the store that it took too long."""


async def run(redis: Redis, asked: SelfTestRun) -> None:
    """Run it and tell the store what came of it. Where the store is away by then, the
    self-test is lost, which its reader sees from its `until`."""
    sizes = ",".join(map(str, asked.streams))
    argv = [sys.executable, "-m", "worker.selftest.run", "--streams", sizes]
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
