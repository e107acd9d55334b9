"""One picture of a run: what its page shows, as pieces of HTML and as JSON to draw.

The page that is loaded and the pieces that follow are made by the same templates, so
they cannot differ, and every text is escaped in one place.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, log
from typing import Any, NamedTuple

from api.live import event
from api.pages.figures import KINDS
from api.pages.live.calls import CallsSoFar
from api.pages.live.so_far import ranked_so_far, said_so_far
from api.pages.shell.render import rendered
from api.schemas import Job
from shared.run import Status

PIECES = ("state", "acts", "kpis", "notice", "said", "ranked", "failures", "workers")
"""Pieces of the page, by the ids of their places; each has a template."""
_STILL = (Status.QUEUED, Status.WAITING, Status.PAUSED)
LATE_S = 0.01
"""A loop that comes later than this may stamp late (docs/metrics.md, `loop_lag`)."""

Says = Mapping[str, Mapping[str, Any]]
"""What each worker that is alive last said of itself."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A run at one moment."""

    context: Mapping[str, Any]
    """What templates know."""
    pieces: Mapping[str, str]
    charts: Mapping[str, Any] | None
    ended: bool
    event: bytes
    """For those who follow: `picture`, or `end` where the run has ended."""


class Notice(NamedTuple):
    """What it waits for: in bold, and the rest; `at` is when that is over."""

    what: str
    more: str = ""
    at: float | None = None


class Carrier(NamedTuple):
    """A worker that has, or had, a part of the run."""

    name: str
    calls: int
    here: bool
    """It carries some of it now."""
    lag_s: float | None
    system: str


def picture_of(
    job: Job, targets: Sequence[str], calls: CallsSoFar | None, says: Says
) -> Picture:
    """targets: labels, in the plan's order. calls: None before anything is read."""
    if job.status.terminal:
        return Picture({}, {}, None, True, event("end", {}))
    progress = job.progress
    share = progress.closed / progress.total if progress.total else None
    name = job.name or f"Run {job.job_id[-6:]}"
    far = "" if share is None else f" {100 * min(share, 1):.0f} %"
    ranked = ranked_so_far(calls, [*targets]) if calls else ()
    left_s = job.live.eta_s if job.live else None
    context: dict[str, Any] = {
        "job": job,
        "name": name,
        "title": f"{job.status}{far} · {name} · llmbench",
        "share": share,
        "targets": targets,
        "calls": calls,
        "notice": _notice(job),
        "left_s": left_s,
        "lanes": job.plan["load"].get("concurrency"),
        "ranked": ranked,
        "said": said_so_far(ranked),
        "kinds": KINDS,
        "failures": calls.failures.ranked() if calls else [],
        "workers": [*_carriers(job, calls, says)],
        "late_s": LATE_S,
    }
    charts = None
    if calls is not None:
        now_s = progress.wall_s or 0.0
        length_s = _rounded_up(now_s + (left_s or 0.0))
        charts = calls.charts(now_s, length_s)
        charts["targets"] = targets
        if job.status in _STILL and now_s - calls.last_s > 0.5:
            charts["waits"].append((round(calls.last_s, 2), round(now_s, 2)))
    pieces = {name: rendered(f"run/live/{name}.html", **context) for name in PIECES}
    said = {"title": context["title"], "pieces": pieces, "charts": charts}
    return Picture(context, pieces, charts, False, event("picture", said))


def _notice(job: Job) -> Notice | None:
    match job.status:
        case Status.WAITING if job.until is not None:
            why = (job.waiting_for or "").partition(", until ")[0]
            at = f"Waiting until {job.until[11:19]} UTC."
            return Notice(at, f"{why}. It goes on by itself.", unix_s(job.until))
        case Status.PAUSED:
            return Notice("Paused.", "No call begins until somebody resumes it.")
        case Status.REDUCING:
            more = job.error or "The results are being made; this page shows them."
            return Notice("All calls have ended.", more)
    if job.stalled_s is not None:
        return Notice("No worker has it.", f"It waits for {job.waiting_for}.")
    if job.waiting_for is not None:
        return Notice("Queued.", f"It waits for {job.waiting_for}.")
    return None


def _carriers(job: Job, calls: CallsSoFar | None, says: Says) -> Iterator[Carrier]:
    """Those at it now, then those that were."""
    made = calls.workers if calls else {}
    here = {name for name, said in says.items() if job.job_id in said.get("runs", ())}
    for name in sorted(
        {*made, *here} - {""}, key=lambda name: (name not in here, name)
    ):
        said = says.get(name, {})
        yield Carrier(
            name,
            made.get(name, 0),
            name in here,
            said.get("loop_lag_s"),
            str(said.get("system") or ""),
        )


def unix_s(label: str) -> float:
    """A moment as a body says it, in Unix seconds."""
    return datetime.fromisoformat(label).timestamp()


def _rounded_up(length_s: float) -> float:
    """In steps of five per cent, so that an axis does not tremble."""
    return float(1.05 ** ceil(log(max(length_s, 5.0)) / log(1.05)))
