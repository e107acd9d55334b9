"""`llmbench up`: the whole stack on this machine, until it is told to stop."""

import asyncio
import os
from pathlib import Path

import typer
from pydantic import SecretStr

from cli.stack import Options, Stack, run
from shared.settings import Settings
from shared.startup import start
from shared.startup.ports import free_port
from shared.store import fitness


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
    if simulate:  # whose key is its own
        ours = {"openrouter_api_key": SecretStr("sk-or-v1-simulated")}
        settings = settings.model_copy(update=ours)
    seen = (*start.look("stack", settings), *fitness.store(settings))
    # what is only doubtful the parts say themselves
    if wrong := [each for each in seen if each.level == "bad"]:
        for each in wrong:
            typer.echo(each.line, err=True)
        return start.WRONG
    options = Options(
        host=host or settings.host,
        port=(settings.port if port is None else port) or free_port(),
        workers=workers,
        simulate=simulate,
        data_dir=data_dir,
        redis_url=settings.redis_url,
        lease_s=settings.lease_s,
        drain_s=settings.drain_s,
    )
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
