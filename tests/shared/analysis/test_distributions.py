"""Distributions of a metric, worked by hand."""

import pytest

from shared.analysis.gaps import gap_bucket, gap_histogram
from shared.analysis.summarize import summarize
from shared.sample import Outcome
from tests.shared.analysis.rows_by_hand import FIVE, PLAN, row


def test_a_distribution_by_hand() -> None:
    latency = summarize(PLAN, FIVE).latency
    assert (latency.n, latency.calls, latency.mean) == (4, 4, 4.0)
    assert (latency.min, latency.max) == (1.0, 10.0)
    # Of 1, 2, 3, 10: place 3 x 0.5 = 1.5, place 3 x 0.95 = 2.85.
    assert (latency.p50.point, latency.p95.point) == (2.5, 8.95)
    assert (latency.p50.supported, latency.p50.needs) == (False, 2)


def test_each_metric_has_a_distribution_of_its_own() -> None:
    stamps = {"first_token_s": 2.0, "first_visible_s": 3.0, "last_token_s": 5.0}
    gaps, sum_s, max_s = gap_histogram((2.0, 2.5, 2.5, 5.0))
    gap = {"gaps": gaps, "gap_sum_s": sum_s, "gap_max_s": max_s}
    due = {"due_s": 0.5, "started_s": 0.75, "output_tokens": 4}
    made = summarize(PLAN, [row(0, 1.0, 6.0, **stamps, **gap, **due)])
    assert made.ttft.mean == 1.0  # 2 - 1
    assert made.ttft_visible.mean == 2.0  # 3 - 1
    assert made.latency.mean == 5.0  # 6 - 1
    assert made.response.mean == 5.5  # 6 - 0.5
    assert made.tpot.mean == 1.0  # (5 - 2) / 3
    assert made.gap.mean == 1.0  # (0.5 + 0 + 2.5) / 3
    assert (made.gap.n, made.gap.calls) == (3, 1)


def test_gaps_of_all_calls_are_pooled() -> None:
    # One call of 99 gaps of 10 ms, one of a single gap of 1 s.
    steady = ((gap_bucket(0.01), 99),)
    stall = ((gap_bucket(1.0), 1),)
    rows = [
        row(0, 0.0, 1.0, gaps=steady, gap_sum_s=0.99, gap_max_s=0.01),
        row(1, 0.0, 1.0, gaps=stall, gap_sum_s=1.0, gap_max_s=1.0),
        row(2, 0.0, 1.0, outcome=Outcome.TRUNCATED, gaps=stall, gap_max_s=9.0),
    ]
    gap = summarize(PLAN, rows).gap
    assert (gap.n, gap.calls, gap.max) == (100, 2, 1.0)
    assert gap.mean == pytest.approx(0.0199)  # (0.99 + 1) / 100
    # The rank of p99 is 99: still 10 ms.
    assert gap.p99.point == pytest.approx(0.01, rel=0.004)
    assert gap.min == pytest.approx(0.01, rel=0.004)
    # Squares about the mean: 99 x 0.0099^2 + 0.9801^2 = 0.9703; / 99, root: 0.099.
    assert gap.sd == pytest.approx(0.099, rel=0.01)


def test_gaps_are_supported_by_calls_and_not_by_gaps() -> None:
    gaps = ((gap_bucket(0.01), 1_000),)
    rows = [
        row(slot, 0.0, 1.0, gaps=gaps, gap_sum_s=10.0, gap_max_s=0.01)
        for slot in range(6)
    ]
    gap = summarize(PLAN, rows).gap
    assert (gap.n, gap.p50.supported, gap.p90.supported) == (6_000, True, False)
    assert gap.p90.needs == 23  # 29 - 6
    assert (gap.p50.low, gap.p50.high) == (None, None)


def test_adjusted_percentiles_count_a_failure_as_infinity() -> None:
    made = summarize(PLAN, FIVE)
    assert made.latency_adjusted is not None
    assert (made.latency_adjusted.n, made.latency_adjusted.failures) == (5, 1)
    # Of 1, 2, 3, 10 and a failure: rank ceil(2.5) = 3, rank ceil(4.5) = 5.
    assert made.latency_adjusted.p50.point == 3.0
    assert made.latency_adjusted.p90.infinite


def test_what_the_user_cancelled_is_no_failure() -> None:
    cancelled = row(5, 5.0, 5.5, outcome=Outcome.CANCELLED)
    dropped = row(6, None, None, outcome=Outcome.DROPPED)
    adjusted = summarize(PLAN, [*FIVE, cancelled, dropped]).latency_adjusted
    assert adjusted is not None
    assert (adjusted.n, adjusted.failures) == (6, 2)


def test_ttft_of_calls_that_were_not_streamed_does_not_exist() -> None:
    made = summarize(PLAN, FIVE)
    assert (made.ttft.n, made.ttft.p50.point, made.ttft_adjusted) == (0, None, None)


def test_ttft_is_infinite_when_every_call_failed() -> None:
    failed = row(0, 0.0, 1.0, outcome=Outcome.TIMEOUT_FIRST_TOKEN)
    adjusted = summarize(PLAN, [failed]).ttft_adjusted
    assert adjusted is not None
    assert adjusted.p50.infinite
