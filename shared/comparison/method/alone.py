"""One target by itself: how far its cost per good answer and its success may be off.

By the engine that compares two, so that intervals beside each other are of one kind.
"""

from dataclasses import dataclass
from math import exp, log

import numpy as np
from numpy.typing import NDArray
from scipy import special

from shared.comparison.looks import STRETCHES
from shared.comparison.method.engine import (
    LEAST_PAIRS,
    LEAST_PROMPTS,
    Floats,
    Ints,
    in_these_minutes,
    interval,
    spread_of,
)
from shared.comparison.method.success import wilson
from shared.comparison.records import About


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval; an end is None where it is not known."""

    value: float
    low: float | None = None
    high: float | None = None


def success(ok: int, n: int) -> Estimate | None:
    """The share of calls that succeeded, with Wilson's interval; None without calls.

    >>> found = success(56, 60)
    >>> [round(each, 3) for each in (found.value, found.low, found.high)]
    [0.933, 0.841, 0.974]
    """
    if not n:
        return None
    below, above = wilson(ok / n, n, float(special.ndtri(0.975)))
    return Estimate(ok / n, ok / n - below, ok / n + above)


def cost_per_good(
    ok: NDArray[np.bool_], cost_usd: Floats, prompt: Ints
) -> Estimate | None:
    """USD for each good answer, failures paid for, too. None where it is not known of a
    good answer, or where there is none. What is free is free, without an interval.

    Of each call, in the order of the run.
    """
    good = ok.astype(np.float64)
    if not good.any() or np.isnan(cost_usd[ok]).any():
        return None
    usd = np.nan_to_num(cost_usd)
    if usd.sum() <= 0:
        return Estimate(0.0)
    value = usd.sum() / good.sum()
    prompts = len(np.unique(prompt))
    if len(ok) < LEAST_PAIRS or prompts < 2:
        return Estimate(float(value))
    influence = usd / usd.sum() - good / good.sum()
    stretch = np.arange(len(ok), dtype=np.int64) * STRETCHES // len(ok)
    about: About = "these prompts" if prompts < LEAST_PROMPTS else "prompts like these"
    spread = spread_of(influence, prompt, stretch)
    low, high = interval(log(value), in_these_minutes(spread, about), 0.95)
    return Estimate(float(value), exp(low), exp(high))
