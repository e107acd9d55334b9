"""Figures of targets and providers as a table: for the page, and as Markdown."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from api.page_data import Group, PageData
from api.page_data.records import Interval, Metric
from api.pages.figures.axes import Unit, unit_of
from api.pages.shell.words import UNKNOWN, significant
from shared.analysis import Percentile
from shared.standards.markdown import escaped

_TIMES: tuple[tuple[Metric, str, str], ...] = (
    ("ttft", "p50", "TTFT"),
    ("ttft", "p90", ""),
    ("ttft", "p95", ""),
    ("ttft", "p99", ""),
    ("latency", "p50", "latency"),
    ("tpot", "p50", "tpot"),
)


class TableHead(NamedTuple):
    """A head: a word with its definition, what of it, and the unit."""

    word: str
    definition: str
    of: str
    unit: str

    @property
    def plain(self) -> str:
        """As one text."""
        said = " ".join(part for part in (self.word, self.of) if part)
        return f"{said}, {self.unit}" if self.unit else said


class FigureCell(NamedTuple):
    """A value, its interval or what it needs, and whether it is too little to use."""

    value: str
    beside: str = ""
    dim: bool = False

    @property
    def plain(self) -> str:
        """As one text."""
        return f"{self.value} {self.beside}".strip()


class TableLine(NamedTuple):
    """The calls of a target, or those that a provider served."""

    group: Group
    name: str
    ok: str
    cells: tuple[FigureCell, ...]


class Table(NamedTuple):
    """All targets."""

    columns: tuple[TableHead, ...]
    lines: tuple[TableLine, ...]


def table(data: PageData, order: Sequence[int] = ()) -> Table:
    """Providers under their target, where there are several.

    order: of targets, the best first; those that are not in it stand behind.
    """
    place = {target: n for n, target in enumerate(order)}
    groups = sorted(data.groups, key=lambda g: place.get(g.target, len(place)))
    shown = [
        (metric, p, word)
        for metric, p, word in _TIMES
        if any(group.times[metric][p].point is not None for group in data.groups)
    ]
    units = {metric: _unit(data.groups, metric) for metric, *_ in shown}
    columns = [
        TableHead(
            word or metric.upper(),
            f"{metric}_s",
            p,
            units[metric].name if p == "p50" else "",
        )
        for metric, p, word in shown
    ]
    columns.append(TableHead("Success", "", "", "%"))
    checked = any(group.pass_rate is not None for group in data.groups)
    if checked:
        columns.append(TableHead("Pass rate", "pass_rate", "", "%"))
    columns.append(TableHead("$ / 1,000", "cost_usd", "", ""))
    lines = [
        TableLine(
            group,
            (
                data.targets[group.target]
                if group.whole
                else group.provider or "provider unknown"
            ),
            f"{group.ok:,}/{group.calls:,}",
            (
                *(time_cell(group.times[m][p], units[m]) for m, p, _ in shown),
                _share(group.success),
                *([_share(group.pass_rate)] if checked else ()),
                _cost(group.usd_per_1000_good),
            ),
        )
        for group in groups
    ]
    return Table(tuple(columns), tuple(lines))


def time_cell(found: Percentile, unit: Unit) -> FigureCell:
    """A percentile in the unit of its column."""
    if found.point is None:
        return FigureCell(UNKNOWN)
    value = significant(found.point * unit.per_s)
    if not found.supported:
        return FigureCell(value, f"needs {found.needs:,}", dim=True)
    low, high = (
        None if end is None else significant(end * unit.per_s)
        for end in (found.low, found.high)
    )
    if low is not None and high is not None:
        return FigureCell(value, f"({low}–{high})")
    return FigureCell(value, "" if high is None else f"(≤ {high})")


def _share(found: Interval | None) -> FigureCell:
    if found is None:
        return FigureCell(UNKNOWN)
    value = f"{100 * found.value:.1f}"
    if found.low is None or found.high is None:
        return FigureCell(value)
    return FigureCell(value, f"({100 * found.low:.0f}–{100 * found.high:.0f})")


def _cost(found: Interval | None) -> FigureCell:
    if found is None:
        return FigureCell(UNKNOWN)
    if found.value == 0:
        return FigureCell("$0", "free")
    value = f"${significant(found.value)}"
    if found.low is None or found.high is None:
        return FigureCell(value)
    return FigureCell(value, f"({significant(found.low)}–{significant(found.high)})")


def _unit(groups: Iterable[Group], metric: Metric) -> Unit:
    points = (group.times[metric]["p50"].point for group in groups)
    return unit_of([point for point in points if point is not None])


def markdown(made: Table) -> str:
    """The same in Markdown.

    >>> print(markdown(Table((TableHead("TTFT", "ttft_s", "p50", "ms"),), ())))
    | Target | ok | TTFT p50, ms |
    | :-- | --: | --: |
    """
    heads = ["Target", "ok", *(column.plain for column in made.columns)]
    rows: list[Sequence[str]] = [heads, [":--", *["--:"] * (len(heads) - 1)]]
    for line in made.lines:
        name = line.name if line.group.whole else f"… {line.name}"
        rows.append([name, line.ok, *(cell.plain for cell in line.cells)])
    return "\n".join(f"| {' | '.join(map(escaped, row))} |" for row in rows)
