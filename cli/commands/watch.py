"""`llmbench watch` and `llmbench show`: a benchmark as it goes, and what came of it."""

import typer
from rich.console import Console

from cli import exits
from cli.client import ENDED, Api, Job
from cli.live import Left, follow, frame, plain
from cli.report import Options, finish, gates
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
from cli.terminal import Url, ask
from shared.clock import wall_s


def watch(
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
    options = Options(
        json=json,
        csv=csv,
        quiet=quiet,
        output=output,
        junit=junit,
        markdown=markdown,
        gates=gates(fail_if),
        strict=strict,
    )

    async def to_the_end(api: Api) -> int:
        try:
            ended = await follow(api, job, console(stderr=True), quiet=quiet)
        except Left:
            return exits.INTERRUPTED
        return await finish(ended, options, console(), api)

    raise typer.Exit(ask(url, to_the_end))


def show(
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
    options = Options(
        json=json,
        csv=csv,
        quiet=quiet,
        output=output,
        junit=junit,
        markdown=markdown,
        gates=gates(fail_if),
        strict=strict,
    )

    async def now(api: Api) -> int:
        found = await api.job(job)
        if found["status"] in ENDED or options.owns_stdout:
            return await finish(found, options, console(), api)
        _show_so_far(found, options)
        return exits.OK

    raise typer.Exit(ask(url, now))


def console(*, stderr: bool = False) -> Console:
    """Shows strings of strangers as they are: nothing in them is an instruction."""
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def _show_so_far(job: Job, options: Options) -> None:
    shown = console()
    if options.quiet:
        shown.print(plain(job, wall_s()), soft_wrap=True)
        return
    shown.print(frame(job, shown, wall_s()))
    wants_files = options.output or options.junit or options.markdown or options.csv
    if wants_files or options.gates:
        shown.print(
            "It has not ended: gates are judged and files written at its end."
            f" llmbench watch {job['job_id']} waits for it.",
            soft_wrap=True,
        )
