"""Which figures of a run can be used, and which cannot."""

from collections.abc import Iterable, Sequence

from shared.analysis import Summary
from shared.verdict.records import STREAMED, Reason

TIMES = ("latency", "response", *STREAMED)
"""The figures of time that doubts name: no other is said to be usable."""
PERCENTILES = ("p50", "p90", "p95", "p99")

MOST_OFF_SHARE = 0.05
"""Over this share of values that are off, their figure cannot be used."""
SOME_OFF_SHARE = 0.01
"""Over this share they are as many as those beyond p99, so it may be one of them. No
share up to 5 % reaches a lower percentile."""


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


def usable(summary: Summary, without: Iterable[str]) -> tuple[str, ...]:
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


def in_short(figures: Sequence[str]) -> str:
    """Each figure once, with its numbers behind it.

    >>> in_short(["ttft.p50", "ttft.p95", "rate"])
    'ttft (p50, p95), rate'
    """
    numbers: dict[str, list[str]] = {}
    for figure in figures:
        name, _, number = figure.partition(".")
        numbers.setdefault(name, []).extend([number] if number else [])
    return ", ".join(
        f"{name} ({', '.join(of)})" if of else name for name, of in numbers.items()
    )
