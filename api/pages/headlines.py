"""What a run's line in the list says of its calls: the best target's TTFT, the verdict,
and calls over time. Pure, but for what is kept of runs that have ended."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from api.parts.newest import Seen
from api.schemas import Live
from shared.clock import monotonic_s

BINS = 40
"""Slices of a whole run, as its result has them."""
KEPT_S = 60.0
"""A result may be made again from its rows, so what is kept of it is not kept long."""
_MOST_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Figure:
    """A percentile in seconds, as a summary has it."""

    point: float | None
    low: float | None = None
    high: float | None = None
    supported: bool = True
    needs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What a line of the list says of a run's calls."""

    figure: Figure | None = None
    metric: str = "ttft"
    """`ttft`, or `latency` where nothing was streamed."""
    who: str | None = None
    """The target whose figure it is; None where the run has one target."""
    so_far: bool = False
    verdict: str | None = None
    calls_over_time: tuple[int, ...] = ()
    """Calls that ended in each slice of the time since the first began."""
    share: float = field(default=1.0)
    """How far that time is of the whole, where the run goes on."""

    def points(self) -> str:
        """The line of `calls_over_time` in a box of 100 by 24."""
        most = max(self.calls_over_time, default=0)
        if not most:
            return ""
        step = 100 * self.share / max(1, len(self.calls_over_time) - 1)
        return " ".join(
            f"{n * step:.1f},{22 - 18 * calls / most:.1f}"
            for n, calls in enumerate(self.calls_over_time)
        )


def of_result(result: dict[str, Any]) -> Headline:
    """Of a run that has ended. What the result does not say is left out."""
    targets = result.get("targets") or []
    metric = "ttft" if any(_point(each, "ttft") for each in targets) else "latency"
    known = [each for each in targets if _point(each, metric)]
    best = min(known, key=lambda each: _point(each, metric) or 0.0, default=None)
    said = best[metric]["p50"] if best else None
    return Headline(
        figure=None if said is None else _figure(said),
        metric=metric,
        who=best["target"] if best and len(targets) > 1 else None,
        verdict=(result.get("verdict") or {}).get("kind"),
        calls_over_time=tuple(result.get("calls_over_time") or ()),
    )


def of_live(live: Live | None, rows: Sequence[Seen], share: float) -> Headline:
    """Of a run that goes on: points without intervals."""
    targets = live.targets if live else []
    metric = "ttft" if any(each.ttft_p50_s for each in targets) else "latency"
    known = [
        (value, each.target)
        for each in targets
        if (value := each.ttft_p50_s if metric == "ttft" else each.latency_p50_s)
    ]
    value, who = min(known, default=(None, None))
    return Headline(
        figure=None if value is None else Figure(value),
        metric=metric,
        who=who if len(targets) > 1 else None,
        so_far=True,
        calls_over_time=_binned(rows, max(2, round(BINS * share))),
        share=share,
    )


def _binned(rows: Sequence[Seen], bins: int) -> tuple[int, ...]:
    ends = [row.ended_at for row in rows if row.ended_at is not None]
    begins = [row.started_at for row in rows if row.started_at is not None]
    if len(ends) < 2 or not begins:
        return ()
    begin, width = min(begins), max(ends) - min(begins)
    found = [0] * bins
    for end in ends:
        found[min(bins - 1, int(bins * (end - begin) / width)) if width else 0] += 1
    return tuple(found)


def _point(target: dict[str, Any], metric: str) -> float | None:
    point: float | None = ((target.get(metric) or {}).get("p50") or {}).get("point")
    return point


def _figure(said: dict[str, Any]) -> Figure:
    return Figure(
        said["point"],
        said.get("low"),
        said.get("high"),
        bool(said.get("supported", True)),
        int(said.get("needs", 0)),
    )


class KeptHeadlines:
    """Headlines of runs that have ended, by id, each kept for `KEPT_S`."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Headline]] = OrderedDict()

    def get(self, job_id: str) -> Headline | None:
        """What is kept of it; None: nothing, or it is too old."""
        at_s, found = self._kept.get(job_id, (float("-inf"), None))
        return found if monotonic_s() - at_s < KEPT_S else None

    def put(self, job_id: str, headline: Headline) -> Headline:
        """Keep it."""
        self._kept[job_id] = monotonic_s(), headline
        self._kept.move_to_end(job_id)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return headline
