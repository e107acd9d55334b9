"""`llmbench cancel`, `pause` and `resume`."""

from typing import Annotated

import typer

from cli import show
from cli.terminal import Url, ask

Job = Annotated[str, typer.Argument(help="Its id, or the beginning of it.")]


def cancel(job: Job, url: Url = None) -> None:
    """End a benchmark; what was measured is kept.

    Example: llmbench cancel 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    told = ask(url, lambda api: api.cancel(job))
    show.console.print(
        f"{told['job_id']} is being cancelled; what was measured is kept."
    )


def pause(job: Job, url: Url = None) -> None:
    """Let a benchmark rest; calls in flight finish and are counted.

    Example: llmbench pause 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    paused = ask(url, lambda api: api.pause(job))
    show.console.print(f"{paused['job_id']} is {paused['status']}.")


def resume(job: Job, url: Url = None) -> None:
    """Let a paused benchmark go on.

    Example: llmbench resume 01JZ8M5T7Q4W9E2R6Y8V0B3N5C
    """
    resumed = ask(url, lambda api: api.resume(job))
    show.console.print(f"{resumed['job_id']} is {resumed['status']}.")
