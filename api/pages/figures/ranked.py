"""Targets ranked, best first, each with its interval: the first thing of a page.

Positions are per cent of the width, so that HTML and SVG draw it without a script.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Literal

from api.page_data import Group, PageData
from api.pages.figures.against import Claim, claim
from api.pages.figures.axes import (
    line_ends,
    line_ticks,
    log_ends,
    log_ticks,
    named,
    unit_of,
)
from api.pages.figures.template import Figure, colour, figure, plain, symbol
from shared.comparison import Comparison, Side

Kind = Literal["ttft", "latency", "tpot", "cost", "success", "pass_rate"]

KINDS: dict[Kind, tuple[str, str]] = {
    "ttft": ("TTFT", "TTFT, p50; log scale, left is better"),
    "latency": ("Latency", "whole call, p50; log scale, left is better"),
    "tpot": ("Time per token", "per output token after the first, p50; log scale"),
    "cost": ("Cost", "$ per 1,000 good answers; left is better"),
    "success": ("Success", "share of calls that ended ok; right is better"),
    "pass_rate": ("Pass rate", "share of checked answers that passed; right is better"),
}
"""Name of the switch, and what is drawn."""
SHARES: frozenset[Kind] = frozenset({"success", "pass_rate"})
"""Those of which more is better."""
_LEAST_BAR = 2.0
"""An interval of fewer per cent of the width is not drawn: the mark hides it."""


@dataclass(frozen=True, slots=True)
class Rank:
    """One target in one metric."""

    target: int
    name: str
    value: float
    low: float | None
    high: float | None
    at: float = 0.0
    low_at: float | None = None
    high_at: float | None = None
    tied: bool = False
    """It is the best, or cannot be told from it."""
    beside: Claim | None = None
    """Beside the one that it is held against; None of that one itself."""
    leads: bool = False
    """The others are held against it."""

    @property
    def drawn(self) -> bool:
        """Whether its interval is wider than its mark."""
        first = self.at if self.low_at is None else self.low_at
        return self.high_at is not None and self.high_at - first >= _LEAST_BAR


@dataclass(frozen=True, slots=True)
class RankedTargets:
    """All targets in one metric."""

    kind: Kind
    ranks: tuple[Rank, ...]
    ticks: tuple[tuple[float, str], ...] = ()
    against: str = "best"
    """What the one is called that others are held against."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Names of targets that have no place, each with the reason."""

    @property
    def bracketed(self) -> bool:
        """Whether several may be the best."""
        return sum(rank.tied for rank in self.ranks) > 1


def ranked(
    data: PageData,
    job_id: str,
    kind: Kind,
    barred: Iterable[str] = (),
    found: Comparison | None = None,
) -> RankedTargets:
    """The targets of a run. barred: figures that its verdict says cannot be used.

    found: a comparison that stands for that of the run.
    """
    known: list[Rank] = []
    left_out: list[tuple[str, str]] = []
    for group in data.groups:
        if not group.whole:
            continue
        name = data.targets[group.target]
        made = _rank(group, kind, name)
        if made is None:
            left_out.append((name, _why(group, kind)))
        else:
            known.append(made)
    if kind in set(barred):
        left_out = [(name, "the verdict says: not to be used") for name in data.targets]
        known = []
    ranks = sorted(known, key=lambda r: -r.value if kind in SHARES else r.value)
    sides = [Side(job_id=job_id, target=rank.name) for rank in ranks]
    if not ranks:
        return RankedTargets(kind, (), left_out=tuple(left_out))
    compared = found or data.comparison
    held = []
    for rank, side in zip(ranks, sides, strict=True):
        leads, beside = rank is ranks[0], None
        if not leads and compared is not None:
            beside = claim(compared, kind, side, sides[0])
        free = kind == "cost" and rank.value == ranks[0].value == 0
        may_be = beside is not None and _may_be_best(beside, rank, ranks[0])
        tied = leads or free or may_be
        held.append(replace(rank, tied=tied, beside=beside, leads=leads))
    return replace(placed(kind, held), left_out=tuple(left_out))


def beside_baseline(
    kind: Kind,
    ranks: Sequence[Rank],
    sides: Sequence[Side],
    found: Comparison,
) -> RankedTargets:
    """Runs of each target beside each other, in the order given: each is held against
    the first of its target."""
    first: dict[str, Side] = {}
    made = []
    for rank, side in zip(ranks, sides, strict=True):
        base = first.setdefault(side.target, side)
        beside = None if base is side else claim(found, kind, side, base)
        made.append(replace(rank, beside=beside, leads=base is side, tied=False))
    return replace(placed(kind, made), against="baseline")


def placed(kind: Kind, ranks: Sequence[Rank]) -> RankedTargets:
    """With their places on the axis; at least one."""
    low, high, ticks = _axis(kind, ranks)
    is_log = kind in ("ttft", "latency", "tpot")

    def at(value: float | None) -> float | None:
        if value is None:
            return None
        if is_log:
            share = log(value / low) / log(high / low)
        else:
            share = (value - low) / (high - low)
        return round(100 * min(1.0, max(0.0, share)), 2)

    made = tuple(
        replace(
            rank,
            at=at(rank.value) or 0.0,
            low_at=at(rank.low),
            high_at=at(rank.high),
        )
        for rank in ranks
    )
    return RankedTargets(
        kind, made, tuple((at(tick) or 0.0, label) for tick, label in ticks)
    )


def _may_be_best(beside: Claim, rank: Rank, best: Rank) -> bool:
    """As the comparison says. Where it makes no claim of times, since one fails more,
    those whose intervals meet: five times as long is not "too close to tell"."""
    if beside.biased:
        return rank.low is not None and best.high is not None and rank.low <= best.high
    return beside.word in ("equivalent", "cannot_tell", "better")


def _rank(group: Group, kind: Kind, name: str) -> Rank | None:
    if kind == "cost":
        found = group.usd_per_1000_good
    elif kind == "success":
        found = group.success
    elif kind == "pass_rate":
        found = group.pass_rate
    else:
        middle = group.times[kind]["p50"]
        if middle.point is None or middle.point <= 0 or not middle.supported:
            return None
        return Rank(group.target, name, middle.point, middle.low, middle.high)
    if found is None:
        return None
    return Rank(group.target, name, found.value, found.low, found.high)


def _why(group: Group, kind: Kind) -> str:
    if kind == "cost":
        return (
            "nobody says what its good answers cost" if group.ok else "no good answer"
        )
    if kind == "success":
        return "no call of it was sent"
    if kind == "pass_rate":
        return "no answer of it was checked"
    middle = group.times[kind]["p50"]
    if middle.point is None:
        return "no call of it has that"
    return f"too few calls: {middle.needs} more" if middle.needs else "measured as 0"


def _axis(
    kind: Kind, ranks: Sequence[Rank]
) -> tuple[float, float, list[tuple[float, str]]]:
    ends = [v for r in ranks for v in (r.value, r.low, r.high) if v is not None]
    if kind in SHARES:
        low = min(0.9, int(min(ends) * 10) / 10)
        ticks = line_ticks(low, 1.0)
        return low, 1.0, [(tick, f"{100 * tick:.4g} %") for tick in ticks]
    if kind == "cost":
        low, high = line_ends(max(ends))
        return low, high, [(tick, f"${named(tick)}") for tick in line_ticks(low, high)]
    unit = unit_of([rank.value for rank in ranks])
    known = [end * unit.per_s for end in ends if end > 0]
    low, high = log_ends(min(known), max(known))
    values = log_ticks(low, high)
    labels = [named(value) for value in values]
    labels[0] += f" {unit.name}"
    labels[-1] += f" {unit.name}"
    ticks_s = [value / unit.per_s for value in values]
    return low / unit.per_s, high / unit.per_s, [*zip(ticks_s, labels, strict=True)]


def ranked_figure(found: RankedTargets) -> Figure:
    """The same by Plotly, for a picture to keep."""
    unit = 1.0
    data = []
    for place, rank in enumerate(found.ranks):
        low = rank.value if rank.low is None else rank.low
        high = rank.value if rank.high is None else rank.high
        data.append(
            {
                "x": [rank.value * unit],
                "y": [-place],
                "type": "scatter",
                "mode": "markers",
                "name": plain(rank.name),
                "marker": {
                    "size": 10,
                    "color": colour(rank.target),
                    "symbol": symbol(rank.target),
                },
                "error_x": {
                    "type": "data",
                    "symmetric": False,
                    "array": [high - rank.value],
                    "arrayminus": [rank.value - low],
                    "color": colour(rank.target),
                    "thickness": 2.5,
                    "width": 5,
                },
            }
        )
    title, about = KINDS[found.kind]
    is_log = found.kind in ("ttft", "latency", "tpot")
    suffix = ", s" if is_log else ""
    return figure(
        data,
        xaxis={"type": "log" if is_log else "linear", "title": f"{about}{suffix}"},
        yaxis={
            "tickvals": [-place for place in range(len(found.ranks))],
            "ticktext": [plain(rank.name) for rank in found.ranks],
            "showgrid": False,
        },
        title={"text": title, "font": {"size": 13}},
        margin={"t": 34, "l": 160},
    )
