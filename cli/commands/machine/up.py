"""`llmbench up`: the whole stack on this machine, until it is told to stop."""

import asyncio
import os
import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr

from cli.stack import (
    DATA_DIR,
    Stack,
    StackOptions,
    cores,
    left,
    run,
    workers_for,
)
from cli.terminal import note, read_settings, say
from shared.settings import Settings
from shared.startup import start
from shared.startup.ports import free_port
from shared.store import fitness

DataDir = Annotated[Path, typer.Option(help="Where the embedded store keeps its data.")]


def up(
    host: Annotated[str | None, typer.Option(help="Instead of HOST.")] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65_535, help="Instead of PORT; 0: a free one."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Instead of one for each core."),
    ] = None,
    simulate: Annotated[
        bool, typer.Option("--simulate", help="Against simulated models; no key.")
    ] = False,
    data_dir: DataDir = DATA_DIR,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Open no browser, also with a display.")
    ] = False,
) -> None:
    """Run the whole stack on this machine until Ctrl-C.

    Other commands in the same folder find it by themselves.

    Example: llmbench up --simulate
    """
    raise typer.Exit(
        stay_up(
            read_settings(),
            host=host,
            port=port,
            workers=workers,
            simulate=simulate,
            data_dir=data_dir,
            opens=not no_open and has_display(os.environ, sys.platform),
        )
    )


def has_display(environ: Mapping[str, str], platform: str) -> bool:
    """Whether somebody sits here before a screen: a terminal, and a display for a
    browser. Without one `webbrowser` might take a browser of texts, and the terminal.

    >>> has_display({"DISPLAY": ":0", "SSH_CONNECTION": "10.0.0.1"}, "linux")
    False
    """
    if not sys.stdout.isatty() or "SSH_CONNECTION" in environ:
        return False
    shown = environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY")
    return bool(shown) or platform == "darwin"


def stay_up(
    settings: Settings,
    *,
    host: str | None,
    port: int | None,
    workers: int | None,
    simulate: bool,
    data_dir: Path,
    opens: bool,
) -> int:
    """Run until a signal; the exit code.

    workers: None: as many as this machine has cores for, which is said.
    opens: the pages in a browser, once all is ready.
    """
    if simulate:  # whose key is its own
        ours = {"openrouter_api_key": SecretStr("sk-or-v1-simulated")}
        settings = settings.model_copy(update=ours)
    seen = (*start.checks_for("stack", settings), *fitness.store(settings))
    # what is only doubtful the parts say themselves
    if wrong := [each for each in seen if each.level == "bad"]:
        for each in wrong:
            note(each.line)
        return start.WRONG
    usable = cores()
    options = StackOptions(
        host=host or settings.host,
        port=(settings.port if port is None else port) or free_port(),
        workers=workers or workers_for(usable),
        simulate=simulate,
        data_dir=data_dir,
        redis_url=settings.redis_url,
        lease_s=settings.lease_s,
        drain_s=settings.drain_s,
    )

    async def stay(stack: Stack) -> int:
        if workers is None:
            chosen = f"{options.workers} for the {usable} cores that may be used"
            say(f"workers  {chosen}; --workers N for another number")
        with left(data_dir, stack.url):
            say(f"All is ready: {stack.url} in a browser. Ctrl-C stops everything.")
            if opens:
                await asyncio.to_thread(webbrowser.open, stack.url)
            await asyncio.Event().wait()
        return 0

    return run(Stack(options, say), say, stay)
