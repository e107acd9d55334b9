"""What follows from the stamps of one call, worked by hand."""

import doctest
import math
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.analysis import metrics, percentiles
from shared.analysis.metrics import (
    gap_bucket,
    gap_histogram,
    gap_n,
    gap_p50_s,
    gap_p99_s,
    gap_percentile,
    gap_value,
    is_burst,
    latency_s,
    merge_gaps,
    queue_s,
    response_s,
    tpot_s,
    ttft_s,
    ttft_visible_s,
)
from shared.outputs import csv
from shared.sample import Outcome, Sample, decode, encode

GAPS = st.floats(min_value=1e-9, max_value=86_400)


def call(**changed: Any) -> Sample:
    """Due at 1, started at 1.25, sent at 1.5, tokens at 2..4, over at 4.5."""
    known: dict[str, Any] = {
        "due_s": 1.0,
        "started_s": 1.25,
        "sent_s": 1.5,
        "first_token_s": 2.0,
        "first_visible_s": 3.0,
        "last_token_s": 4.0,
        "ended_s": 4.5,
        "output_tokens": 5,
    }
    fixed: dict[str, Any] = {
        "step": 0,
        "slot": 0,
        "target": 0,
        "prompt": 0,
        "outcome": Outcome.OK,
    }
    return Sample(**(fixed | known | changed))


@pytest.mark.parametrize("module", [metrics, percentiles, csv])
def test_examples_in_docstrings_are_true(module: Any) -> None:
    result = doctest.testmod(module)
    assert (result.failed, result.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (queue_s, 0.25),  # 1.25 - 1
        (ttft_s, 0.5),  # 2 - 1.5
        (ttft_visible_s, 1.5),  # 3 - 1.5
        (latency_s, 3.0),  # 4.5 - 1.5
        (response_s, 3.5),  # 4.5 - 1
        (tpot_s, 0.5),  # (4 - 2) / (5 - 1)
    ],
)
def test_each_metric_is_its_formula(metric: Any, expected: float) -> None:
    assert metric(call()) == expected


@pytest.mark.parametrize(
    ("metric", "missing"),
    [
        (queue_s, "due_s"),
        (queue_s, "started_s"),
        (ttft_s, "first_token_s"),
        (ttft_s, "sent_s"),
        (ttft_visible_s, "first_visible_s"),
        (latency_s, "sent_s"),
        (latency_s, "ended_s"),
        (response_s, "due_s"),
        (tpot_s, "output_tokens"),
        (tpot_s, "first_token_s"),
        (tpot_s, "last_token_s"),
    ],
)
def test_a_metric_is_none_without_its_stamps(metric: Any, missing: str) -> None:
    assert metric(call(**{missing: None})) is None


def test_a_measured_zero_is_zero_and_not_none() -> None:
    assert ttft_s(call(first_token_s=1.5)) == 0.0


@pytest.mark.parametrize("tokens", [0, 1])
def test_tpot_is_none_for_fewer_than_two_tokens(tokens: int) -> None:
    assert tpot_s(call(output_tokens=tokens)) is None


def test_tpot_is_none_for_a_burst() -> None:
    assert tpot_s(call(notes="one_burst")) is None
    assert tpot_s(call(notes="one_burst tokens_summed")) is None
    assert tpot_s(call(notes="tokens_summed")) == 0.5  # (4 - 2) / (5 - 1)


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


def test_opening_a_connection_is_in_no_latency() -> None:
    slow = call(connect_s=0.2)
    assert (ttft_s(slow), latency_s(slow)) == (0.5, 3.0)


def test_our_own_queue_shows_in_response_and_not_in_latency() -> None:
    queued = call(started_s=11.0, sent_s=11.5, ended_s=12.0)
    assert queue_s(queued) == 10.0  # 11 - 1
    assert latency_s(queued) == 0.5  # 12 - 11.5
    assert response_s(queued) == 11.0  # 12 - 1


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


def _counted(gaps: list[float]) -> metrics.Histogram:
    return merge_gaps([((gap_bucket(gap), 1),) for gap in gaps])
