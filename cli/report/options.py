"""The options of all commands that end with a report."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.report.gates import CiGate, parse_gate

Json = Annotated[
    bool, typer.Option("--json", help="The whole result as one JSON object.")
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", help="Write its figures there, a row each; -: to stdout."),
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Only how it came out, in one line.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="A folder to download its files to."),
]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="Write a JUnit report there.")
]
Markdown = Annotated[
    Path | None,
    typer.Option("--markdown", help="Write the report there, as a job's summary."),
]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if", help='Exit with 1 if so: "ttft.p95 > 1s"; may be repeated.'
    ),
]
Strict = Annotated[
    bool,
    typer.Option("--strict", help="Judge gates by the point, not by its interval."),
]

STDOUT = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is made of a benchmark at its end."""

    json: bool = False
    csv: Path | None = None
    quiet: bool = False
    output: Path | None = None
    junit: Path | None = None
    markdown: Path | None = None
    strict: bool = False
    gates: tuple[CiGate, ...] = ()

    @property
    def owns_stdout(self) -> bool:
        """Whether a document goes to stdout, and so nothing else may."""
        return self.json or self.csv == STDOUT


def options_of(params: Mapping[str, Any]) -> Options:
    """Of a command's parameters by name. A gate that cannot be read is a usage error,
    before anything is asked, and so is a file that could not be written."""
    try:
        gates = tuple(parse_gate(text) for text in params["fail_if"] or ())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fail-if") from None

    if params["json"] and params["csv"] and Path(params["csv"]) == STDOUT:
        raise typer.BadParameter(
            "--json and --csv - both write to standard output. Give --csv a file.",
            param_hint="--csv",
        )

    def path(name: str) -> Path | None:
        if not params[name]:
            return None
        found = Path(params[name])
        if found != STDOUT:
            _check_writable(found, f"--{name}", is_folder=name == "output")
        return found

    return Options(
        json=params["json"],
        csv=path("csv"),
        quiet=params["quiet"],
        output=path("output"),
        junit=path("junit"),
        markdown=path("markdown"),
        strict=params["strict"],
        gates=gates,
    )


def _check_writable(path: Path, flag: str, *, is_folder: bool) -> None:
    """A usage error where this could not be written. Nothing is made: the command may
    end before there is anything to write."""
    try:
        wrong = _hindrance(path, is_folder=is_folder)
    except OSError as error:
        wrong = error.strerror or str(error)
    if wrong:
        raise typer.BadParameter(f"{path}: {wrong}.", param_hint=flag)


def _hindrance(path: Path, *, is_folder: bool) -> str:
    """Why it could not be written; empty where nothing is known against it."""
    if path.exists() and path.is_dir() is not is_folder:
        return "it is a file" if is_folder else "it is a folder"
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    if there != path and not there.is_dir():
        return f"{there} is no folder"
    return "" if os.access(there, os.W_OK) else f"{there} cannot be written to"
