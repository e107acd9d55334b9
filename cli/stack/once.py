"""A stack that is started for one job, and ends with it."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from cli.stack.address import LOCK
from cli.stack.cores import cores, workers_for
from cli.stack.stack import Stack, StackOptions
from shared.clock import wall_s
from shared.process import is_locked
from shared.settings import Settings
from shared.startup.ports import free_port

_PREFIX = "llmbench-simulated-"
_STARTS_IN_S = 60.0
"""A stack holds the lock of its folder sooner than that."""


def sweep(folder: Path) -> None:
    """Delete what stacks of one job have left there that were killed: nobody holds
    their lock. What is another user's, or cannot be deleted, is left alone."""
    for left in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            about = left.lstat()
            is_old = wall_s() - about.st_mtime > _STARTS_IN_S
            if is_old and about.st_uid == os.getuid() and not is_locked(left / LOCK):
                shutil.rmtree(left)


@contextmanager
def simulated(results_dir: Path) -> Iterator[StackOptions]:
    """A stack of simulated models: without the settings, which are the same everywhere,
    and with a store of its own, whose workers ask nobody else."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    ours = set(Settings.model_fields)
    env = {
        name: value for name, value in os.environ.items() if name.lower() not in ours
    }
    env |= {
        "RESULTS_DIR": str(results_dir.absolute()),
        "LOG_FILE": str(folder / "server_logs.txt"),
        "LOG_LEVEL": "ERROR",  # the job itself tells the rest
    }
    try:
        yield StackOptions(
            host="127.0.0.1",
            port=free_port(),
            workers=workers_for(cores()),
            simulate=True,
            data_dir=folder,
            redis_url=None,
            lease_s=Settings.model_fields["lease_s"].default,
            drain_s=Settings.model_fields["drain_s"].default,
            env=env,
            cwd=str(folder),  # where no `.env` lies
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def of_settings(settings: Settings, data_dir: Path) -> StackOptions:
    """A stack of this folder, with a store of its own, at an address that nobody else
    is told."""
    quiet = {} if "log_level" in settings.model_fields_set else {"LOG_LEVEL": "ERROR"}
    return StackOptions(
        host="127.0.0.1",
        port=free_port(),
        workers=workers_for(cores()),
        simulate=False,
        data_dir=data_dir,
        redis_url=None,
        lease_s=settings.lease_s,
        drain_s=settings.drain_s,
        for_one_job=True,
        env=os.environ | quiet,
    )


@asynccontextmanager
async def started(options: StackOptions) -> AsyncIterator[Stack]:
    """The stack while the block lasts; what ends is started again, and told."""
    ready = False

    def say(line: str) -> None:
        if ready:
            with suppress(OSError):
                print(line, file=sys.stderr, flush=True)

    stack = Stack(options, say)
    # Ctrl-C is left to who shows the job; the others end the work, and so the stack.
    work, loop = asyncio.current_task(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if work and signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, work.cancel)
    watch: asyncio.Task[None] | None = None
    try:
        await stack.start()
        ready = True
        watch = asyncio.create_task(stack.watch())
        yield stack
    finally:
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        await stack.stop()
