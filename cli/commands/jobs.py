"""Benchmarks that are there: listed, shown, cancelled, paused, resumed, done again."""

from typing import Annotated

import typer
from rich.table import Table

from cli import show
from cli.client import Api, Job
from cli.terminal import Url, ask


def list_jobs(url: Url = None) -> None:
    """The benchmarks, newest first.

    Example: llmbench list
    """
    show.console.print(table(ask(url, Api.jobs)))


def show_job(job: str, url: Url = None) -> None:
    """One benchmark: its state, and its figures once it has ended.

    Example: llmbench show 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    show.job(ask(url, lambda api: api.job(job)))


def cancel(job: str, url: Url = None) -> None:
    """End a benchmark; what was measured is kept.

    Example: llmbench cancel 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    ask(url, lambda api: api.cancel(job))
    show.console.print(f"{job} is being cancelled; what was measured is kept.")


def pause(job: str, url: Url = None) -> None:
    """Let a benchmark rest; calls in flight finish and are counted.

    Example: llmbench pause 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    paused = ask(url, lambda api: api.pause(job))
    show.console.print(f"{job} is {paused['status']}.")


def resume(job: str, url: Url = None) -> None:
    """Let a paused benchmark go on.

    Example: llmbench resume 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    resumed = ask(url, lambda api: api.resume(job))
    show.console.print(f"{job} is {resumed['status']}.")


def rerun(
    job: str,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only the calls that failed.")
    ] = False,
    url: Url = None,
) -> None:
    """Do a benchmark again, as a new one.

    Example: llmbench rerun 01JZ8M5T7Q4W9E2R6Y8V0B3N5C --failed
    """
    again = ask(url, lambda api: api.rerun(job, failed=failed))
    show.console.print(f"{again['job_id']} is queued.")


def table(jobs: list[Job]) -> Table:
    """A row per job."""
    listed = show.table("job")
    for column in ("status", "calls", "failed", "targets"):
        listed.add_column(column)
    for job in jobs:
        listed.add_row(
            job["job_id"],
            job["status"],
            f"{job['closed']} of {show.text(job['total'])}",
            show.text(job["failed"]),
            show.text(", ".join(job["targets"])),
        )
    return listed
