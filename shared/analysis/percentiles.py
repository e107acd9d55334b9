"""Percentiles, and how far each may be believed.

The point estimate of successes is R type 7 (Hyndman & Fan 1996; the default of numpy
and pandas): linear between the two nearest order statistics. Where failures count as
+infinity it is the nearest rank, ceil(p n), since nothing lies half way to infinity.

The interval is distribution-free. The number of values at or below the true
percentile q is binomial, B ~ Bin(n, p), so for the sorted values x_1 <= ... <= x_n

    P(x_l <= q) = P(B >= l)        P(q <= x_u) >= P(B < u)

and l is the greatest rank with P(B < l) <= 2.5 %, u the least with P(B >= u) <= 2.5 %.
Both exist from n = 6 / 36 / 72 / 368 for p50 / p90 / p95 / p99. With fewer values the
upper bound alone is still worth having above the median: u is then the least rank with
P(B >= u) <= 5 %, from n = 29 / 59 / 299, and there is no lower bound. At the median
both sides are equally scarce, so there it is both or none (6).

Percents are whole numbers, and so are the ranks made of them: ceil(0.07 * 100) is 8.
"""

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from pydantic import Field

from shared.fields import Frozen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Values = Sequence[float] | NDArray[np.float64]

PERCENTS = (50, 90, 95, 99)
_TAIL = 0.025
_ONE_TAIL = 0.05


class Percentile(Frozen):
    """One percentile of one metric, with what is needed to doubt it."""

    point: float | None = Field(
        description="The estimate, in the metric's unit. None without values, and in an"
        " adjusted percentile whose rank falls on a failure."
    )
    low: float | None = Field(
        description="Lower end of the 95 % interval; None when too few values."
    )
    high: float | None = Field(
        description="Upper end; None when too few values, or when it is a failure."
    )
    infinite: bool = Field(
        default=False, description="Adjusted only: the rank falls on a failure."
    )
    supported: bool = Field(
        description="There are values enough for an upper bound."
        " If not, this stands in no headline or comparison, and a gate says so."
    )
    needs: int = Field(ge=0, description="How many calls more it takes.")


class Distribution(Frozen):
    """How one metric is spread over successful calls, in seconds."""

    n: int = Field(description="Values: one a call, for `gap` one a gap.")
    calls: int = Field(description="The calls they come from; support is judged by it.")
    mean: float | None = Field(description="None without values.")
    sd: float | None = Field(description="Sample standard deviation; None under two.")
    min: float | None = Field(description="The least value.")
    p50: Percentile = Field(description="The median.")
    p90: Percentile = Field(description="The 90th percentile.")
    p95: Percentile = Field(description="The 95th percentile.")
    p99: Percentile = Field(description="The 99th percentile.")
    max: float | None = Field(description="The greatest value.")


class Adjusted(Frozen):
    """Percentiles in which each failed or dropped call counts as +infinity."""

    n: int = Field(description="Successful, failed and dropped calls; not cancelled.")
    failures: int = Field(description="How many of them are +infinity.")
    p50: Percentile = Field(description="The median.")
    p90: Percentile = Field(description="The 90th percentile.")
    p95: Percentile = Field(description="The 95th percentile.")
    p99: Percentile = Field(description="The 99th percentile.")


@cache
def least_n(percent: int) -> int:
    """How many values it takes to bound this percentile: 6 / 29 / 59 / 299.

    Above the median P(B >= n) = p^n <= 5 %; at the median 0.5^n <= 2.5 %, both sides.
    """
    tail = _TAIL if percent <= 50 else _ONE_TAIL
    scarce = max(percent, 100 - percent) / 100
    return math.ceil(math.log(tail) / math.log(scarce))


@lru_cache(maxsize=65_536)
def bounds(n: int, percent: int) -> tuple[int | None, int | None]:
    """Ranks (l, u), from 1, of the order statistics that make the 95 % interval.

    (None, u): an upper bound alone; (None, None): too few values.
    """
    if n < least_n(percent):
        return None, None
    p = percent / 100
    # P(B < k) < a for the least k with P(B <= k) >= a, so that rank k is l.
    lower = _quantile(_TAIL, n, p)
    upper = _quantile(1 - _TAIL, n, p) + 1
    if lower >= 1 and upper <= n:
        return lower, upper
    return None, _quantile(1 - _ONE_TAIL, n, p) + 1


def _quantile(q: float, n: int, p: float) -> int:
    """The least k with P(B <= k) >= q, for B binomial (n, p)."""
    # scipy.stats has it ready made, and costs every reduce half a second to import
    from scipy.special import bdtr, bdtrik

    k = math.ceil(bdtrik(q, n, p))
    return k - 1 if k > 0 and bdtr(k - 1, n, p) >= q else k


def nearest_rank(n: int, percent: int) -> int:
    """ceil(p n), from 1; n must be positive.

    >>> nearest_rank(100, 7), nearest_rank(1, 50)
    (7, 1)
    """
    return max(1, -(-percent * n // 100))


def linear(values: "Values", percent: int) -> float | None:
    """The percentile by R type 7; None for no values.

    values: shape (n,), sorted, finite.

    >>> linear([1, 2, 3, 10], 95)
    8.95
    """
    if not len(values):
        return None
    place, rest = divmod((len(values) - 1) * percent, 100)
    low = float(values[place])
    if not rest:
        return low
    high = float(values[place + 1])
    return min(high, low + (high - low) * rest / 100)


def of_successes(values: "Values", percent: int) -> Percentile:
    """R type 7 with its interval. values: shape (n,), sorted, finite."""
    n = len(values)
    low, high = bounds(n, percent)
    return Percentile(
        point=linear(values, percent),
        low=None if low is None else float(values[low - 1]),
        high=None if high is None else float(values[high - 1]),
        supported=high is not None,
        needs=max(0, least_n(percent) - n),
    )


def of_all(values: "Values", failures: int, percent: int) -> Percentile:
    """The adjusted percentile: `failures` more values, each +infinity; nearest rank.

    values: shape (n,), sorted, finite: the successes.
    """
    n = len(values) + failures
    low, high = bounds(n, percent)

    def at(rank: int | None) -> float | None:
        finite = rank is not None and rank <= len(values)
        return float(values[rank - 1]) if finite and rank is not None else None

    rank = nearest_rank(n, percent) if n else None
    return Percentile(
        point=at(rank),
        low=at(low),
        high=at(high),
        infinite=rank is not None and rank > len(values),
        supported=high is not None,
        needs=max(0, least_n(percent) - n),
    )
