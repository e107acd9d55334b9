"""`llmbench list`: the benchmarks that are there."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.table import Table

from cli import show
from cli.client import Job
from cli.terminal import Url, ask
from cli.times import Since, Until, moment

COLUMNS = ("job", "status", "calls", "failed", "name", "tags", "targets")


def list_jobs(
    tag: Annotated[
        list[str] | None, typer.Option(help="With this tag; repeated: with each.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="With this in a target's name.")
    ] = None,
    status: Annotated[
        list[str] | None,
        typer.Option(help="In this state: queued, running, done ...; may be repeated."),
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="With this in id, name, note, tags or targets.")
    ] = None,
    target: Annotated[
        list[str] | None,
        typer.Option(help="With this target, or model, by its whole name."),
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, help="So many at most.")] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="As a JSON array, for programs.")
    ] = False,
    url: Url = None,
) -> None:
    """The benchmarks, newest first.

    Into a pipe it is a line each, its values between tabs.

    Example: llmbench list --tag nightly --since 7d --status done
    """
    wanted = {"tag": tag, "model": model, "status": status, "text": text}
    wanted |= {"target": target}
    times = {"since": moment(since, "--since"), "until": moment(until, "--until")}
    jobs = ask(url, lambda api: api.jobs(limit, **wanted, **times))
    if as_json:
        typer.echo(show.as_json(jobs))
    elif show.console.is_terminal:
        show.console.print(table(jobs))
    else:
        for job in jobs:
            typer.echo("\t".join(cells(job)))


def cells(job: Job) -> Iterator[str]:
    """The values of one, in the order of `COLUMNS`."""
    yield job["job_id"]
    yield job["status"]
    yield f"{job['closed']} of {show.text(job['total'])}"
    yield show.text(job["failed"])
    yield show.text(job["name"])
    yield show.text(", ".join(job["tags"]) or None)
    yield show.text(", ".join(job["targets"]))


def table(jobs: list[Job]) -> Table:
    """A row per job; an id is never broken over lines."""
    listed = show.table(COLUMNS[0])
    listed.columns[0].no_wrap = True
    listed.columns[0].min_width = 26
    for column in COLUMNS[1:]:
        listed.add_column(column, overflow="fold")
    for job in jobs:
        listed.add_row(*cells(job))
    return listed
