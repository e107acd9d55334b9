"""How the values of one metric are spread: arrays in, records out.

The gaps between token events are many to a call: they stay histograms, and are merged
for each group of rows.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.analysis.percentiles import (
    PERCENTS,
    Adjusted,
    Distribution,
    Percentile,
    least_n,
    nearest_rank,
    of_all,
    of_successes,
)

Floats = NDArray[np.float64]
Counts = NDArray[np.uint16 | np.uint32]

SLICE = 10_000
"""Rows whose gaps are looked at in one go."""
GAP_PERCENTILES = {"gap_p50_s": 50, "gap_p99_s": 99}
"""Column to the percentile of a call's gaps that it is."""


@dataclass(frozen=True, slots=True)
class Gaps:
    """The gap histograms of some rows, end to end.

    lengths: shape (rows,), pairs of each row; buckets, counts: shape (pairs,).
    """

    lengths: NDArray[np.int64]
    buckets: NDArray[np.uint16]
    counts: Counts


def known(values: Floats) -> Floats:
    """The values that exist, sorted. values: shape (n,), NaN for none."""
    return np.sort(values[~np.isnan(values)])


def total(values: Floats) -> float:
    """Their sum, correctly rounded, so that no order of rows can change it."""
    return math.fsum(memoryview(np.ascontiguousarray(values).data))


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


def _slices(gaps: Gaps) -> Iterator[Gaps]:
    """The same gaps, some rows at a time, so that what is made of them stays small."""
    ends = np.concatenate(([0], np.cumsum(gaps.lengths)))
    for begin in range(0, len(gaps.lengths), SLICE):
        lengths = gaps.lengths[begin : begin + SLICE]
        pairs = slice(ends[begin], ends[begin + len(lengths)])
        yield Gaps(lengths, gaps.buckets[pairs], gaps.counts[pairs])


def gap_values(buckets: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """`gaps.gap_value` of each bucket, in seconds. buckets: shape (n,)."""
    middles = (buckets.astype(np.uint32) << 16) | np.uint32(0x8000)
    return np.where(buckets == 0, 0.0, middles.view(np.float32).astype(np.float64))


def gap_figures(gaps: Gaps) -> dict[str, NDArray[np.float64]]:
    """gap_n and each of GAP_PERCENTILES of every row; NaN where it has no gap."""
    found: dict[str, list[NDArray[Any]]] = {
        name: [] for name in ("gap_n", *GAP_PERCENTILES)
    }
    for part in _slices(gaps):
        reached = np.concatenate(([0], np.cumsum(part.counts, dtype=np.int64)))
        last = np.cumsum(part.lengths)
        before = reached[last - part.lengths]
        n = reached[last] - before
        some = n > 0
        found["gap_n"].append(np.where(some, n, np.nan))
        for name, percent in GAP_PERCENTILES.items():
            # The pair at which the running count reaches the rank, all rows at once.
            rank = -(-percent * n[some] // 100) + before[some]
            at = np.searchsorted(reached[1:], rank)
            values = np.full(n.shape, np.nan)
            values[some] = gap_values(part.buckets[at])
            found[name].append(values)
    return {
        name: np.concatenate([np.empty(0), *arrays]) for name, arrays in found.items()
    }


def pool_gaps(
    gaps: Gaps, owner: NDArray[np.int64], groups: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The merged histogram of each group of rows.

    owner: shape (rows,), each row's group, a number below `groups`, or -1 for none; in
    the order of `gaps`. Returns the buckets that occur, shape (b,), rising, and how
    many gaps each group has in each, shape (groups, b).
    """
    present = np.zeros(1 << 16, dtype=bool)
    present[gaps.buckets] = True
    buckets = np.flatnonzero(present)
    place = np.cumsum(present) - 1
    pooled = np.zeros((groups, len(buckets)))
    at = 0
    for part in _slices(gaps):
        of_pair = np.repeat(owner[at : at + len(part.lengths)], part.lengths)
        at += len(part.lengths)
        kept = of_pair >= 0
        cell = of_pair[kept] * len(buckets) + place[part.buckets[kept]]
        counted = np.bincount(cell, part.counts[kept], minlength=pooled.size)
        pooled += counted.reshape(pooled.shape)
    return buckets, pooled
