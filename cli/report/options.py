"""The options of all commands that end with a report."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.report.against.changes import ChangeGate, is_change, parse_change
from cli.report.gates import CiGate, parse_gate
from shared.baselines import is_name

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
        "--fail-if",
        help='Exit with 1 if so: "ttft.p95 > 1s", "ttft > +10%"; may be repeated.',
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Judge gates by the point, not by its interval; a change fails unless it"
        " is proved not to be so.",
    ),
]
Against = Annotated[
    str | None,
    typer.Option(
        "--against",
        metavar="NAME",
        help="Compare it with this baseline, or benchmark; gates may say"
        ' "ttft > +10%".',
    ),
]
SaveAs = Annotated[
    str | None,
    typer.Option(
        "--save-as", metavar="NAME", help="Let it be this baseline, if it ends with 0."
    ),
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
    against: str | None = None
    strict: bool = False
    save_as: str | None = None
    gates: tuple[CiGate, ...] = ()
    changes: tuple[ChangeGate, ...] = ()

    @property
    def owns_stdout(self) -> bool:
        """Whether a document goes to stdout, and so nothing else may."""
        return self.json or self.csv == STDOUT

    @property
    def all_gates(self) -> tuple[CiGate | ChangeGate, ...]:
        """Of both kinds."""
        return (*self.gates, *self.changes)


def options_of(
    *,
    json: Json = False,
    csv: Csv = None,
    quiet: Quiet = False,
    output: Output = None,
    junit: Junit = None,
    markdown: Markdown = None,
    against: Against = None,
    fail_if: FailIf = None,
    strict: Strict = False,
    save_as: SaveAs = None,
) -> Options:
    """Of a command's parameters. A gate that cannot be read is a usage error, before
    anything is asked, and so is a file that could not be written."""
    said = fail_if or ()
    try:
        gates = tuple(parse_gate(text) for text in said if not is_change(text))
        changes = tuple(parse_change(text) for text in said if is_change(text))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fail-if") from None
    if changes and against is None:
        raise typer.BadParameter(
            f"`{changes[0].text}` is a change: say since when, with --against NAME (a"
            " baseline, or a benchmark).",
            param_hint="--fail-if",
        )
    if json and csv == STDOUT:
        raise typer.BadParameter(
            "--json and --csv - both write to standard output. Give --csv a file.",
            param_hint="--csv",
        )
    if save_as is not None and not is_name(save_as):
        raise typer.BadParameter(
            f"`{save_as}` is no name of a baseline: letters, digits and `._-`, the"
            " first a letter or a digit.",
            param_hint="--save-as",
        )
    files = {"csv": csv, "output": output, "junit": junit, "markdown": markdown}
    for name, path in files.items():
        if path is not None and path != STDOUT:
            _check_writable(path, f"--{name}", is_folder=name == "output")
    return Options(
        **files,
        json=json,
        quiet=quiet,
        against=against,
        strict=strict,
        save_as=save_as,
        gates=gates,
        changes=changes,
    )


def reported(command: Callable[..., None]) -> Callable[..., None]:
    """A command that ends with a report: it has all of these options in place of its
    parameter `made`, which is made of them before it begins."""
    ours = signature(options_of, eval_str=True).parameters

    def with_options(**given: Any) -> None:
        made = options_of(**{name: given.pop(name) for name in ours})
        command(**given, made=made)

    parameters: list[Parameter] = []
    for name, each in signature(command, eval_str=True).parameters.items():
        found = ours.values() if name == "made" else (each,)
        parameters += [one.replace(kind=Parameter.KEYWORD_ONLY) for one in found]
    with_options.__name__ = command.__name__
    with_options.__doc__ = command.__doc__
    vars(with_options)["__signature__"] = Signature(parameters)
    with_options.__annotations__ = {one.name: one.annotation for one in parameters}
    return with_options


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
