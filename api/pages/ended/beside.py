"""A comparison as its page and the report say it: sides, rows, words, and gaps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from api.page_data import PageData
from api.pages.ended.asked import Choices
from api.pages.ended.context import of_run, pair_of, rankings
from api.pages.figures import (
    KINDS,
    Claim,
    RankedTargets,
    Word,
    beside_baseline,
    claim,
    pairs,
    ranked,
    ranked_figure,
    said,
    value,
)
from api.pages.figures.template import short
from api.schemas import Job
from shared.comparison import LABELS, Comparison, MetricName, PairVerdict, Side
from shared.standards.markdown import escaped

_COLUMNS: tuple[MetricName, ...] = (
    *("ttft", "latency", "tpot", "cost", "success"),
    "pass_rate",
)
_SIGNS = {"better": "fa", "worse": "sl", "equivalent": "eq", "cannot_tell": "ct"}


@dataclass(frozen=True, slots=True)
class SideRow:
    """One side beside another, in every metric."""

    name: str
    beside: str
    target: int
    other: int
    pair: PairVerdict
    claims: tuple[Claim | None, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """One of those that are compared: the address, the mark and the name of it."""

    side: Side
    key: str
    name: str
    mark: int


def of_comparison(
    found: Comparison,
    jobs: Sequence[Job],
    data: Sequence[PageData],
    base: str,
    asked: Choices,
) -> dict[str, Any]:
    """All that the page says; the report has it, too."""
    sides = _sides(found, jobs, data[0].targets)
    baseline = next((each for each in sides if each.key == base), None)
    if baseline is not None and len(jobs) > 1:  # it leads the runs of its target
        sides = [baseline, *(each for each in sides if each is not baseline)]
        leading = baseline.side.target
        sides.sort(key=lambda one: one.side.target != leading)
    rows, others = _rows(found, sides, baseline)
    baseline = baseline or sides[0]
    every = _rankings(found, sides, jobs, data)
    figures = {f"ranked-{one.kind}": ranked_figure(one) for one in every}
    pair = (0, 0)
    if len(jobs) == 1:
        ab = pair_of(data[0], every, asked)
        pair = ab
        made = {"pairs": pairs(data[0], data[0].metric, *ab), "value": value(data[0])}
        figures |= {name: figure for name, figure in made.items() if figure}
    return {
        "found": found,
        "jobs": jobs,
        "runs": [of_run(each) for each in jobs],
        "sides": sides,
        "baseline": baseline,
        "rows": rows,
        "others": others,
        "columns": [(name, LABELS[name]) for name in columns_of(found)],
        "signs": _SIGNS,
        "ranked": every,
        "prefix": "",
        "said": said(every) if len(jobs) == 1 else _said_of_runs(found),
        "kinds": KINDS,
        "figures": figures,
        "pair": pair,
        "data": data[0],
        "missing": _missing(found),
        "markdown": _markdown(found, rows + others),
        "front": found.front.sentence if found.front else None,
        "differ": difference,
    }


def _sides(found: Comparison, jobs: Sequence[Job], order: Sequence[str]) -> list[Named]:
    each = dict.fromkeys(s for pair in found.verdicts for s in (pair.a, pair.b))
    several = len(jobs) > 1
    names = {job.job_id: job.name or f"Run {job.job_id[-6:]}" for job in jobs}
    twice = len({*names.values()}) < len(names)
    made = []
    for number, side in enumerate(each):
        name = side.target
        if several:
            run = names[side.job_id] + (f" {side.job_id[-4:]}" if twice else "")
            name = f"{short(side.target)} of {run}"
        key = f"{side.job_id}~{side.target}" if several else side.target
        made.append(Named(side, key, name, number))
    if not several:  # marks of targets are those of their run's page
        made = [replace(one, mark=order.index(one.name)) for one in made]
        made.sort(key=lambda one: one.mark)
    return made


def _rows(
    found: Comparison, sides: Sequence[Named], baseline: Named | None
) -> tuple[list[SideRow], list[SideRow]]:
    """Those beside the baseline, and all other pairs. Each is the difference of the
    first from the second; without a baseline that is the first of all."""
    by_side = {each.side: each for each in sides}
    base = (baseline or sides[0]).side
    rows: list[SideRow] = []
    others: list[SideRow] = []
    for pair in found.verdicts:
        first, second = pair.a, pair.b
        if first == base:
            first, second = second, first
        one, two = by_side[first], by_side[second]
        row = SideRow(
            one.name,
            two.name,
            one.mark,
            two.mark,
            pair,
            tuple(claim(found, name, first, second) for name in columns_of(found)),
        )
        (rows if second == base else others).append(row)
    return rows, others


def columns_of(found: Comparison) -> tuple[MetricName, ...]:
    """The metrics of the table; the pass rate only where answers were checked."""
    there = {each.metric for pair in found.verdicts for each in pair.metrics}
    return tuple(name for name in _COLUMNS if name != "pass_rate" or name in there)


def _rankings(
    found: Comparison,
    sides: Sequence[Named],
    jobs: Sequence[Job],
    data: Sequence[PageData],
) -> tuple[RankedTargets, ...]:
    if len(jobs) == 1:
        return rankings(jobs[0], data[0])
    made = []
    for kind in KINDS:
        by_side = {
            Side(job_id=job.job_id, target=rank.name): rank
            for job, one in zip(jobs, data, strict=True)
            for rank in ranked(one, job.job_id, kind).ranks
        }
        there = [each for each in sides if each.side in by_side]
        ranks = [
            replace(by_side[each.side], target=each.mark, name=each.name)
            for each in there
        ]
        if ranks:
            made.append(
                beside_baseline(kind, ranks, [each.side for each in there], found)
            )
    return tuple(made)


def _said_of_runs(found: Comparison) -> tuple[Word, ...]:
    """Of the first two of them; all others stand below."""
    first = found.verdicts[0]
    said = first.sentence.partition(" Beyond them")[0]
    return (Word(short(first.a.target), bold=True), Word(f": {said}"))


def _missing(found: Comparison) -> list[str]:
    """Pairs that could not be compared, aloud: of whom, how many of how many."""
    told = []
    for pair in found.verdicts:
        for metric in pair.metrics:
            lost = pair.pairs - metric.n
            if metric.metric == "ttft" and pair.paired and metric.n and lost > 0:
                told.append(
                    f"{lost:,} of {pair.pairs:,} pairs of {pair.a.target} and"
                    f" {pair.b.target} are missing in times: one of both failed or"
                    " said nothing. Success counts them, speed cannot."
                )
    return told


def _markdown(found: Comparison, rows: Sequence[SideRow]) -> str:
    heads = ["", *(LABELS[name] for name in columns_of(found))]
    lines = [heads, ["---"] * len(heads)]
    for row in rows:
        cells = [f"{row.name} beside {row.beside}"]
        for each in row.claims:
            cells.append("–" if each is None else f"{sign(each)}{difference(each)}")
        lines.append(cells)
    return "\n".join(f"| {' | '.join(map(escaped, line))} |" for line in lines)


def sign(found: Claim) -> str:
    """The word in front of its difference; `~` where it cannot be told."""
    return "~ " if found.word == "cannot_tell" else f"{found.said}: "


def difference(found: Claim) -> str:
    """By how much, from where to where.

    >>> difference(Claim("ttft", "worse", 1.89, 1.87, 1.92))
    '2.89× (2.87–2.92)'
    >>> difference(Claim("ttft", "better", -0.47, -0.5, -0.44))
    '−47 % (−50 to −44)'
    """
    if found.word is None:
        return found.why or "no figure"
    if not found.is_ratio:
        unit, scale = "points", 100.0
    elif found.estimate >= 1:
        ends = [1 + end for end in (found.estimate, found.low, found.high)]
        return f"{ends[0]:.2f}× ({ends[1]:.2f}–{ends[2]:.2f})"
    else:
        unit, scale = "%", 100.0
    shown = [_signed(scale * end) for end in (found.estimate, found.low, found.high)]
    return f"{shown[0]} {unit} ({shown[1]} to {shown[2]})"


def _signed(value: float) -> str:
    digits = 0 if abs(value) >= 10 else 1
    return f"{round(value, digits) or 0.0:+.{digits}f}".replace("-", "−")
