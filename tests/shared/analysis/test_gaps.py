"""The gaps between token events, and their histogram."""

import doctest
import math
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.analysis import gaps, percentiles
from shared.analysis.gaps import (
    Histogram,
    gap_bucket,
    gap_histogram,
    gap_value,
    is_burst,
)
from shared.outputs import csv
from shared.sample import decode, encode
from tests.shared.analysis import gaps_of_row
from tests.shared.analysis.gaps_of_row import (
    gap_n,
    gap_p50_s,
    gap_p99_s,
    gap_percentile,
    merge_gaps,
)
from tests.shared.analysis.test_metrics import call

GAPS = st.floats(min_value=1e-9, max_value=86_400)


@pytest.mark.parametrize("module", [gaps, gaps_of_row, percentiles, csv])
def test_examples_in_docstrings_are_true(module: Any) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("stamps", "tokens", "burst"),
    [
        ((), 300, False),  # no token came
        ((1.0,) * 300, 300, True),
        ((1.0,) * 299 + (2.0,), 300, True),
        ((1.0,), 300, True),  # one event that holds all of them
        ((1.0, 2.0), 3, True),
        ((1.0, 2.0), 2, False),  # each token has its read
        ((1.0, 2.0), None, False),
        ((1.0, 1.0), None, True),
        ((1.0,), 1, False),
        ((1.0,), None, False),
        ((1.0, 2.0, 3.0), 300, False),
    ],
)
def test_a_burst_is_more_tokens_than_reads_and_two_reads_at_most(
    stamps: tuple[float, ...], tokens: int | None, burst: bool
) -> None:
    assert is_burst(stamps, tokens) is burst


@given(GAPS)
def test_a_gap_read_back_is_within_half_a_percent(gap_s: float) -> None:
    assert math.isclose(gap_value(gap_bucket(gap_s)), gap_s, rel_tol=0.004)


@given(GAPS, GAPS)
def test_a_longer_gap_is_in_no_lower_bucket(one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert gap_bucket(short) <= gap_bucket(long)


@given(GAPS)
def test_no_bucket_is_wider_than_one_percent(gap_s: float) -> None:
    assert gap_bucket(gap_s) < gap_bucket(gap_s * 1.01)


@given(GAPS)
def test_only_zero_is_in_the_bucket_of_zero(gap_s: float) -> None:
    assert gap_bucket(0.0) == 0 < gap_bucket(gap_s)
    assert gap_value(0) == 0.0


def test_a_histogram_counts_the_gaps_between_events() -> None:
    # Gaps 0.5, 0, 0.25, 0.5: sum 1.25, largest 0.5.
    histogram, sum_s, max_s = gap_histogram((1.0, 1.5, 1.5, 1.75, 2.25))
    assert histogram == ((0, 1), (gap_bucket(0.25), 1), (gap_bucket(0.5), 2))
    assert (sum_s, max_s) == (1.25, 0.5)


@pytest.mark.parametrize("stamps", [(), (1.0,)])
def test_fewer_than_two_events_have_no_gap(stamps: tuple[float, ...]) -> None:
    assert gap_histogram(stamps) == ((), None, None)
    silent = call(gaps=())
    assert (gap_n(silent), gap_p50_s(silent), gap_p99_s(silent)) == (None,) * 3


@given(st.lists(GAPS, min_size=1, max_size=50))
def test_a_histogram_holds_every_gap_in_rising_buckets(gaps: list[float]) -> None:
    histogram, _, _ = gap_histogram(tuple(accumulate(gaps, initial=0.0)))
    buckets = [bucket for bucket, _ in histogram]
    assert sum(n for _, n in histogram) == len(gaps)
    assert buckets == sorted(set(buckets))


@given(st.lists(st.lists(GAPS, max_size=20), max_size=5))
def test_merging_histograms_is_pooling_the_gaps(calls: list[list[float]]) -> None:
    each = [_counted(gaps) for gaps in calls]
    pooled = [gap for gaps in calls for gap in gaps]
    assert merge_gaps(each) == _counted(pooled)


@given(st.lists(GAPS, min_size=1, max_size=50), st.sampled_from([50, 90, 95, 99, 100]))
def test_a_percentile_of_a_histogram_is_the_gap_at_its_rank(
    gaps: list[float], percent: int
) -> None:
    rank = -(-percent * len(gaps) // 100)
    found = gap_percentile(_counted(gaps), percent)
    assert found is not None
    assert math.isclose(found, sorted(gaps)[rank - 1], rel_tol=0.004)


def test_an_empty_histogram_has_no_percentile() -> None:
    assert gap_percentile((), 50) is None


def test_gap_figures_of_a_call() -> None:
    # 99 gaps of 10 ms and one of 1 s: rank ceil(0.99 x 100) = 99 is still 10 ms.
    gaps = ((gap_bucket(0.01), 99), (gap_bucket(1.0), 1))
    stalled = call(gaps=gaps, gap_max_s=1.0)
    assert gap_n(stalled) == 100
    assert gap_p50_s(stalled) == pytest.approx(0.01, rel=0.004)
    assert gap_p99_s(stalled) == pytest.approx(0.01, rel=0.004)


def test_no_percentile_of_a_call_is_above_its_largest_gap() -> None:
    # 0.5 begins its bucket, so the bucket's middle is above it.
    gaps, _, max_s = gap_histogram((0.0, 0.5))
    assert gap_percentile(gaps, 99) > 0.5  # type: ignore[operator]
    assert gap_p99_s(call(gaps=gaps, gap_max_s=max_s)) == 0.5


def test_a_histogram_survives_the_store() -> None:
    gaps, sum_s, max_s = gap_histogram((0.0, 0.02, 0.04, 0.04))
    row = call(gaps=gaps, gap_sum_s=sum_s, gap_max_s=max_s)
    assert decode(encode(row)) == row


def _counted(gaps: list[float]) -> Histogram:
    return merge_gaps([((gap_bucket(gap), 1),) for gap in gaps])
