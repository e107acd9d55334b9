"""`llmbench watch` and `llmbench show`: a benchmark as it goes, and what came of it."""

import typer

from cli import exits
from cli.client import ENDED, Api, Job
from cli.ids import whole
from cli.live import LeftRunning, follow, frame, plain
from cli.report import Options, check_job, finish, options_of
from cli.report.options import (
    Csv,
    FailIf,
    Json,
    Junit,
    Markdown,
    Output,
    Quiet,
    Strict,
)
from cli.terminal import Url, ask, console
from shared.clock import wall_s


def watch(
    ctx: typer.Context,
    job: str,
    json: Json = False,
    csv: Csv = None,
    quiet: Quiet = False,
    output: Output = None,
    junit: Junit = None,
    markdown: Markdown = None,
    fail_if: FailIf = None,
    strict: Strict = False,
    url: Url = None,
) -> None:
    """Follow a benchmark to its end, and show what came of it.

    Ctrl-C asks whether to cancel it or to leave it running. Progress goes to stderr.

    Example: llmbench watch 01JZ8M5T7Q4W9E2R6Y8V0B3N5C --fail-if "ttft.p95 > 1s"
    """
    wanted = options_of(ctx.params)

    async def to_the_end(api: Api) -> int:
        job_id = await whole(api, job)
        if wanted.gates:
            check_job(wanted.gates, await api.job(job_id))
        try:
            ended = await follow(api, job_id, console(stderr=True), quiet=quiet)
        except LeftRunning:
            return exits.INTERRUPTED
        return await finish(ended, wanted, console(), api)

    raise typer.Exit(ask(url, to_the_end))


def show(
    ctx: typer.Context,
    job: str,
    json: Json = False,
    csv: Csv = None,
    quiet: Quiet = False,
    output: Output = None,
    junit: Junit = None,
    markdown: Markdown = None,
    fail_if: FailIf = None,
    strict: Strict = False,
    url: Url = None,
) -> None:
    """One benchmark: what came of it, or its progress and figures so far.

    Example: llmbench show 01JZ8M5T7Q4W9E2R6Y8V0B3N5C --json
    """
    wanted = options_of(ctx.params)

    async def now(api: Api) -> int:
        found = await api.job(job)
        check_job(wanted.gates, found)
        if found["status"] in ENDED or wanted.owns_stdout:
            return await finish(found, wanted, console(), api)
        _show_so_far(found, wanted)
        return exits.OK

    raise typer.Exit(ask(url, now))


def _show_so_far(job: Job, wanted: Options) -> None:
    shown = console()
    if wanted.quiet:
        shown.print(plain(job, wall_s()), soft_wrap=True)
        return
    shown.print(frame(job, shown, wall_s()))
    files = wanted.output or wanted.junit or wanted.markdown or wanted.csv
    if files or wanted.gates:
        shown.print(
            "It has not ended: gates are judged and files written at its end."
            f" llmbench watch {job['job_id']} waits for it.",
            soft_wrap=True,
        )
