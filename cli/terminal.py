"""What the commands share: the settings, the API that is asked, lines for a person."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from cli import exits, show
from cli.client import Api, Refused
from cli.stack import NoStack, must_find
from shared.errors import BenchError, InUse, NotReady, StoreDown
from shared.settings import Settings
from shared.startup import checks, start

Answer = TypeVar("Answer")

Url = Annotated[
    str | None,
    typer.Option(
        help="The API; else that of LLMBENCH_URL, else the stack of this folder."
    ),
]

_OURS_TO_MEND = frozenset({"missing-key", "misconfigured", "upstream-bad-key"})
"""Problems of a server error's status that a person has to mend all the same."""


def ask(
    url: str | None, question: Callable[[Api], Coroutine[Any, Any, Answer]]
) -> Answer:
    """What the API answers; an error of ours as its sentence, with its exit code."""

    async def asked() -> Answer:
        async with Api(must_find(url).url) as api:
            return await question(api)

    return attempt(asked())


def attempt(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Do it; an error of ours as its sentence, with its exit code."""
    try:
        return asyncio.run(work)
    except BenchError as error:
        note(str(error))
        raise typer.Exit(exit_code(error)) from None
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(exits.INTERRUPTED) from None


def exit_code(error: BenchError) -> int:
    """With which code a command ends for this reason."""
    if isinstance(error, Refused) and error.status:
        is_ours = error.status < 500 and error.status != 429
        return exits.USAGE if is_ours or error.kind in _OURS_TO_MEND else _AWAY
    if isinstance(error, Refused | NoStack | NotReady | InUse | StoreDown):
        return _AWAY
    return exits.USAGE


_AWAY = exits.UNREACHABLE


def read_settings() -> Settings:
    """The settings; what is wrong or doubtful as a line each, and exit code 2 for what
    is wrong."""
    settings, found = checks.read()
    if settings is not None:
        found = checks.names([*os.environ], settings.upstream_variables)
    for each in found:
        note(each.line)
    if settings is None:
        raise typer.Exit(start.WRONG)
    return settings


def console(*, stderr: bool = False) -> Console:
    """Shows strings of strangers as they are: nothing in them is an instruction."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def note(text: str) -> None:
    """Words beside the output, for a person: what goes to a program stays clean.

    They may hold a stranger's, which move no cursor here."""
    typer.echo(show.lines(text), err=True)


def say(text: str) -> None:
    """A line for the person at the terminal, who may have closed it by now."""
    try:
        print(show.lines(text), flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
