"""Figures as rows: a table where it fits the terminal, else a block for each row."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from cli.report.judge import Job
from cli.report.words import DOUBTFUL, number, percentile, share, usd
from cli.show import ms, text
from shared.analysis import Integrity

_WIDEST = 10_000
"""Columns of a table that is not made to fit."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a row."""

    head: str
    value: str
    interval: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether it comes from too few calls."""
        return self.value.endswith(DOUBTFUL)


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A target or a step."""

    label: str
    cells: tuple[Cell, ...]


def targets(job: Job) -> list[FigureRow]:
    """A row for each target."""
    return [
        FigureRow(text(target["target"]), (*_all(target), *_money(target)))
        for target in job["result"]["targets"]
    ]


def steps(job: Job) -> list[FigureRow]:
    """A row for each step that counts; none of a plan with a single one."""
    counted = [step for step in job["result"]["steps"] if not step["warmup"]]
    if len(counted) < 2:
        return []
    return [
        FigureRow(text(step["name"]), (*_all(step), *_pace(step), *_money(step)[:1]))
        for step in counted
    ]


def integrity(job: Job) -> list[FigureRow]:
    """A row for each target, and each of its providers where there are several, of
    which some answers did not come whole; none where all did."""
    groups = [
        (text(name), group["integrity"])
        for target in job["result"]["targets"]
        for name, group in _with_providers(target)
        if group.get("integrity")
    ]
    there = [
        name for name in Integrity.NAMES if any(found[name]["n"] for _, found in groups)
    ]
    return [
        FigureRow(name, tuple(_trouble(each, found[each]) for each in there))
        for name, found in groups
        if any(found[each]["n"] for each in there)
    ]


def _with_providers(target: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield target["target"], target
    if len(target["providers"]) > 1:
        for group in target["providers"]:
            who = group["provider"] or "an unnamed one"
            yield f"{target['target']} at {who}", group


def _trouble(name: str, found: dict[str, Any]) -> Cell:
    head = name.replace("_", " ", 1)
    if not found["of"]:
        return Cell(head, "-")
    ends = f"{share(found['low'])} to {share(found['high'])}"
    if not found["n"]:
        ends = f"at most {share(found['high'])}"
    paid = f", {usd(found['usd'])}" if found["usd"] else ""
    return Cell(head, f"{found['n']:,}/{found['of']:,}", ends + paid)


def draw(rows: list[FigureRow], first: str, console: Console) -> RenderableType:
    """As a table, or as blocks where that is too wide; labels are never broken."""
    if not rows:
        return Group()
    table = _table(rows, first)
    unbounded = console.options.update(max_width=_WIDEST)
    if Measurement.get(console, unbounded, table).maximum <= console.width:
        return table
    return Group(*(_block(row) for row in rows))


def put(rows: list[FigureRow], first: str, console: Console) -> None:
    """Print them, and cut no value: where there is no terminal, as a table that is as
    wide as it has to be, whatever COLUMNS says. Of no rows nothing is printed."""
    if not rows:
        return
    if not console.is_terminal:
        console = Console(file=console.file, width=_WIDEST, highlight=False)
        console.print(_table(rows, first))
    else:
        console.print(draw(rows, first, console))


def has_doubtful(rows: list[FigureRow]) -> bool:
    """Whether a value is marked for its few calls."""
    return any(cell.is_doubtful for row in rows for cell in row.cells)


def _all(group: dict[str, Any]) -> list[Cell]:
    tried = group["counts"]["ok"] + group["counts"]["failed"]
    tried += group["counts"]["dropped"]
    cells = [Cell("ok", f"{group['counts']['ok']:,}/{tried:,}")]
    if found := group.get("pass_rate"):
        ends = f"{share(found['low'])} to {share(found['high'])}"
        cells.append(Cell("passed", share(found["share"]), ends))
    for name, shown, stats in (
        ("ttft", "TTFT", ("p50", "p95")),
        ("latency", "latency", ("p50", "p95")),
        ("tpot", "tpot", ("p50",)),
    ):
        for stat in stats:
            cells.append(Cell(f"{shown} {stat}", *percentile(group[name][stat])))
    return cells


def _pace(group: dict[str, Any]) -> list[Cell]:
    rate = group["throughput"]["requests_per_s"]
    cells = [Cell("calls/s", number(rate))]
    if group["goodput"] is not None:
        cells.append(Cell("good", share(group["goodput"]["share"])))
    return cells


def _money(group: dict[str, Any]) -> list[Cell]:
    cost = group["cost"]
    return [
        Cell("cost", usd(cost["billed_usd"])),
        Cell("per 1,000 good", usd(cost["usd_per_1000_good"])),
    ]


def _table(rows: list[FigureRow], first: str) -> Table:
    made = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), collapse_padding=True
    )
    made.add_column(first, no_wrap=True)
    for cell in rows[0].cells:
        made.add_column(cell.head.replace(" ", "\n", 1), justify="right", no_wrap=True)
    for row in rows:
        made.add_row(row.label, *map(_cell, row.cells))
    return made


def _cell(cell: Cell) -> Text:
    shown = Text(cell.value, style="dim" if cell.is_doubtful else "", justify="right")
    if cell.interval:
        shown.append(f"\n{cell.interval}", style="dim")
    return shown


def _block(row: FigureRow) -> Text:
    shown = Text(row.label, style="bold")
    for cell in row.cells:
        style = "dim" if cell.is_doubtful else ""
        shown.append(f"\n  {cell.head:<15}{cell.value}", style="not bold " + style)
        if cell.interval:
            shown.append(f" ({cell.interval})", style="not bold dim")
    return shown


def listed(job: Job) -> list[FigureRow]:
    """A row for each provider that the plan's `providers` made a target."""
    found = [one for one in job.get("listed") or () if one["target"] is not None]
    return [FigureRow(text(one["target"]), of_provider(one)) for one in found]


def of_provider(one: Job) -> tuple[Cell, ...]:
    """Of one provider: its price, and how well it does."""
    ttft: dict[str, Any] = one["ttft_s_last_30m"] or {}
    speed: dict[str, Any] = one["tokens_per_s_last_30m"] or {}
    uptime = one["uptime_last_30m_percent"]
    return (
        Cell("USD in", text(one["prompt_usd_per_million"])),
        Cell("USD out", text(one["completion_usd_per_million"])),
        Cell("quantization", text(one["quantization"])),
        Cell("uptime 30 min", "-" if uptime is None else f"{uptime:.1f} %"),
        Cell("TTFT p50, ms", ms(ttft.get("p50"))),
        Cell("TTFT p99, ms", ms(ttft.get("p99"))),
        Cell("tokens/s p50", text(speed.get("p50"))),
    )
