"""`llmbench models`: what can be asked, and for how much."""

from typing import Annotated

import typer
from rich.table import Table

from cli import show
from cli.client import Job
from cli.terminal import Url, ask


def models(
    which: Annotated[str, typer.Option("--filter", help="free or all")] = "free",
    url: Url = None,
) -> None:
    """The upstream's text models, with their prices.

    Example: llmbench models --filter all
    """
    show.console.print(table(ask(url, lambda api: api.models(which))))


def table(found: list[Job]) -> Table:
    """A row per model: its context, and its prices in USD per million tokens."""
    listed = show.table("model")
    for column in ("context", "USD in", "USD out"):
        listed.add_column(column, justify="right")
    for model in found:
        listed.add_row(
            show.text(model["id"]),
            show.text(model["context_length"]),
            show.text(model["prompt_usd_per_million"]),
            show.text(model["completion_usd_per_million"]),
        )
    return listed
