"""Warm processes: ours as they are, forked from one that has imported.

To import takes a worker half a second of a core and a reduce a whole one, and the
tests start hundreds of them. Nothing else differs: each has its own number, is killed
like any other, and its death is seen. A reduce is started by its worker,
which notices nothing, and hands over (`quick/sitecustomize.py`): not for tests that
kill one from outside.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import IO

from shared.process import tied
from tests.warm.server import NUMBER


@lru_cache(maxsize=1)
def warm() -> dict[str, str]:
    """The environment of workers whose reduces are warm. The process that forks is
    started once, and ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="llmbench-", dir="/tmp")
    path = str(Path(folder.name) / "s")
    argv = [sys.executable, "-m", "tests.warm.server", path]
    child = subprocess.Popen(tied(argv), stdout=subprocess.PIPE)

    def end() -> None:
        child.kill()
        child.communicate()
        folder.cleanup()

    atexit.register(end)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n", "nothing is warm"
    return {"WARM_PROCESSES": path, "PYTHONPATH": str(Path(__file__).parent / "quick")}


class Forked(subprocess.Popen[bytes]):
    """`python -m ARGS` that need not import: used as a child, and is one's child."""

    def __init__(
        self,
        args: list[str],
        env: Mapping[str, str],
        out: IO[bytes],
        err: int | None = None,
    ) -> None:
        self.args = args
        self.returncode: int | None = None
        self.stdin = self.stdout = self.stderr = None
        self._keeper = socket.socket(socket.AF_UNIX)
        self._keeper.connect(warm()["WARM_PROCESSES"])
        asked = json.dumps([{**env}, os.getcwd(), *args]).encode() + b"\n"
        files = [0, out.fileno(), out.fileno() if err is None else err]
        socket.send_fds(self._keeper, [asked[:1]], files)
        self._keeper.sendall(asked[1:])
        (self.pid,) = NUMBER.unpack(self._keeper.recv(NUMBER.size))

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            self._keeper.settimeout(timeout)
            try:
                said = self._keeper.recv(NUMBER.size)
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0) from None
            assert said, "who forked it has died"
            (self.returncode,) = NUMBER.unpack(said)
            self._keeper.close()
        return self.returncode
