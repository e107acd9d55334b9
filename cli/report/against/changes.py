"""`--fail-if "ttft > +10%"`: a gate on what has changed since another benchmark."""

import re
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Literal

ChangeUnit = Literal["share", "points", "seconds"]

TIMES = (*("ttft", "ttft_visible", "tpot", "latency", "latency_at_length", "response"),)
SHARES = ("success", "pass_rate")
"""Compared by their difference, in points."""
PERCENTILES = ("p50", "p90", "p95", "p99")
OTHERS = {"cost": "cost", "usd_per_1000_good": "cost"}
"""Figure -> what the comparison calls it: the ratio of both is the same."""
CHANGES = (
    *TIMES,
    *(f"{time}.{stat}" for time in TIMES for stat in PERCENTILES),
    *OTHERS,
    *SHARES,
)
"""All that such a gate can be about; some of it no comparison has yet, which is said
when it is judged."""

_LIKE = re.compile(r".*(?:>|<)=?\s*[+-].*", re.DOTALL)
_FORM = re.compile(
    r"\s*(?:(?P<of>.+):)?\s*(?P<figure>[\w.]+)\s*(?P<sign>>=|<=|>|<)\s*"
    r"(?P<limit>[+-]\s*\d+(?:\.\d+)?)\s*(?P<unit>%|ms|s)\s*",
    re.IGNORECASE,
)
_PARTS = {"%": 100, "s": 1, "ms": 1000}


@dataclass(frozen=True, slots=True)
class ChangeGate:
    """A change that must not be."""

    text: str
    """As it was written."""
    figure: str
    """One of `CHANGES`."""
    sign: str
    """`>`, `>=`, `<` or `<=`: the gate fails where the change is so."""
    limit: float
    """Of times and costs a share of the other's, or of times seconds more; of shares
    their difference (-0.01: a point less)."""
    unit: ChangeUnit
    of: str | None = None
    """A target, or its model; None: every target, each by itself."""

    @property
    def metric(self) -> str:
        """What the comparison calls the figure."""
        return OTHERS.get(self.figure, self.figure.replace(".", "_"))

    @property
    def fails_above(self) -> bool:
        """Whether it is the large values that fail."""
        return self.sign.startswith(">")

    def is_met_by(self, value: float) -> bool:
        """Whether a value is what must not be."""
        if value == self.limit:
            return self.sign.endswith("=")
        return (value > self.limit) is self.fails_above


def is_change(text: str) -> bool:
    """Whether a gate's limit is one of a change: it has a sign.

    >>> is_change("ttft.p95 > +10%"), is_change("success < -1%"), is_change("ttft > 1s")
    (True, True, False)
    """
    return _LIKE.fullmatch(text) is not None


def parse_change(text: str) -> ChangeGate:
    """The gate; raises ValueError with a sentence that says how to write it.

    >>> gate = parse_change("acme/swift-8b:free: ttft > +50ms")
    >>> gate.of, gate.figure, gate.limit, gate.unit
    ('acme/swift-8b:free', 'ttft', 0.05, 'seconds')
    >>> parse_change("success < -1%").unit
    'points'
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(
            f"`{text}` is no gate on a change. Write a figure, one of > >= < <=, and a"
            ' change with its sign and unit: "ttft > +10%", "latency > +50ms",'
            ' "success < -1%".'
        )
    figure = form["figure"].lower()
    if figure not in CHANGES:
        near = get_close_matches(figure, CHANGES, n=3, cutoff=0.5)
        meant = f"Did you mean {' or '.join(near)}?" if near else _all()
        raise ValueError(
            f"`{text}`: a change of `{figure}` is not compared with anything. {meant}"
        )
    written = form["unit"].lower()
    if written != "%" and figure.partition(".")[0] not in TIMES:
        raise ValueError(f"`{text}`: a change of {figure} is written in %, as +10%.")
    limit = float(Decimal(form["limit"].replace(" ", "")) / _PARTS[written])
    unit: ChangeUnit = "seconds" if written != "%" else "share"
    if figure in SHARES:
        unit = "points"
    of = (form["of"] or "").strip() or None
    return ChangeGate(text.strip(), figure, form["sign"], limit, unit, of)


def _all() -> str:
    return (
        f"There are {', '.join(TIMES)}, each also with .p95 or the like, and"
        f" {', '.join((*OTHERS, *SHARES))}."
    )
