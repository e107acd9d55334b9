"""What follows from the stamps of one call: plain functions of one row.

Every name here has its formula, because tools that share a name do not share its
meaning. Times are seconds. None means that the thing does not exist for this call
(nothing was streamed, no token came); it is never a zero in disguise.

The gaps between token events are kept as a histogram, so that a million calls can be
pooled: a bucket is the upper half of the IEEE single of the gap. That is a logarithmic
scale with 128 buckets to the doubling, each at most 1/128 = 0.78 % wide and named by
its middle, so a value read back is within 0.4 % of the true one. It needs no logarithm
per gap, and two equal stamps (events that came in one read) make bucket 0 and no other.
"""

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import sub

from shared.sample import Note, Sample

LATE_S = 0.010
"""A start later than this after its due time is late."""

MOST_OFF = 0.05
"""A value that may be more than this share of itself too long is off."""
RESOLUTION_S = 0.002
"""No slack up to this is held against a value: sockets are looked at once in a
millisecond, so that much is left open when an upstream itself sends several events in
one packet, and their stamps are exact all the same."""

Histogram = tuple[tuple[int, int], ...]
"""(bucket, how many), buckets rising, no bucket twice, none empty."""


def _minus(end_s: float | None, begin_s: float | None) -> float | None:
    return None if end_s is None or begin_s is None else end_s - begin_s


def queue_s(sample: Sample) -> float | None:
    """How long a call waited for its lane, its rate permit and its money, in seconds.

    started_s - due_s

    None in a closed load, where nothing is due, and for a call that never started.
    """
    return _minus(sample.started_s, sample.due_s)


def ttft_s(sample: Sample) -> float | None:
    """Time to the first token: text, reasoning or part of a tool call, in seconds.

    first_token_s - sent_s

    None when no token came or nothing was streamed. Opening the connection is not in
    it (`connect_s` is); vllm, sglang and aiperf count it in.
    """
    return _minus(sample.first_token_s, sample.sent_s)


def ttft_visible_s(sample: Sample) -> float | None:
    """Time to the first token that a reader sees, reasoning left out, in seconds.

    first_visible_s - sent_s

    None when no text came or nothing was streamed.
    """
    return _minus(sample.first_visible_s, sample.sent_s)


def latency_s(sample: Sample) -> float | None:
    """From the request on the wire to the end of its answer, in seconds.

    ended_s - sent_s

    None for a call that was never sent.
    """
    return _minus(sample.ended_s, sample.sent_s)


def response_s(sample: Sample) -> float | None:
    """What a user who asked at the due time waited, our own queue included, in seconds.

    ended_s - due_s

    None in a closed load.
    """
    return _minus(sample.ended_s, sample.due_s)


def tpot_s(sample: Sample) -> float | None:
    """Mean time per output token after the first, in seconds.

    (last_token_s - first_token_s) / (output_tokens - 1)

    None for fewer than two output tokens, when their count is unknown, when nothing was
    streamed, or where it came in a burst (`is_burst`). guidellm calls this ITL; its
    "time_per_output_token" also counts the first token.
    """
    if sample.has(Note.ONE_BURST):
        return None
    tokens = sample.output_tokens
    spread = _minus(sample.last_token_s, sample.first_token_s)
    if spread is None or tokens is None or tokens < 2:
        return None
    return spread / (tokens - 1)


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

    >>> gap_percentile(((0, 9), (gap_bucket(0.5), 1)), 90)
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
