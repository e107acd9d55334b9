"""Percentiles beside each other, worked by hand, and when there is none."""

from math import exp

import pytest

from shared.comparison import EXPLORATORY, MetricVerdict
from tests.shared.comparison.by_hand import calls, metric, pair

EVEN = [exp(k / 100) for k in range(1, 201)]
"""ln ttft is 0.01, 0.02 ... 2."""


def p95(a: list[float], **more: object) -> MetricVerdict:
    b = calls([1.0] * len(a))
    return metric("ttft_p95", pair(calls(a, **more), b))


def test_a_p95_by_hand() -> None:
    found = p95(EVEN)
    said = found.minutes
    assert said is not None
    # rank 190 of 200; the other is 1 throughout
    assert (found.a, found.b) == (pytest.approx(exp(1.9)), 1)
    assert said.estimate == pytest.approx(exp(1.9) - 1)
    # h = 1.96 sqrt(0.0475 / 200) = 0.030205; ranks 197 and 184 are 0.13 apart, so a
    # call above it, of which there are 10, weighs 0.95 x 0.13 / 0.06041 / 200
    squares = (10 * 0.95**2 + 190 * 0.05**2) * (0.13 / 0.0604099 / 200) ** 2
    half = 1.971957 * (200 / 199 * squares) ** 0.5  # t(199)
    assert said.low == pytest.approx(exp(1.9 - half) - 1, rel=1e-4)
    assert said.high == pytest.approx(exp(1.9 + half) - 1, rel=1e-4)
    assert said.sentence.startswith("b had a 85 % lower p95 of the time to first token")


def test_failures_are_slower_than_anything() -> None:
    ok = [True] * 197 + [False] * 3  # the slowest three, which stay above it
    assert p95(EVEN, ok=ok).a == pytest.approx(exp(1.9))
    ok = [False] * 3 + [True] * 197  # the fastest three: rank 190 is 193 of all
    assert p95(EVEN, ok=ok).a == pytest.approx(exp(1.93))


@pytest.mark.parametrize(
    ("calls_made", "failed", "why"),
    [
        (199, 0, "199 of at least 200 calls of each for a p95"),
        (200, 5, "p95 needs more calls or fewer failures"),  # rank 197 is one
        (200, 10, "there is no p95: 5.0 % of calls failed"),
    ],
)
def test_where_there_is_none(calls_made: int, failed: int, why: str) -> None:
    ok = [True] * (calls_made - failed) + [False] * failed
    found = p95(EVEN[:calls_made], ok=ok)
    assert (found.minutes, found.a, found.why) == (None, None, why)


def test_a_p99_takes_a_thousand_calls() -> None:
    few, many = calls([1.0] * 999), calls([1.0] * 1000)
    assert "999 of at least 1,000" in str(metric("ttft_p99", pair(few, few)).why)
    assert metric("ttft_p99", pair(many, many)).a == 1


def test_the_margin_is_20_ms_of_the_percentile_itself() -> None:
    slow = [0.01] * 180 + [0.1] * 20
    found = metric("ttft_p95", pair(calls(slow), calls(slow)))
    assert found.margin == pytest.approx(0.2)


def test_exploratory_metrics_make_the_others_no_less_sure() -> None:
    found = pair(calls(EVEN), calls([1.0] * 200))
    told = [each.metric for each in found.metrics if each.exploratory]
    assert tuple(told) == EXPLORATORY
    ttft = metric("ttft", found).minutes
    assert ttft is not None
    # of seven: three times and both wins are alike, cost and success have p = 1
    assert ttft.p_holm == pytest.approx(7 * ttft.p)
    assert "p95" not in found.sentence
