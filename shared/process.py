"""Children that do not outlive us, locks that end with their holder, which version of
this program runs, and places where a test lets the process die."""

import fcntl
import os
import signal
import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of
from pathlib import Path

# The kernel sends the signal when the parent's *thread* ends, so children have to be
# started from a thread that lives as long as they should. A small program does the
# call and then becomes the child: doing it between fork and exec of a program with
# threads may deadlock. A parent that died before the call is noticed by its number.
_TIE = """
import ctypes, os, sys
parent, number, argv = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
ctypes.CDLL(None).prctl(1, number)
os.getppid() == parent or sys.exit("the parent ended first")
os.execvp(argv[0], argv)
"""


def tied(argv: list[str], on_death: signal.Signals = signal.SIGKILL) -> list[str]:
    """`argv`, so that its process gets `on_death` when this process dies.

    Linux only (PR_SET_PDEATHSIG, prctl(2)); elsewhere `argv` as it is.
    """
    if sys.platform != "linux":
        return argv
    tie = [sys.executable, "-I", "-S", "-c", _TIE]
    return [*tie, str(os.getpid()), str(int(on_death)), *argv]


def version() -> str:
    """Of this program; `checkout` where it is not installed."""
    try:
        return version_of("llmbench")
    except PackageNotFoundError:
        return "checkout"


def lock_file(path: Path, note: str) -> int | None:
    """Lock `path` until the returned descriptor is closed, or this process ends.

    None when another process holds it; what that one noted is the file's text.
    """
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(lock, 0)
        os.pwrite(lock, note.encode(), 0)
    except BlockingIOError:
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    return lock


def is_locked(path: Path) -> bool:
    """Whether another process holds the lock on `path`."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


CRASH_CODE = 70


def crash_point(name: str) -> None:
    """Die here, as by kill -9, where CRASH_AT names this place: nothing is flushed and
    nothing is tidied up. Otherwise nothing happens.

    CRASH_AT=reduce:after-csv python -m worker.ended JOB    ends there with code 70
    """
    if os.environ.get("CRASH_AT") == name:
        os._exit(CRASH_CODE)
