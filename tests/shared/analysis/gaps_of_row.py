"""The gap columns of one row, computed slowly: what the columns of a run must say."""

from collections import Counter
from collections.abc import Iterable

from shared.analysis.gaps import Histogram, gap_value
from shared.sample import Sample


def merge_gaps(histograms: Iterable[Histogram]) -> Histogram:
    """One histogram of many; merging loses nothing.

    >>> merge_gaps([((0, 1), (5, 2)), ((5, 3),)])
    ((0, 1), (5, 5))
    """
    merged: Counter[int] = Counter()
    for histogram in histograms:
        for bucket, n in histogram:
            merged[bucket] += n
    return tuple(sorted(merged.items()))


def gap_n(sample: Sample) -> int | None:
    """How many gaps there are between token events: their number less one.

    None for fewer than two events. A chunk is not a token: a gap may hold several.
    """
    return sum(n for _, n in sample.gaps) if sample.gaps else None


def gap_percentile(histogram: Histogram, percent: int) -> float | None:
    """The gap at rank ceil(percent/100 x n), in seconds, within 0.4 %.

    None for an empty histogram.

    >>> gap_percentile(((0, 9), (16_128, 1)), 90)
    0.0
    """
    total = sum(n for _, n in histogram)
    if not total:
        return None
    # Whole numbers: ceil(0.07 * 100) is 8 in floating point.
    rank = -(-percent * total // 100)
    for bucket, n in histogram:
        rank -= n
        if rank <= 0:
            return gap_value(bucket)
    raise AssertionError("a rank is never above the count")


def gap_p50_s(sample: Sample) -> float | None:
    """The median gap of this call, in seconds; None for fewer than two events."""
    return _no_more(gap_percentile(sample.gaps, 50), sample.gap_max_s)


def gap_p99_s(sample: Sample) -> float | None:
    """The gap that 99 % of this call's gaps do not exceed, in seconds.

    Rank ceil(0.99 n); None for fewer than two events.
    """
    return _no_more(gap_percentile(sample.gaps, 99), sample.gap_max_s)


def _no_more(value: float | None, most: float | None) -> float | None:
    # The largest gap is known exactly, and lies anywhere within its bucket.
    return value if value is None or most is None else min(value, most)
