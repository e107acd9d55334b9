"""The process that checks, as the worker sees it: started when needed, then kept."""

import asyncio
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from pydantic_core import from_json, to_json

from shared.checks import Checked, CheckKind

log = logging.getLogger("worker.checks")

_MOST_S = 60.0
"""By the clock, for one answer; its own bound is one of computing, and much less."""
_MOST_TRIES = 2
"""A process may have been ended by somebody; one that ends again ends of the answer."""
_GRACE_S = 2.0
_MOST_LINE = 4 * 2**20
"""A longer answer is not sent: it has more characters than are looked at."""

Then = Callable[[Checked], None]


@dataclass(slots=True)
class _Asked:
    line: bytes
    then: Then
    tries: int = 0


class Checker:
    """Checks answers one after the other, beside whatever this process does.

    Answers wait in memory, as unread ones do. What cannot be decided, for whatever
    reason, is said to be so, and holds nobody up.
    """

    def __init__(self) -> None:
        self._process: Process | None = None
        self._waiting: deque[_Asked] = deque()
        self._task: asyncio.Task[None] | None = None
        self._warned = False

    def check(self, checks: Sequence[CheckKind], text: str, then: Then) -> None:
        """Ask what the checks say of an answer; `then` is told, later."""
        line = to_json(checks) + b"\t" + to_json(text) + b"\n"
        if len(line) > _MOST_LINE:
            line = to_json(checks) + b'\t""\n'
            told, then = then, lambda _: told(_UNDECIDED)
        asked = _Asked(line, then)
        self._waiting.append(asked)
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(asked.line)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._hear(), name="checks")

    @property
    def process_id(self) -> int | None:
        """Of the process; None where there is none."""
        return None if self._process is None else self._process.pid

    async def begin(self) -> None:
        """Have the process ready, before anything is timed."""
        ready = asyncio.get_running_loop().create_future()
        self.check((), "", lambda _: None if ready.done() else ready.set_result(None))
        await ready

    async def close(self) -> None:
        """End the process; who still waits is told that nothing was decided."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        self._give_up()
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
        await self._end()

    async def _hear(self) -> None:
        """Hand on what it says, until nobody waits."""
        while self._waiting:
            try:
                process = self._process or await self._start()
            except OSError as error:
                self._warn(f"no process for them can be started: {error}")
                self._give_up()
                return
            said = await _line(process)
            if said.endswith(b"\n"):
                self._waiting.popleft().then(Checked(*from_json(said)))
                continue
            await self._end()
            first = self._waiting[0]
            first.tries += 1
            if first.tries >= _MOST_TRIES:
                self._warn("an answer ended the process that checks it")
                self._waiting.popleft().then(_UNDECIDED)

    async def _start(self) -> Process:
        argv = (sys.executable, "-m", "worker.checks")
        process = await asyncio.create_subprocess_exec(*argv, stdin=PIPE, stdout=PIPE)
        if process.stdin is None or process.stdout is None:
            raise OSError("a process without its pipes")
        self._process = process
        for asked in self._waiting:  # those too that came meanwhile
            process.stdin.write(asked.line)
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _give_up(self) -> None:
        while self._waiting:
            self._waiting.popleft().then(_UNDECIDED)

    def _warn(self, why: str) -> None:
        if not self._warned:
            log.error("answers are not checked: %s", why)
        self._warned = True


async def _line(process: Process) -> bytes:
    """What it says next; without its line feed where it has ended, or is silent."""
    if process.stdout is None:
        return b""
    with suppress(TimeoutError):
        async with asyncio.timeout(_MOST_S):
            return await process.stdout.readline()
    return b""


_UNDECIDED = Checked(None, "not checked")
