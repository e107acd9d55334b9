"""A child process: ready or not, restarted, stopped, killed, and never left behind."""

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from cli.stack.child import Child
from shared.errors import Misconfigured, NotReady


class Stage:
    """A folder in which small programs are modules, and what was said about them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def child(self, program: str) -> Child:
        """A child that is ready when it has written its file `ready`."""
        (self.folder / "actor.py").write_text(program)

        async def answers(_: Child) -> bool:
            return self.ready.exists()

        env = dict(os.environ)
        self.ready.unlink(missing_ok=True)
        say = self.said.append
        return Child("actor", ("actor",), env, answers, say, str(self.folder))

    @property
    def ready(self) -> Path:
        return self.folder / "ready"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():
            await asyncio.sleep(0.02)


def gone(pid: int | None) -> bool:
    assert pid is not None
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


STAYS = "import time\nopen('ready', 'a').close()\ntime.sleep(600)\n"
STUBBORN = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STAYS
PARENT = (
    "import subprocess, sys\n"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "open('grandchild', 'w').write(str(child.pid))\n" + STAYS
)


async def test_it_is_ready_when_it_answers(stage: Stage) -> None:
    asked: list[int | None] = []

    async def third_time(child: Child) -> bool:
        asked.append(child.pid)
        return len(asked) == 3

    child = stage.child(STAYS)
    child.answers = third_time
    await child.start()
    assert asked == [child.pid] * 3
    await child.stop(10)
    assert gone(child.pid)


async def test_one_that_ends_at_once_is_an_error_and_not_restarted(
    stage: Stage,
) -> None:
    child = stage.child("raise SystemExit(3)")
    with pytest.raises(NotReady, match="actor ended with code 3 before it was ready"):
        await child.start()
    await child.stop(10)


async def test_one_that_needs_a_person_is_told_apart(stage: Stage) -> None:
    child = stage.child("raise SystemExit(2)")
    with pytest.raises(Misconfigured, match="actor refuses to start; its reasons are"):
        await child.start()
    await child.stop(10)


async def test_one_that_is_killed_is_started_again(stage: Stage) -> None:
    child = stage.child(STAYS)
    await child.start()
    keeping = asyncio.create_task(child.supervise())
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: stage.said[-1:] == ["actor is ready again"])
    assert child.pid != first
    assert "actor was killed by SIGKILL; starting it again in 0.5 s" in stage.said
    await child.stop(10)
    await keeping
    assert gone(child.pid)


async def test_one_that_goes_on_dying_is_started_less_and_less_often(
    stage: Stage,
) -> None:
    child = stage.child(STAYS)
    await child.start()
    stage.child("raise SystemExit(4)")  # its program is broken from now on
    keeping = asyncio.create_task(child.supervise())
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await until(lambda: any("again in 2 s" in line for line in stage.said))
    pauses = [line.split(" in ")[1] for line in stage.said if "starting it" in line]
    assert pauses == ["0.5 s", "1 s", "2 s"]
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await child.stop(10)


async def test_a_stop_gives_time_and_then_takes_it(stage: Stage) -> None:
    child = stage.child(STUBBORN)
    await child.start()
    await child.stop(0.2)
    assert gone(child.pid)
    assert stage.said == ["actor did not end within 0.2 s; killing it"]


@pytest.mark.parametrize("how", ["stop", "killed"])
async def test_what_it_started_goes_with_it(how: str, stage: Stage) -> None:
    child = stage.child(PARENT)
    await child.start()
    grandchild = int((stage.folder / "grandchild").read_text())
    if how == "killed":
        keeping = asyncio.create_task(child.supervise())
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        await until(lambda: gone(grandchild))
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    await child.stop(10)
    await until(lambda: gone(grandchild))


async def test_the_terminal_s_interrupt_does_not_reach_it(stage: Stage) -> None:
    child = stage.child(STAYS)
    await child.start()
    assert child.pid is not None
    assert os.getpgid(child.pid) != os.getpgid(0)
    await child.stop(10)
