"""`llmbench history`: what a target has come to, run by run."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cli import show
from cli.client import Job
from cli.report import words
from cli.report.tables import Cell, FigureRow, put
from cli.terminal import Url, ask
from cli.times import Since, Until, moment

Written = Callable[[float | None], str]

COLUMNS: dict[str, tuple[str, Written]] = {
    "ttft": ("TTFT p50", words.seconds),
    "latency": ("latency p50", words.seconds),
    "tpot": ("TPOT p50", words.seconds),
    "success": ("success", words.share),
    "usd_per_1000_good": ("USD per 1,000 good", words.usd),
}


def history(
    target: Annotated[str, typer.Argument(help="Its name, or its model.")],
    tag: Annotated[
        list[str] | None, typer.Option(help="With this tag; repeated: with each.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int, typer.Option(min=1, max=200, help="So many at most, the newest.")
    ] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="What the API answers, for programs.")
    ] = False,
    url: Url = None,
) -> None:
    """A target in each benchmark that is done, the oldest first.

    Medians with their 95 % intervals. Each benchmark is one moment: whether two of them
    differ, `llmbench compare` says.

    Example: llmbench history acme/orca-70b-instruct --tag nightly --since 30d
    """
    times = {"since": moment(since, "--since"), "until": moment(until, "--until")}
    found = ask(url, lambda api: api.history(target, tag=tag, limit=limit, **times))
    if as_json:
        typer.echo(show.as_json(found))
        return
    if found["runs"]:
        put([_row(run) for run in found["runs"]], "queued", show.console)
    else:
        typer.echo(f"No benchmark that is done has the target {show.text(target)}.")
    if found["more"]:
        typer.echo("There are older ones: --limit, or --until.")


def _row(run: Job) -> FigureRow:
    cells = [_cell(head, run[name], say) for name, (head, say) in COLUMNS.items()]
    verdict = Cell("verdict", show.text(run["verdict"]))
    calls = Cell("calls", f"{run['success']['n']:,}")
    label = f"{run['created_at'][:16].replace('T', ' ')} {run['job_id']}"
    return FigureRow(label, (calls, *cells, verdict))


def _cell(head: str, point: dict[str, Any], say: Written) -> Cell:
    low, high = point["low"], point["high"]
    interval = words.between(low, high) if (low, high) != (None, None) else ""
    return Cell(head, say(point["value"]), interval)
