"""The gaps between the token events of one call, as a histogram.

It is kept so that a million calls can be pooled: a bucket is the upper half of the IEEE
single of the gap. That is a logarithmic scale with 128 buckets to the doubling, each at
most 1/128 = 0.78 % wide and named by its middle, so a value read back is within 0.4 %
of the true one. It needs no logarithm per gap, and two equal stamps (events that came
in one read) make bucket 0 and no other.
"""

import struct
from collections import Counter
from collections.abc import Sequence
from operator import sub

Histogram = tuple[tuple[int, int], ...]
"""(bucket, how many), buckets rising, no bucket twice, none empty."""


def is_burst(stamps: Sequence[float], tokens: int | None) -> bool:
    """Whether all tokens came in one or two reads, and more of them than reads: how
    fast they were made is then not seen, and neither is a gap between them.

    stamps: of the token events, never decreasing. tokens: how many output tokens there
    were; None: not known.

    >>> is_burst((1.0, 1.0, 1.5), None), is_burst((1.0, 1.5), 2), is_burst((1.0,), 300)
    (True, False, True)
    """
    if not stamps:
        return False
    of_ends = stamps.count(stamps[0])
    reads = 1
    if of_ends < len(stamps):
        reads, of_ends = 2, of_ends + stamps.count(stamps[-1])
    return of_ends == len(stamps) and max(tokens or 0, len(stamps)) > reads


def gap_bucket(gap_s: float) -> int:
    """The bucket of one gap in seconds; 0 holds the zero gaps alone.

    >>> gap_bucket(0.0), gap_bucket(0.020)
    (0, 15523)
    """
    return int(struct.unpack(">H", struct.pack(">f", gap_s)[:2])[0])


def gap_value(bucket: int) -> float:
    """The middle of a bucket, in seconds: within 0.4 % of every gap in it.

    >>> round(gap_value(gap_bucket(0.020)), 4)
    0.02
    """
    if bucket == 0:
        return 0.0
    return float(struct.unpack(">f", struct.pack(">HH", bucket, 0x8000))[0])


def gap_histogram(
    stamps: Sequence[float],
) -> tuple[Histogram, float | None, float | None]:
    """The gaps between consecutive token events: histogram, sum, largest, in seconds.

    stamps: shape (n,), seconds, never decreasing. () and None twice for n < 2.

    >>> histogram, sum_s, max_s = gap_histogram((1.0, 1.5, 1.5, 2.0))
    >>> histogram == ((0, 1), (gap_bucket(0.5), 2)), sum_s, max_s
    (True, 1.0, 0.5)
    """
    n = len(stamps) - 1
    if n < 1:
        return (), None, None
    gaps = list(map(sub, stamps[1:], stamps))
    halves = struct.unpack(f"<{2 * n}H", struct.pack(f"<{n}f", *gaps))
    buckets = Counter(halves[1::2])
    return tuple(sorted(buckets.items())), stamps[-1] - stamps[0], max(gaps)
