"""What the self-test consists of beside itself: a simulator and a worker, as children.

They inherit no setting of this process: a self-test is the same everywhere, and no
key of the user's is in it.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import NotReady
from shared.process import tied
from shared.settings import Settings
from shared.verdict.selftest import GAP_S, TOKENS, TTFT_S

ROOT = Path(__file__).resolve().parents[2]
"""Where the children's code is, whether it was installed or not."""
_STOP_S = 10.0


@contextmanager
def alone(say: Callable[[str], None]) -> Iterator[None]:
    """No other self-test of this machine runs meanwhile, whoever began it: two would
    measure each other. Waits for one that does, and says so.

    The lock is on the folder of temporary files, which all users have in common.
    """
    lock = os.open(tempfile.gettempdir(), os.O_RDONLY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another self-test runs on this machine; this one waits for its end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


@contextmanager
def simulator(folder: Path) -> Iterator[str]:
    """The base URL of a simulator whose timing is known."""
    argv = ["simulator", "--spread", "0", "--comment-every-s", "0"]
    argv += ["--ttft-s", str(TTFT_S), "--gap-s", str(GAP_S), "--tokens", str(TOKENS)]
    with _child(argv, folder, {}, stdout=subprocess.PIPE) as child:
        line = child.stdout.readline().decode() if child.stdout else ""
        if not line.startswith("ready "):
            raise NotReady("The simulator ended before it was ready.")
        yield line.split()[1]


@contextmanager
def worker(store_url: str, upstream: str, folder: Path) -> Iterator[None]:
    """A worker as users run it, with the simulator as its upstream."""
    settings = {
        "REDIS_URL": store_url,
        "OPENROUTER_BASE_URL": upstream,
        "UPSTREAM_KIND": "openrouter",
        "FREE_LIMITS": "off",
        "OPENROUTER_API_KEY": "sk-or-v1-selftest",
        "RESULTS_DIR": str(folder / "results"),
        "LOG_FILE": str(folder / "server_logs.txt"),
        "LOG_LEVEL": "WARNING",
        "DRAIN_S": "1",
        "OTEL_SDK_DISABLED": "true",
    }
    with _child(["worker"], folder, settings):
        yield


@contextmanager
def _child(
    argv: list[str], folder: Path, settings: dict[str, str], stdout: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """`python -m ARGV` with these settings and no others, until the block is left."""
    ours = set(Settings.model_fields)
    env = {
        name: value for name, value in os.environ.items() if name.lower() not in ours
    }
    path = os.pathsep.join(filter(None, (str(ROOT), env.get("PYTHONPATH"))))
    child = subprocess.Popen(  # noqa: S603
        tied([sys.executable, "-m", *argv]),
        env={**env, "PYTHONPATH": path, **settings},
        cwd=folder,  # where no `.env` lies
        stdin=subprocess.DEVNULL,
        # stdout is for the result alone
        stdout=subprocess.DEVNULL if stdout is None else stdout,
        start_new_session=True,  # Ctrl-C is for us; they are stopped in order
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()
