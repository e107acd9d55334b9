"""Forks processes from one that has imported what they need: `python -m
tests.warm.server SOCKET`.

Who asks sends its three files and a line of JSON: environment, folder, module and its
arguments. It is told the number of the process, and with what that ended.
"""

import ctypes
import gc
import json
import os
import runpy
import signal
import socket
import struct
import sys
import traceback
from importlib import import_module

_IMPORTED = (
    "api.main",
    "shared.analysis.columns",
    "shared.analysis.summarize",
    "shared.outputs",
    "simulator.__main__",
    "worker.advance",
    "worker.main",
)
NUMBER = struct.Struct("i")
_PR_SET_PDEATHSIG = 1


def main(path: str) -> None:
    """Fork a process for each that is asked for."""
    for name in _IMPORTED:
        import_module(name)
    gc.freeze()  # a collection in a child need not look at all of pandas
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # we end with the tests
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen(64)
        print("ready", flush=True)
        while True:
            asking, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _keep(asking)
            asking.close()


def _keep(asking: socket.socket) -> None:
    """Start what is asked for, and tell of its end."""
    _tie()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    begin, files, _, _ = socket.recv_fds(asking, 1, 3)
    with asking.makefile("rb") as line:
        environment, folder, module, *arguments = json.loads(begin + line.readline())
    pid = os.fork()
    if pid == 0:
        _tie()
        asking.close()
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        _become(module, arguments)
    for file in files:
        os.close(file)
    try:
        asking.sendall(NUMBER.pack(pid))
        _, status = os.waitpid(pid, 0)
        asking.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))
    finally:
        os._exit(0)


def _become(module: str, arguments: list[str]) -> None:
    """What `python -m MODULE ARGUMENTS` does."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [module, *arguments]
    code = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _tie() -> None:
    """End with who forked us, as children that are started do (`shared.process`)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1])
