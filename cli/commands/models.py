"""`llmbench models`: what can be asked, of whom, and for how much."""

from typing import Annotated

import typer

from cli import show
from cli.client import Job
from cli.report.tables import Cell, FigureRow, of_provider, put
from cli.terminal import Url, ask, note


def models(
    which: Annotated[
        str | None, typer.Option("--filter", help="free (the default) or all")
    ] = None,
    providers: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Who runs this model, and how well."),
    ] = None,
    upstream: Annotated[
        str | None, typer.Option(help="A table of UPSTREAMS_FILE.")
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
    if providers is not None and which is not None:
        raise typer.BadParameter(
            f"--filter {which} chooses among models, and --providers asks about one."
            " Leave one of them out.",
            param_hint="--filter",
        )
    if providers is None:
        found = ask(url, lambda api: api.models(which or "free", upstream))
    else:
        found = ask(url, lambda api: api.providers(providers, upstream))
    if as_json:
        typer.echo(show.as_json(found))
    else:
        rows = model_rows(found) if providers is None else provider_rows(found)
        put(rows, "model" if providers is None else "slug", show.console)
        if not rows:
            note(_NONE if providers is None and which == "all" else _NONE_SO)


_NONE = "The upstream lists no text model; one may be asked by its name all the same."
_NONE_SO = "The upstream lists none of these; --filter all shows every text model."


def model_rows(found: list[Job]) -> list[FigureRow]:
    """A row per model: its context, and its prices."""
    return [
        FigureRow(
            show.text(model["id"]),
            (
                Cell("context", show.text(model["context_length"])),
                Cell("USD in", show.text(model["prompt_usd_per_million"])),
                Cell("USD out", show.text(model["completion_usd_per_million"])),
            ),
        )
        for model in found
    ]


def provider_rows(found: list[Job]) -> list[FigureRow]:
    """A row per provider; the slug pins it: `--model MODEL@SLUG`."""
    return [FigureRow(show.text(one["slug"]), of_provider(one)) for one in found]
