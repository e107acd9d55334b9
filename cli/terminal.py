"""What the commands share: the settings, the API that is asked, lines for a person."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer

from cli.client import Api
from shared.errors import BenchError
from shared.settings import Settings
from shared.startup import checks, start
from shared.startup.ports import url_of

Answer = TypeVar("Answer")

Url = Annotated[
    str | None, typer.Option(help="The API; by default that of HOST and PORT.")
]


def ask(
    url: str | None, question: Callable[[Api], Coroutine[Any, Any, Answer]]
) -> Answer:
    """What the API answers; an error of ours as its sentence, with exit code 1.

    Without `url` the API of the settings is asked.
    """
    if not url:
        settings = read_settings()
        url = url_of(settings.host, settings.port)

    async def asked() -> Answer:
        async with Api(url) as api:
            return await question(api)

    try:
        return asyncio.run(asked())
    except BenchError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None


def read_settings() -> Settings:
    """The settings; what is wrong or doubtful as a line each, and exit code 2 for what
    is wrong."""
    settings, found = checks.read()
    if settings is not None:
        found = checks.names([*os.environ])
    for each in found:
        typer.echo(each.line, err=True)
    if settings is None:
        raise typer.Exit(start.WRONG)
    return settings


def say(text: str) -> None:
    """A line for the person at the terminal, who may have closed it by now."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
