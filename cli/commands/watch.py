"""`llmbench watch` and `llmbench show`: a benchmark as it goes, and what came of it."""

import typer

from cli import exits
from cli.client import ENDED, Api, Job
from cli.ids import whole
from cli.live import LeftRunning, follow, frame, plain
from cli.report import Options, check_job, finish, reported
from cli.terminal import Url, ask, console
from shared.clock import wall_s


@reported
def watch(job: str, made: Options, url: Url = None) -> None:
    """Follow a benchmark to its end, and show what came of it.

    Ctrl-C asks whether to cancel it or to leave it running. Progress goes to stderr.

    Example: llmbench watch 01JZ8M5T7Q4W9E2R6Y8V0B3N5C --fail-if "ttft.p95 > 1s"
    """

    async def to_the_end(api: Api) -> int:
        job_id = await whole(api, job)
        if made.all_gates:
            check_job(made.all_gates, await api.job(job_id))
        try:
            ended = await follow(api, job_id, console(stderr=True), quiet=made.quiet)
        except LeftRunning:
            return exits.INTERRUPTED
        return await finish(ended, made, console(), api)

    raise typer.Exit(ask(url, to_the_end))


@reported
def show(job: str, made: Options, url: Url = None) -> None:
    """One benchmark: what came of it, or its progress and figures so far.

    Example: llmbench show 01JZ8M5T7Q4W9E2R6Y8V0B3N5C --json
    """

    async def now(api: Api) -> int:
        found = await api.job(job)
        check_job(made.all_gates, found)
        if found["status"] in ENDED or made.owns_stdout:
            return await finish(found, made, console(), api)
        _show_so_far(found, made)
        return exits.OK

    raise typer.Exit(ask(url, now))


def _show_so_far(job: Job, made: Options) -> None:
    shown = console()
    if made.quiet:
        shown.print(plain(job, wall_s()), soft_wrap=True)
        return
    shown.print(frame(job, shown, wall_s()))
    files = made.output or made.junit or made.markdown or made.csv
    if files or made.all_gates or made.against or made.save_as:
        shown.print(
            "It has not ended: gates are judged and files written at its end."
            f" llmbench watch {job['job_id']} waits for it.",
            soft_wrap=True,
        )
