"""`llmbench` as a process of its own, and a stack that one of them keeps up."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from shared.startup.ports import free_port
from tests.warm import processes

ROOT = Path(__file__).parents[2]
LLMBENCH = (sys.executable, "-m", "cli")


def llmbench(
    folder: Path, *args: str, given: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """One command in this folder; `given` is its standard input. The reduces of a stack
    that it starts are warm."""
    warm = processes.warm()
    path = os.pathsep.join((str(ROOT), warm["PYTHONPATH"]))
    return subprocess.run(
        [*LLMBENCH, *args],
        cwd=folder,
        env=os.environ | warm | {"PYTHONPATH": path, "COLUMNS": "160"} | env,
        input=given,
        capture_output=True,
        text=True,
        timeout=90,
    )


class Up:
    """One `llmbench up --simulate`, and what it printed."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._printed = folder / "printed.txt"
        with self._printed.open("w") as printed:
            self.process = subprocess.Popen(
                [*LLMBENCH, "up", "--simulate", "--port", str(self.port), *more],
                cwd=folder,
                env=os.environ
                | {"PYTHONPATH": str(ROOT), "LEASE_S": "3", "HEARTBEAT_S": "0.5"}
                | {"HEARTBEAT_FILE": str(folder / "alive")},
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        return self._printed.read_text()

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not true():
            assert time.monotonic() < deadline, self.text()
            assert self.process.poll() is None, self.text()
            time.sleep(0.05)

    def until_ready(self) -> None:
        self.until(lambda: "All is ready" in self.text())

    def parts(self) -> list[psutil.Process]:
        """Every process that it started, and those of theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def running(self, module: str) -> list[psutil.Process]:
        return [p for p in self.parts() if p.cmdline()[1:3] == ["-m", module]]

    def socket(self) -> Path:
        note = self.folder / ".llmbench" / "store" / "store.socket"
        return Path(note.read_text())

    def ask(self, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """Another `llmbench` in the same folder."""
        return llmbench(self.folder, *args, given=given)
