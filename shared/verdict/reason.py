"""A reason for doubt, or a note; and the names of the figures that it may touch.

A figure is named whole (`ttft`, `gap`, `rate`), or by one number of it (`ttft.p99`).
`rate` is what `throughput` has.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.plan import Plan
from shared.verdict.observations import Observations

if TYPE_CHECKING:
    from shared.analysis import Summary

STREAMED = ("ttft", "ttft_visible", "tpot", "gap")
TIMES = ("latency", "response", *STREAMED)
PERCENTILES = ("p50", "p90", "p95", "p99")

MOST_OFF = 0.05
"""A value that may be more than this share of itself too long is off."""
RESOLUTION_S = 0.002
"""No slack up to this is held against a value: sockets are looked at once in a
millisecond, so that much is left open when an upstream itself sends several events in
one packet, and their stamps are exact all the same."""
MOST_OFF_SHARE = 0.05
"""Over this share of values that are off, their figure cannot be used."""
SOME_OFF_SHARE = 0.01
"""Over this share they are as many as those beyond p99, so it may be one of them. No
share up to 5 % reaches a lower percentile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One doubt, or one note: a number, its limit, and what to do."""

    kind: Literal["invalid", "suspect", "note"]
    code: str
    """Stable name, for programs."""
    words: str
    remedy: str
    value: float | None = None
    limit: float | None = None
    figures: tuple[str, ...] = ()
    """What cannot be used for this reason; () where it is a doubt of no figure alone.
    Of a note: what it is about."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged."""

    plan: Plan
    summary: "Summary"
    seen: Observations

    @property
    def figures(self) -> tuple[str, ...]:
        """All that a run of this plan could have."""
        streamed = STREAMED if self.plan.stream else ()
        is_closed = self.plan.load.slots_by(0) is None
        return ("latency", *(() if is_closed else ("response",)), *streamed, "rate")


Rule = Callable[[Case], Reason | None]


def touched(figure: str, share: float) -> tuple[str, ...]:
    """What of a figure cannot be used where this share of its values is off.

    >>> touched("ttft", 0.06), touched("ttft", 0.02), touched("ttft", 0.01)
    (('ttft',), ('ttft.p99',), ())
    """
    if share > MOST_OFF_SHARE:
        return (figure,)
    return (f"{figure}.p99",) if share > SOME_OFF_SHARE else ()


def unusable(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Every figure that a reason names, sorted; a number of a figure that is named
    whole is left out."""
    named = {figure for reason in reasons for figure in reason.figures}
    return tuple(sorted(f for f in named if f.partition(".")[0] not in named - {f}))


def usable(summary: "Summary", without: Iterable[str]) -> tuple[str, ...]:
    """Every figure that the run has calls enough for, but those `without`.

    A figure is named whole where all of it can be used, else number by number.
    """
    gone, found = set(without), list[str]()
    for name in TIMES:
        figure = getattr(summary, name)
        if not figure.n or name in gone:
            continue
        numbers = [p for p in PERCENTILES if getattr(figure, p).supported]
        kept = [p for p in ("mean", *numbers) if f"{name}.{p}" not in gone]
        whole = len(kept) == 1 + len(PERCENTILES)
        found += [name] if whole else [f"{name}.{p}" for p in kept]
    rates = summary.throughput
    known = rates.requests_per_s is not None or rates.achieved_rate_per_s is not None
    return (*found, "rate") if known and "rate" not in gone else tuple(found)
