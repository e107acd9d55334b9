"""`llmbench baseline`: names of benchmarks, to which later ones are held."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from cli import show
from cli.client import Job
from cli.terminal import Url, ask, note

COLUMNS = ("name", "job", "set", "calls", "verdict", "targets")

Name = Annotated[str, typer.Argument(help="Letters, digits and `._-`.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]

baseline = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="""Names of benchmarks, to which later ones are held.

    A benchmark that has a name is kept: no retention deletes it, and `delete` refuses.

    Example: llmbench baseline set main 01JZ8M5T7Q && llmbench run plan.yaml --against
    main --fail-if "ttft > +10%"
    """,
)


@baseline.command("set")
def set_baseline(
    name: Name,
    job: Annotated[str, typer.Argument(help="Its id, or the beginning of it.")],
    url: Url = None,
) -> None:
    """Let a name stand for a benchmark that has ended, whatever it stood for.

    Example: llmbench baseline set main 01JZ8M5T7Q
    """
    _say(ask(url, lambda api: api.set_baseline(name, job)))


@baseline.command("list")
def list_baselines(as_json: AsJson = False, url: Url = None) -> None:
    """All of them, by name. Into a pipe it is a line each, its values between tabs.

    Example: llmbench baseline list
    """
    found = ask(url, lambda api: api.baselines())
    if as_json:
        typer.echo(show.as_json(found))
    elif show.console.is_terminal:
        show.console.print(_table(found))
    else:
        for each in found:
            typer.echo("\t".join(cells(each)))


@baseline.command("show")
def show_baseline(name: Name, as_json: AsJson = False, url: Url = None) -> None:
    """The benchmark that a name stands for.

    Example: llmbench baseline show main
    """
    found = ask(url, lambda api: api.baseline(name))
    if as_json:
        typer.echo(show.as_json(found))
    else:
        _say(found)


@baseline.command("delete")
def delete_baseline(name: Name, url: Url = None) -> None:
    """Take a name away; the benchmark stays, and may be deleted from now on.

    Example: llmbench baseline delete main
    """
    ask(url, lambda api: api.drop_baseline(name))
    show.console.print(f"{show.text(name)} stands for nothing now.")


def cells(found: Job) -> Iterator[str]:
    """The values of one, in the order of `COLUMNS`."""
    yield show.text(found["name"])
    yield found["job_id"]
    yield found["set_at"]
    yield show.text(found["calls"])
    yield show.text(found["verdict"])
    yield show.text(", ".join(found["targets"]) or None)


def _table(found: list[Job]) -> Table:
    listed = show.table(COLUMNS[0])
    for column in COLUMNS[1:]:
        listed.add_column(column, overflow="fold")
    listed.columns[1].no_wrap = True
    for each in found:
        listed.add_row(*cells(each))
    return listed


def _say(found: Job) -> None:
    for warning in found["warnings"]:
        note(show.text(warning))
    for name, value in zip(COLUMNS, cells(found), strict=True):
        show.console.print(f"{name}: {value}", soft_wrap=True)
