"""`llmbench models`: what can be asked, of whom, and for how much."""

from typing import Annotated, Any

import typer
from rich.table import Table

from cli import show
from cli.client import Job
from cli.terminal import Url, ask

_LONGEST = 50


def models(
    which: Annotated[str, typer.Option("--filter", help="free or all")] = "free",
    providers: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Who runs this model, and how well."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="As a JSON array, for programs.")
    ] = False,
    url: Url = None,
) -> None:
    """The upstream's text models, with their prices in USD per million tokens.

    With --providers those who run one: prices, uptime and speed by the upstream's word.

    Example: llmbench models --filter all
    Example: llmbench models --providers acme/orca-70b-instruct
    """
    if providers is None:
        found = ask(url, lambda api: api.models(which))
    else:
        found = ask(url, lambda api: api.providers(providers))
    if as_json:
        typer.echo(show.as_json(found))
    else:
        show.console.print(table(found) if providers is None else of_providers(found))


def table(found: list[Job]) -> Table:
    """A row per model: its context, and its prices."""
    listed = _whole("model", [model["id"] for model in found])
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


def _whole(first: str, names: list[str]) -> Table:
    """A table whose first column is broken only where its names are very long: they
    are for copying."""
    listed = show.table(first)
    listed.columns[0].min_width = min(max(map(len, names), default=0), _LONGEST)
    return listed


def of_providers(found: list[Job]) -> Table:
    """A row per provider; the slug pins it: `--model MODEL@SLUG`."""
    listed = _whole("slug", [one["slug"] for one in found])
    for column in (
        *("USD in", "USD out", "quantization", "uptime\n30 min"),
        *("TTFT\np50, ms", "TTFT\np99, ms", "tokens/s\np50"),
    ):
        listed.add_column(column, justify="right")
    for one in found:
        ttft: dict[str, Any] = one["ttft_s_last_30m"] or {}
        speed: dict[str, Any] = one["tokens_per_s_last_30m"] or {}
        uptime = one["uptime_last_30m_percent"]
        listed.add_row(
            show.text(one["slug"]),
            show.text(one["prompt_usd_per_million"]),
            show.text(one["completion_usd_per_million"]),
            show.text(one["quantization"]),
            "-" if uptime is None else f"{uptime:.1f} %",
            show.ms(ttft.get("p50")),
            show.ms(ttft.get("p99")),
            show.text(speed.get("p50")),
        )
    return listed
