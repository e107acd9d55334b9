"""The table: what was measured, what was asked for, and whether it is met."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.goals import GOALS
from bench.machine import median


@dataclass(frozen=True, slots=True)
class Shown:
    """A peer's number for one line."""

    value: float
    earlier: bool = False
    """Measured in another run, not in this one."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table. Values are in `unit`, one per repeat."""

    key: str
    what: str
    unit: str
    ours: tuple[float, ...]
    better: Literal["more", "less"]
    excused: bool = False
    """A miss that the verdict itself called invalid, every time."""
    note: str = ""
    peers: Mapping[str, Shown] = field(default_factory=dict)

    @property
    def must(self) -> float | None:
        """What is asked of the median; None: nothing is."""
        return GOALS.get(self.key, (None, None))[0]

    @property
    def aim(self) -> float | None:
        """What would be as good as it gets."""
        return GOALS.get(self.key, (None, None))[1]

    @property
    def worst(self) -> float:
        """Of the repeats."""
        return min(self.ours) if self.better == "more" else max(self.ours)

    @property
    def middle(self) -> float:
        """The median repeat."""
        return median(self.ours)

    def met(self) -> str:
        """`aim`, `must`, a miss, or nothing where nothing was asked; by the median."""
        for name, goal in (("aim", self.aim), ("must", self.must)):
            if goal is not None and self._reaches(goal):
                return name
        if self.must is None:
            return ""
        return "said invalid" if self.excused else "**no**"

    def ratio(self, other: float) -> float | None:
        """How many times better ours is; below one it is worse."""
        ours, theirs = self.middle, other
        if self.better == "less":
            ours, theirs = theirs, ours
        return ours / theirs if theirs > 0 and ours > 0 else None

    def _reaches(self, goal: float) -> bool:
        return self.middle >= goal if self.better == "more" else self.middle <= goal


def table(lines: Iterable[Line]) -> str:
    """The table in Markdown: ours, each peer, and how many times better ours is."""
    lines = list(lines)
    names = list(dict.fromkeys(name for line in lines for name in line.peers))
    head = ["", "unit", "must", "aim", "ours", "worst", "n", "met", *names, "beside"]
    rows = [head, ["---"] * len(head)]
    for line in lines:
        rows.append(
            [
                line.what,
                line.unit,
                _goal(line.must),
                _goal(line.aim),
                number(line.middle),
                number(line.worst),
                str(len(line.ours)),
                line.met(),
                *(_peer(line, line.peers.get(name)) for name in names),
                line.note,
            ]
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def document(machine: str, date: str, lines: Iterable[Line], missing: str) -> str:
    """The whole of RESULTS.md."""
    return f"""# Speed and accuracy

Written by `make bench`; do not edit. {date}, {machine}.

The load generator has one core; the stub (`bench/stub.c`), the store and the bench have
the other. Everything of ours goes through the worker's own path: a plan in a real
store, slots taken, calls made, rows committed, rows read back. `ours` is the median of
n repeats, `worst` the worst of them. Errors are measured minus true, absolute; the
truth is what the stub wrote down on the same monotonic clock. The gap error is that of
every gap between two tokens, the longest gap's that of one in each stream. In a peer's
column stands its number, and in brackets how many times better ours is; † was measured
earlier, in another run on a machine of the same kind. `ran` is the share of its core
that the worker used; `waited` the share of the time in which it could have run and
something else had the core: above a few percent it is the neighbours that are measured,
and only `core us` is worth reading.

{table(lines)}
{missing}"""


def number(value: float) -> str:
    """Three digits that matter, thousands apart."""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _goal(value: float | None) -> str:
    return "" if value is None else number(value)


def _peer(line: Line, shown: Shown | None) -> str:
    if shown is None:
        return ""
    ratio = line.ratio(shown.value)
    times = "" if ratio is None else f" ({number(ratio)}x)"
    return f"{number(shown.value)}{'†' if shown.earlier else ''}{times}"
