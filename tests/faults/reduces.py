"""Warm reduces: the reduce as it is, in a process forked from one that has pandas.

Workers notice nothing: they start `python -m worker.ended` and ask it, and it
hands over (`quick/sitecustomize.py`). Not for tests that kill a reduce from outside.
"""

import atexit
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import traceback
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from shared.process import tied

_IMPORTED = (
    "shared.analysis.columns",
    "shared.outputs",
    "shared.analysis.summarize",
    "worker.advance",
)


@lru_cache(maxsize=1)
def warm() -> dict[str, str]:
    """The environment of workers whose reduces are warm. The process is started once,
    and ends with this one."""
    folder = tempfile.TemporaryDirectory(prefix="llmbench-", dir="/tmp")
    path = str(Path(folder.name) / "s")
    argv = [sys.executable, "-m", "tests.faults.reduces", path]
    child = subprocess.Popen(tied(argv), stdout=subprocess.PIPE)

    def end() -> None:
        child.kill()
        child.communicate()
        folder.cleanup()

    atexit.register(end)
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n", "no warm reduces"
    return {"WARM_REDUCES": path, "PYTHONPATH": str(Path(__file__).parent / "quick")}


def main(path: str) -> None:
    """Fork a process for each run that is asked for."""
    for name in _IMPORTED:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        print("ready", flush=True)
        while True:
            asking, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _reduce(asking)
            asking.close()


def _reduce(asking: socket.socket) -> None:
    """What `python -m worker.ended` does, in the environment of who asks, and
    with its     files."""
    code = 1
    try:
        begin, files, _, _ = socket.recv_fds(asking, 1, 3)
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        with asking.makefile("rb") as line:
            environment, arguments = json.loads(begin + line.readline())
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["worker.ended", *arguments]
        runpy.run_module("worker.ended", run_name="__main__")
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        asking.sendall(bytes([code]))
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
