"""Tables of targets and their providers beside the main one: answers that did not come
whole, and what the upstream says of those whom we measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from api.page_data import PageData
from api.pages.ended.tables import FigureCell, time_cell
from api.pages.figures.axes import Unit
from api.pages.shell.words import UNKNOWN, significant, usd
from shared.analysis import Integrity
from shared.standards.markdown import escaped

_MS = Unit("ms", 1000.0)


class SheetLine(NamedTuple):
    """A target, or one of its providers."""

    name: str
    target: int | None
    """Its number, whose mark it has; None of a provider under it."""
    cells: tuple[FigureCell, ...]


class Sheet(NamedTuple):
    """A table, and what is to be said under it."""

    heads: tuple[str, ...]
    lines: tuple[SheetLine, ...]
    note: str

    @property
    def markdown(self) -> str:
        """The same in Markdown; "" without lines."""
        if not self.lines:
            return ""
        rows: list[Sequence[str]] = [self.heads, [":--", *["--:"] * len(self.heads)]]
        rows[1] = rows[1][: len(self.heads)]
        for line in self.lines:
            name = f"… {line.name}" if line.target is None else line.name
            rows.append([name, *(cell.plain for cell in line.cells)])
        return "\n".join(f"| {' | '.join(map(escaped, row))} |" for row in rows)


def integrity(result: Mapping[str, Any]) -> Sheet | None:
    """Of the whole run: a column for each trouble that there was. None where the
    summary says nothing of it, or nothing was answered."""
    groups = [*_groups(result)]
    if not any(said[name]["of"] for _, _, said in groups for name in Integrity.NAMES):
        return None
    there: list[str] = []
    never: list[str] = []
    for name in Integrity.NAMES:
        seen = any(said[name]["n"] for _, _, said in groups)
        (there if seen else never).append(name)
    lines = tuple(
        SheetLine(who, target, tuple(_trouble(said[name]) for name in there))
        for who, target, said in groups
    )
    note = ""
    could = [_in_words(n) for n in never if any(said[n]["of"] for *_, said in groups)]
    if could:
        most = max(
            said[name]["high"]
            for _, target, said in groups
            for name in never
            if target is not None and said[name]["of"]
        )
        note = (
            f"{'Not seen' if there else 'All came whole. Not seen'}:"
            f" {', '.join(could)}; of no target can it be more than"
            f" {100 * most:.1f} % with 95 %."
        )
    heads = ("Target", *map(_in_words, there))
    return Sheet(heads, lines if there else (), note)


def _groups(
    result: Mapping[str, Any],
) -> Iterator[tuple[str, int | None, Mapping[str, Any]]]:
    for number, target in enumerate(result.get("targets") or ()):
        if not target.get("integrity"):
            continue
        yield target["target"], number, target["integrity"]
        providers = target["providers"]
        for one in providers if len(providers) > 1 else ():
            if one.get("integrity"):
                yield one["provider"] or "provider unknown", None, one["integrity"]


def _in_words(name: str) -> str:
    """A trouble as people say it.

    >>> _in_words("error_in_200"), _in_words("no_done")
    ('error in 200', 'no done')
    """
    return name.replace("_", " ")


def _trouble(said: Mapping[str, Any]) -> FigureCell:
    if not said["of"]:
        return FigureCell(UNKNOWN)
    counted = f"{said['n']:,}/{said['of']:,}"
    if not said["n"]:
        return FigureCell(counted, f"(≤ {100 * said['high']:.1f} %)")
    low, high = (f"{100 * said[end]:.1f}" for end in ("low", "high"))
    paid = f", {usd(said['usd'])}" if said["usd"] is not None else ", cost unknown"
    return FigureCell(counted, f"{100 * said['share']:.1f} % ({low}–{high}){paid}")


def listed(told: Sequence[Mapping[str, Any]], data: PageData) -> Sheet | None:
    """What the upstream said of each provider that the plan's `providers` made a
    target, beside our own figures. None in other plans."""
    if not told:
        return None
    ours = {data.targets[g.target]: g for g in data.groups if g.whole}
    lines = []
    for one in told:
        group = ours.get(one["target"] or "")
        if group is None:
            continue
        tpot = group.times["tpot"]["p50"].point
        ttft = one["ttft_s_last_30m"] or {}
        speed = one["tokens_per_s_last_30m"] or {}
        uptime = one["uptime_last_30m_percent"]
        cells = (
            FigureCell(_known(one["prompt_usd_per_million"], "$")),
            FigureCell(_known(one["completion_usd_per_million"], "$")),
            FigureCell(one["quantization"] or UNKNOWN),
            FigureCell(UNKNOWN if uptime is None else f"{uptime:.1f}"),
            FigureCell(_known(ttft.get("p50"), per=1000.0)),
            time_cell(group.times["ttft"]["p50"], _MS),
            FigureCell(_known(speed.get("p50"))),
            FigureCell(_known(1 / tpot if tpot else None)),
        )
        lines.append(SheetLine(one["target"], group.target, cells))
    left = [f"{one['slug']} ({one['left_out']})" for one in told if one["left_out"]]
    at = str(told[0]["at"])[:16].replace("T", " ")
    note = (
        f"Listed: by the upstream at {at} UTC, by its own measuring of everybody's"
        " calls in 30 minutes. Measured: by this run; tokens a second are 1 / tpot p50."
    )
    if left:
        note += f" Left out: {'; '.join(left)}."
    heads = (
        *("Provider", "$ / 1M in", "$ / 1M out", "quantization", "uptime, %"),
        *("TTFT p50 listed, ms", "measured, ms"),
        *("tokens/s p50 listed", "measured"),
    )
    return Sheet(heads, tuple(lines), note)


def _known(value: float | None, sign: str = "", per: float = 1.0) -> str:
    return UNKNOWN if value is None else f"{sign}{significant(value * per)}"
