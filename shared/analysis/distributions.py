"""How the values of one metric are spread: arrays in, records out."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from shared.analysis.histograms import gap_values
from shared.analysis.percentiles import (
    PERCENTS,
    Percentile,
    least_n,
    nearest_rank,
    of_all,
    of_successes,
)
from shared.analysis.summary import Adjusted, Distribution

Floats = NDArray[np.float64]


def known(values: Floats) -> Floats:
    """The values that exist, sorted. values: shape (n,), NaN for none."""
    return np.sort(values[~np.isnan(values)])


def total(values: Floats) -> float:
    """Their sum, correctly rounded, so that no order of rows can change it."""
    return math.fsum(values.tolist())


def of_calls(values: Floats) -> Distribution:
    """One value a call. values: shape (n,), sorted, without NaN."""
    n = len(values)
    return Distribution(
        n=n,
        calls=n,
        mean=total(values) / n if n else None,
        sd=float(np.std(values, ddof=1)) if n > 1 else None,
        min=float(values[0]) if n else None,
        max=float(values[-1]) if n else None,
        **_each(lambda percent: of_successes(values, percent)),
    )


def of_gaps(
    buckets: NDArray[np.int64], counts: Floats, sum_s: float, max_s: float, calls: int
) -> Distribution:
    """The gaps of many calls, from their merged histogram.

    buckets, counts: shape (b,), buckets rising. Sum and largest are exact, the rest is
    within 0.4 %. The gaps of one call depend on each other, so a percentile is
    supported by the number of calls, and there is no interval from order statistics.
    """
    n = int(counts.sum())
    if not n:
        return of_calls(np.empty(0))
    values = np.minimum(gap_values(buckets), max_s)
    mean = sum_s / n
    reached = np.cumsum(counts)

    def percentile(percent: int) -> Percentile:
        at = int(np.searchsorted(reached, nearest_rank(n, percent)))
        return Percentile(
            point=float(values[at]),
            low=None,
            high=None,
            supported=calls >= least_n(percent),
            needs=max(0, least_n(percent) - calls),
        )

    squares = total(counts * (values - mean) ** 2)
    return Distribution(
        n=n,
        calls=calls,
        mean=mean,
        sd=math.sqrt(squares / (n - 1)) if n > 1 else None,
        min=float(values[np.flatnonzero(counts)[0]]),
        max=max_s,
        **_each(percentile),
    )


def adjusted(values: Floats, successes: int, failures: int) -> Adjusted | None:
    """Percentiles in which a failure is +infinity; values: shape (n,), sorted.

    None when calls succeeded and none has the metric: then it does not exist here.
    """
    if successes and not len(values):
        return None
    return Adjusted(
        n=len(values) + failures,
        failures=failures,
        **_each(lambda percent: of_all(values, failures, percent)),
    )


def _each(percentile: Callable[[int], Percentile]) -> dict[str, Percentile]:
    return {f"p{percent}": percentile(percent) for percent in PERCENTS}
