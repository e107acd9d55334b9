"""A benchmark that runs, as one frame of the screen."""

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.text import Text

from cli.live import lines
from cli.live.lines import Job
from cli.report.tables import Cell, FigureRow, draw
from cli.show import text

_WIDEST_BAR = 60
_MOST_FAILURES = 4


def frame(job: Job, console: Console, now_s: float) -> RenderableType:
    """What it has come to by now. now_s: Unix seconds, for what it waits for."""
    live = job["live"] or {}
    name = f" {text(job['name'])}" if job.get("name") else ""
    shown: list[RenderableType] = [_line(f"{job['job_id']}{name}", "bold")]
    shown += [*_bar(job, console), _line(f"{job['status']} {lines.progress(job)}")]
    if pace := lines.pace(job):
        shown.append(_line(", ".join(pace)))
    if spent := lines.money(job):
        shown.append(_line(f"{spent} spent"))
    if waited := lines.waits(job, now_s):
        shown.append(Text(waited, "yellow"))
    shown.append(draw(rows(live.get("targets", ()), "target"), "target", console))
    counted = [step for step in live.get("steps", ()) if not step["warmup"]]
    if len(counted) > 1:
        shown.append(draw(rows(counted, "name"), "step", console))
    failed = lines.failures(job)
    shown += [_line(said, "red") for said in failed[:_MOST_FAILURES]]
    if len(failed) > _MOST_FAILURES:
        shown.append(_line(f"{len(failed) - _MOST_FAILURES} more kinds of failure"))
    return Group(*shown)


def rows(groups: Any, label: str) -> list[FigureRow]:
    """A row for each target, or each step, that has calls."""
    return [
        FigureRow(
            text(group[label]),
            (
                Cell("ok", f"{group['ok']:,}"),
                Cell("failed", f"{group['failed']:,}"),
                Cell("TTFT p50", lines.ttft(group)),
                Cell("latency p50", lines.latency(group)),
            ),
        )
        for group in groups
    ]


def _bar(job: Job, console: Console) -> list[Text]:
    """How much is done; none while nobody knows how much there is."""
    total = job["progress"]["total"]
    if not total:
        return []
    width = min(console.width, _WIDEST_BAR)
    done = int(width * job["progress"]["closed"] / total)
    return [Text("━" * done, "green").append("━" * (width - done), "bright_black")]


def _line(said: str, style: str = "") -> Text:
    """One that is cut off and not broken, so that the frame keeps its height."""
    return Text(said, style, no_wrap=True, overflow="ellipsis")
