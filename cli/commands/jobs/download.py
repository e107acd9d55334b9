"""`llmbench download`: the files of a benchmark."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from cli import exits, show
from cli.client import Api, Refused
from cli.ids import whole
from cli.terminal import Url, ask, note
from shared.money.reconciliation import FILE
from shared.opinion import FILE as JUDGED
from shared.outputs import OUTPUTS

NAMES = (*OUTPUTS, FILE)
_FEW = (FILE, JUDGED)
"""Few benchmarks have these."""


def download(
    job: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(help=f"Of {', '.join(NAMES)}; all that are there by default."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder; by default the job's id."),
    ] = None,
    url: Url = None,
) -> None:
    """Write the files of a benchmark that has ended into a folder.

    Each appears whole or not at all, and replaces one of its name.

    Example: llmbench download 01JZ8M5T7Q4W9E2R6Y8V0B3N5C samples.csv --output results
    """
    unknown = [name for name in names or () if name not in NAMES]
    for name in unknown:
        near = get_close_matches(name, NAMES, 1)
        meant = f"Did you mean {near[0]}?" if near else f"There are {', '.join(NAMES)}."
        note(f"{name} is no file of a benchmark. {meant}")
    if unknown:
        raise typer.Exit(exits.USAGE)
    for file in ask(url, lambda api: _saved(api, job, names, output)):
        typer.echo(file)


async def _saved(
    api: Api, job: str, names: list[str] | None, output: Path | None
) -> list[Path]:
    job_id = await whole(api, job)
    folder = output or Path(job_id)
    saved = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names or NAMES:
            try:
                await api.save(job_id, name, folder / name)
            except Refused as error:
                if names or name not in _FEW or error.kind != "not-ready":
                    raise
                continue
            saved.append(folder / name)
    except OSError as error:
        note(f"{show.text(folder)} cannot be written to ({error.strerror}).")
        raise typer.Exit(exits.USAGE) from None
    return saved
