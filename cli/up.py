"""`llmbench up`: the whole stack on this machine, until it is told to stop."""

import asyncio
import os
from pathlib import Path

from cli.stack import Options, Stack, run
from shared.settings import Settings


def up(
    settings: Settings,
    *,
    host: str | None,
    port: int | None,
    workers: int,
    simulate: bool,
    data_dir: Path,
) -> int:
    """Run until a signal; the exit code."""
    options = Options(
        host=host or settings.host,
        port=settings.port if port is None else port,
        workers=workers,
        simulate=simulate,
        data_dir=data_dir,
        redis_url=settings.redis_url,
        lease_s=settings.lease_s,
        drain_s=settings.drain_s,
    )
    if not simulate and settings.needs_key and settings.api_key() is None:
        say("No OPENROUTER_API_KEY is set: models are listed, calls are refused.")
        say("Put one into .env, or try without: llmbench up --simulate")
    return run(Stack(options, say), say, _stay)


async def _stay(stack: Stack) -> int:
    say(f"All is ready: {stack.url}/docs. Ctrl-C stops everything.")
    await asyncio.Event().wait()
    return 0


def say(text: str) -> None:
    """A line for the person at the terminal, who may have closed it by now."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
