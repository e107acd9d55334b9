"""One engine for every metric: how far an estimate may be off, and what follows.

An estimate comes with its influences: what each pair of calls pulls it up or down by,
which sum to zero. Calls of one prompt resemble each other, and so do calls of one
stretch of time, so influences are summed by prompt and by stretch before they are
squared. The interval and the p come from the same variance, and so always agree.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import special

from shared.comparison.looks import STRETCHES
from shared.comparison.records import About

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_PAIRS = 12
"""Below that there is no interval."""
LEAST_PROMPTS = 6
"""From so many on something is said of other prompts too."""
LEAST_INDEPENDENT = 6
"""Stretches that count as independent; below, the difference moved during the run."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of one estimate, by what its pairs have in common."""

    n: int
    prompts: int
    pairs: float
    """As if pairs were independent."""
    cells: float
    """Summed by prompt and stretch together: what neither explains."""
    by_prompt: float
    by_time: float
    """By stretch, widened by how much a stretch resembles the one before it."""
    independent: float
    """How many stretches that leaves."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """The variance by which a statement is judged, and its degrees of freedom."""

    variance: float
    df: float
    about: About


def spread_of(
    influence: Floats, prompt: Ints, stretch: Ints, times: int = STRETCHES
) -> Spread:
    """The variances of an estimate.

    influence: of each pair; sums to 0. prompt: any code. stretch: from 0 to 19. times:
    how many stretches there are so far; all, once a run has ended.
    """
    n = len(influence)
    _, prompt = np.unique(prompt, return_inverse=True)
    by_prompt = _sums(prompt, influence)
    by_stretch = _sums(stretch, influence, times)
    by_cell = _sums(prompt * times + stretch, influence)
    prompts = len(by_prompt)
    resemblance = _lag_1(by_stretch)
    rho = min(max(resemblance + (1 + 4 * resemblance) / times, 0.0), 0.9)
    longer = (1 + rho) / (1 - rho)
    return Spread(
        n=n,
        prompts=prompts,
        pairs=_corrected(n) * _squares(influence),
        cells=_squares(by_cell),
        by_prompt=_corrected(prompts) * _squares(by_prompt),
        by_time=_corrected(times) * _squares(by_stretch) * longer,
        independent=max(2.0, times / longer),
    )


def in_these_minutes(spread: Spread, about: About) -> Doubt:
    """How far it may be off as a statement on the minutes of the run."""
    if about == "these prompts":
        return Doubt(spread.pairs, spread.n - 1, about)
    return Doubt(spread.by_prompt, spread.prompts - 1, about)


def beyond_them(spread: Spread, about: About) -> Doubt:
    """The same beyond them: the drift of the run is a part of it."""
    if about == "these prompts":
        return Doubt(spread.by_time, spread.independent - 1, about)
    by_prompt, by_time = spread.by_prompt, spread.by_time
    more = [
        (variance, df)
        for variance, df in (
            (by_prompt, spread.prompts - 1),
            (by_time, spread.independent - 1),
        )
        if variance > spread.cells
    ]
    total = spread.cells + sum(variance - spread.cells for variance, _ in more)
    parts = sum(variance**2 / df for variance, df in more)
    return Doubt(total, total**2 / parts if parts else spread.n - 1, about)


def together(a: Doubt, b: Doubt) -> Doubt:
    """Of a difference of two that were measured apart (Welch, Satterthwaite)."""
    parts = a.variance**2 / a.df + b.variance**2 / b.df
    total = a.variance + b.variance
    df = total**2 / parts if parts else min(a.df, b.df)
    about: About = "prompts like these"
    if "these prompts" in (a.about, b.about):
        about = "these prompts"
    return Doubt(total, df, about)


def quantile(df: float, level: float) -> float:
    """How many standard errors an interval reaches to each side."""
    return float(special.stdtrit(df, 0.5 + level / 2))


def interval(estimate: float, doubt: Doubt, level: float) -> tuple[float, float]:
    """Both ends of the interval."""
    half = sqrt(doubt.variance) * quantile(doubt.df, level)
    return estimate - half, estimate + half


def p_of(estimate: float, doubt: Doubt) -> float:
    """How often chance alone would show so much, or more."""
    if doubt.variance == 0:
        return 1.0 if estimate == 0 else 0.0
    off = abs(estimate) / sqrt(doubt.variance)
    return float(2 * special.stdtr(doubt.df, -off))


def holm(found: list[float]) -> list[float]:
    """Each p after Holm: the chance that any of them is called by chance alone is what
    one of them says.

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    adjusted, most = [0.0] * len(found), 0.0
    for rank, place in enumerate(sorted(range(len(found)), key=found.__getitem__)):
        most = max(most, min(1.0, found[place] * (len(found) - rank)))
        adjusted[place] = most
    return adjusted


def _sums(code: Ints, influence: Floats, codes: int = 0) -> Floats:
    return np.bincount(code, influence, minlength=codes).astype(np.float64)


def _lag_1(sums: Floats) -> float:
    off = sums - sums.mean()
    squares = _squares(off)
    return float(off[:-1] @ off[1:]) / squares if squares else 0.0


def _squares(values: Floats) -> float:
    return float(values @ values)


def _corrected(n: int) -> float:
    return n / (n - 1) if n > 1 else 0.0
