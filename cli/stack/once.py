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

from cli.stack.stack import Stack, StackOptions
from shared.settings import Settings
from shared.startup.ports import free_port

WORKERS = 2


@contextmanager
def simulated(results_dir: Path) -> Iterator[StackOptions]:
    """A stack of simulated models: without the settings, which are the same everywhere,
    and with a store of its own, whose workers ask nobody else."""
    folder = Path(tempfile.mkdtemp(prefix="llmbench-simulated-"))
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
            workers=WORKERS,
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
        workers=WORKERS,
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
