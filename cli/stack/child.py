"""One of the stack's processes: started, known to be ready, kept up, stopped."""

import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from shared.clock import monotonic_s, sleep
from shared.errors import Misconfigured, NotReady
from shared.process import tied
from shared.startup.start import WRONG

Say = Callable[[str], None]

READY_S = 60.0
_LOOK_S = 0.05
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_STEADY_S = 60.0  # one that lived this long did not die of its start


@dataclass(slots=True)
class Child:
    """A Python module of ours, run as `python -m ARGS`."""

    name: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    answers: "Callable[[Child], Awaitable[bool]]"
    """Whether it serves."""
    say: Say
    cwd: str | None = None
    # Not asyncio's: before Python 3.13 its `wait` waits as well for whoever inherited
    # a pipe, so that a dead child's own child would keep it from being seen as dead.
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _stopping: bool = field(default=False, init=False)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start it and wait until it answers; raises NotReady when it will not, and
        Misconfigured when it says that a person has to help."""
        self._process = self._spawn()
        until = monotonic_s() + READY_S
        while not await self.answers(self):
            if (code := self._process.poll()) is not None:
                if code == WRONG:
                    raise Misconfigured(
                        f"{self.name} refuses to start; its reasons are above."
                    )
                raise NotReady(
                    f"{self.name} {_ended(code)} before it was ready; its own words"
                    " are above."
                )
            if monotonic_s() > until:
                raise NotReady(f"{self.name} was not ready within {READY_S:g} s.")
            await sleep(_LOOK_S)

    async def supervise(self) -> None:
        """Until it is stopped: when it ends, start it again after a growing pause."""
        pause_s = _FIRST_PAUSE_S
        while True:
            started_s = monotonic_s()
            code = await self._wait()
            if self._stopping:
                return
            self._sweep()
            if monotonic_s() - started_s > _STEADY_S:
                pause_s = _FIRST_PAUSE_S
            self.say(f"{self.name} {_ended(code)}; starting it again in {pause_s:g} s")
            await sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
            try:
                await self.start()
            except (NotReady, Misconfigured) as error:
                self.say(str(error))
            else:
                self.say(f"{self.name} is ready again")

    async def stop(self, grace_s: float) -> None:
        """Ask it to end; after `grace_s` make it. Nothing of it is left then."""
        self._stopping = True
        if self._process is None:
            return
        self._process.terminate()
        until = monotonic_s() + grace_s
        while self._process.poll() is None and monotonic_s() < until:
            await sleep(_LOOK_S)
        if self._process.returncode is None:
            self.say(f"{self.name} did not end within {grace_s:g} s; killing it")
        self._sweep()
        await self._wait()

    def kill(self) -> None:
        """End it now, and what it started."""
        self._stopping = True
        if self._process is not None and self._process.poll() is None:
            self._sweep()

    async def _wait(self) -> int:
        while True:
            code = self._process.poll() if self._process else 0
            if code is not None:
                return code
            await sleep(_LOOK_S)

    def _spawn(self) -> subprocess.Popen[bytes]:
        # A session of its own: the terminal's Ctrl-C reaches us alone, and we stop
        # everything in an order; and what it leaves behind can be swept by its group.
        return subprocess.Popen(
            tied([sys.executable, "-m", *self.args]),
            env=self.env,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what it has to say are log lines, on stderr
            start_new_session=True,
        )

    def _sweep(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with code {code}"
    return f"was killed by {signal.Signals(-code).name}"
