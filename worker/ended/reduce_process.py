"""The process that reduces, as the worker sees it: started when needed, then kept warm.

After its first run with rows it has pandas, whose import takes a second. It may be
killed at any point: its run is reduced again, by another process.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass

_MOST_REDUCES = 500
_MOST_BYTES = 512 * 2**20
"""A process above it is ended: Python returns little memory to the system."""
_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class _Child:
    process: Process
    asks: asyncio.StreamWriter
    answers: asyncio.StreamReader

    @property
    def lives(self) -> bool:
        return self.process.returncode is None


class ReduceProcess:
    """`python -m worker.ended`: it reads ids of runs, and answers each.

    A process that failed, has grown large or has made many is ended, and the next run
    has a new one.
    """

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._reduces = 0

    async def run(self, job_id: str) -> int:
        """Reduce a run; 0, or the code with which that failed."""
        child = self._child
        if child is None or not child.lives:
            child = self._child = await _start()
            self._reduces = 0
        with suppress(ConnectionError):  # it has died; then there is no answer
            child.asks.write(job_id.encode() + b"\n")
            await child.asks.drain()
        said = await child.answers.readline()
        if not said.endswith(b"\n"):
            return await child.process.wait() or 1
        code, memory_bytes = map(int, said.split())
        self._reduces += 1
        if code or memory_bytes > _MOST_BYTES or self._reduces >= _MOST_REDUCES:
            await self.stop()
        return code

    async def stop(self) -> None:
        """End it: at once where it is idle, else in the middle of what it does."""
        child = self._child
        if child is None:
            return
        child.asks.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await child.process.wait()
        if child.lives:
            child.process.kill()
            await child.process.wait()
        self._child = None  # only now: who is cancelled here is called again


async def _start() -> _Child:
    argv = (sys.executable, "-m", "worker.ended")
    process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE)
    if process.stdin is None or process.stdout is None:
        raise OSError("a process without its pipes")
    return _Child(process, process.stdin, process.stdout)
