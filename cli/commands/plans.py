"""`llmbench init` and `schema`: a plan to begin with, and what editors know of it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from cli import exits

EXAMPLE = Path(__file__).parents[1] / "plan" / "plan.yaml"
"""In the package, so that it is there without a checkout; `examples/` has it too."""


def init(
    file: Annotated[Path, typer.Argument(help="The plan to write.")] = Path(
        "plan.yaml"
    ),
) -> None:
    """Write a plan to begin with; each line says what it is.

    Example: llmbench init && llmbench run plan.yaml --simulate
    """
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(EXAMPLE.read_text("utf-8"))
    except FileExistsError:
        typer.echo(
            f"{file} is there already. Name another: llmbench init FILE", err=True
        )
        raise typer.Exit(exits.USAGE) from None
    except OSError as error:
        typer.echo(f"{file} cannot be written ({error.strerror}).", err=True)
        raise typer.Exit(exits.USAGE) from None
    typer.echo(f"{file} is written. Try it: llmbench run {file} --simulate")


def schema() -> None:
    """The JSON Schema of a plan, for editors and checks.

    Example: llmbench schema > plan.schema.json
    """
    from cli.plan import as_schema

    typer.echo(json.dumps(as_schema(), indent=2, ensure_ascii=False))
