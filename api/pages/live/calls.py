"""All calls of a run so far, in as little as a page draws: each row is added once.

What is kept does not grow with the run, but for the pairs that a comparison needs, and
those have an end (`bands`). Seconds count from the run's start. Warm-ups and attempts
that were made again are left out: what is counted here is what the header counts.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Self

from api.page_data import call_id
from api.pages.live.bands import Bands
from api.pages.live.buckets import COARSE, FINE, Buckets
from api.pages.live.failing import FailingGroups
from api.pages.live.marks import Marks
from api.pages.live.slices import Slices
from api.parts.newest import Seen

_SLICES = 80
_GAP_S = 0.5
"""Nobody worked on the run for so long: that is shown."""
TIMES = ("ttft", "latency", "tpot")


class _Pace:
    """What happened in a slice of time."""

    __slots__ = ("busy_s", "ended", "failed")

    def __init__(self) -> None:
        self.ended = self.failed = 0
        self.busy_s = 0.0

    def merge(self, other: Self) -> None:
        self.ended += other.ended
        self.failed += other.failed
        self.busy_s += other.busy_s


class _Times:
    """How long calls took that began in a slice of time."""

    __slots__ = ("latency", "ttft")

    def __init__(self) -> None:
        self.ttft, self.latency = Buckets(COARSE), Buckets(COARSE)

    def merge(self, other: Self) -> None:
        self.ttft.merge(other.ttft)
        self.latency.merge(other.latency)


class TargetSoFar:
    """The calls of one target."""

    def __init__(self) -> None:
        self.ok = self.failed = 0
        self.whole = {name: Buckets(FINE) for name in TIMES}
        self.over_time: Slices[_Times] = Slices(_Times, _SLICES)


class CallsSoFar:
    """The calls of a run; `add` takes its rows in the order of their commits."""

    def __init__(
        self,
        targets: int,
        began_at: float,
        is_warmup: Callable[[int], bool],
        bands: Bands | None = None,
    ) -> None:
        """began_at: Unix seconds. bands: None where none are made."""
        self._began_at = began_at
        self._is_warmup = is_warmup
        self.bands = bands
        self._warm: dict[int, bool] = {}
        self._segments: dict[int, tuple[float, float]] = {}
        self.targets = [TargetSoFar() for _ in range(targets)]
        self.pace: Slices[_Pace] = Slices(_Pace, _SLICES)
        self.marks = Marks()
        self.failures = FailingGroups()
        self.workers: Counter[str] = Counter()
        self.calls = self.unsent = 0
        self.longest_s = 0.0
        """The longest call of those that succeeded."""

    def add(self, row: Seen) -> None:
        """One row."""
        if row.step not in self._warm:
            self._warm[row.step] = self._is_warmup(row.step)
        if self._warm[row.step] or not row.closes:
            return
        self.calls += 1
        self.workers[row.worker] += 1
        if self.bands is not None:
            self.bands.add(row)
        ok, one = row.outcome == "ok", self.targets[row.target]
        if ok:
            one.ok += 1
        else:
            one.failed += 1
            self.failures.add(
                row.outcome,
                row.error,
                row.target,
                row.provider,
                call_id(row.step, row.slot),
            )
        if row.started_at is None:
            self.unsent += 1
            return
        at_s = max(0.0, row.started_at - self._began_at)
        end_s = (
            at_s if row.ended_at is None else max(at_s, row.ended_at - self._began_at)
        )
        self._timed(row, one, at_s)
        self._paced(ok, at_s, end_s)
        first, last = self._segments.get(row.segment, (at_s, end_s))
        self._segments[row.segment] = min(first, at_s), max(last, end_s)

    def _timed(self, row: Seen, one: TargetSoFar, at_s: float) -> None:
        known = {"ttft": row.ttft_s, "latency": row.latency_s, "tpot": row.tpot_s}
        slice_ = one.over_time.at(at_s)
        for name, value_s in known.items():
            if value_s is not None:
                one.whole[name].add(value_s)
        if row.ttft_s is not None:
            slice_.ttft.add(row.ttft_s)
        if row.latency_s is not None:
            slice_.latency.add(row.latency_s)
            self.longest_s = max(self.longest_s, row.latency_s)
        height_s = row.latency_s if row.ttft_s is None else row.ttft_s
        outcome = "" if row.outcome == "ok" else row.outcome
        self.marks.add(row.target, row.provider, outcome, at_s, height_s)

    def _paced(self, ok: bool, at_s: float, end_s: float) -> None:
        ended = self.pace.at(end_s)  # which may make slices longer
        ended.ended += 1
        ended.failed += not ok
        width_s = self.pace.width_s
        begin_s = at_s
        while begin_s < end_s:
            # the end of its slice, and past it, whatever the division rounds to
            until_s = min(end_s, (int(begin_s / width_s) + 1) * width_s)
            if until_s <= begin_s:
                break
            self.pace.at(begin_s).busy_s += until_s - begin_s
            begin_s = until_s

    @property
    def last_s(self) -> float:
        """When the last call so far ended."""
        return max((last for _, last in self._segments.values()), default=0.0)

    def waits(self) -> Iterator[tuple[float, float]]:
        """Stretches between segments, in which nobody worked on the run."""
        ordered = sorted(self._segments.values())
        end_s: float | None = None
        for first, last in ordered:
            if end_s is not None and first - end_s > _GAP_S:
                yield round(end_s, 2), round(first, 2)
            end_s = last if end_s is None else max(end_s, last)

    def metric(self) -> str:
        """`ttft`, or `latency` where nothing was streamed."""
        return "ttft" if any(t.whole["ttft"].n for t in self.targets) else "latency"

    def charts(self, now_s: float, length_s: float) -> dict[str, Any]:
        """All that is drawn, as JSON."""
        return {
            "now_s": round(now_s, 2),
            "length_s": round(length_s, 2),
            "waits": [*self.waits()],
            "metric": self.metric(),
            "pace": self._pace_drawn(now_s),
            **{name: self._times_drawn(name) for name in ("ttft", "latency")},
            "providers": self.marks.providers,
            "singly": self.marks.singly,
            "lanes": [
                {
                    "median_s": one.whole[self.metric()].at(0.5),
                    "marks": self.marks.of_lane(number),
                }
                for number, one in enumerate(self.targets)
            ],
        }

    def _pace_drawn(self, now_s: float) -> dict[str, Any]:
        """Of slices that are over. Calls that are still open are in none, so the mean
        of open calls ends before the longest call could have begun."""
        width_s = self.pace.width_s
        over = int(now_s / width_s)
        found = [self.pace.get(place) or _Pace() for place in range(over)]
        sure = max(0, int((now_s - self.longest_s) / width_s))
        return {
            "width_s": width_s,
            "ended": [round(one.ended / width_s, 3) for one in found],
            "failed": [round(one.failed / width_s, 3) for one in found],
            "open": [round(one.busy_s / width_s, 2) for one in found[:sure]],
        }

    def _times_drawn(self, name: str) -> list[dict[str, Any]]:
        drawn = []
        for one in self.targets:
            found = [
                (one.over_time.middle_s(place), getattr(times, name))
                for place, times in one.over_time
            ]
            known = [(at_s, spread) for at_s, spread in found if spread.n]
            drawn.append(
                {
                    "at_s": [at_s for at_s, _ in known],
                    **{
                        f"p{share}": [_short(s.at(share / 100)) for _, s in known]
                        for share in (25, 50, 75)
                    },
                }
            )
        return drawn


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
