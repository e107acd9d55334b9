"""`llmbench delete`: benchmarks and every trace of them."""

import sys
from typing import Annotated

import typer

from cli import exits, show
from cli.client import ENDED, Api, Job
from cli.ids import whole
from cli.terminal import Url, ask, note


def delete(
    jobs: Annotated[
        list[str], typer.Argument(help="Their ids, or the beginnings of them.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    url: Url = None,
) -> None:
    """Delete benchmarks that have ended: results, record, every trace.

    Nothing brings them back, so it asks; where nobody can answer, say --yes.

    Example: llmbench delete 01JZ8M5T7Q4W9E2R6Y8V0B3N5C --yes
    """
    found = ask(url, lambda api: _found(api, jobs))
    going_on = [job for job in found if job["status"] not in ENDED]
    for job in going_on:
        job_id = job["job_id"]
        note(f"{job_id} is {job['status']}. End it first: llmbench cancel {job_id}")
    if going_on or not (yes or _agreed(found)):
        raise typer.Exit(exits.USAGE)
    ids = [job["job_id"] for job in found]
    ask(url, lambda api: _purged(api, ids))


async def _found(api: Api, said: list[str]) -> list[Job]:
    ids = dict.fromkeys([await whole(api, each) for each in said])
    return [await api.job(job_id) for job_id in ids]


async def _purged(api: Api, ids: list[str]) -> None:
    for job_id in ids:
        await api.purge(job_id)
        show.console.print(f"{job_id} and every trace of it are deleted.")


def _agreed(jobs: list[Job]) -> bool:
    if not sys.stdin.isatty():
        note("Nobody can be asked here. To delete without being asked: --yes")
        return False
    for job in jobs:
        targets = ", ".join(target["model"] for target in job["plan"]["targets"])
        told = (job["job_id"], job["status"], show.text(job["name"]), targets)
        show.console.print("  ".join(map(show.text, told)), soft_wrap=True)
    return typer.confirm("Delete this for good?" if len(jobs) == 1 else _ALL)


_ALL = "Delete all of these for good?"
