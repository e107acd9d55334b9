"""Answers of other lengths: latency at equal length, and why one costs more."""

from math import log

import pytest

from tests.shared.comparison.by_hand import calls, metric, pair

ONES = [1.0] * 12


def test_at_equal_length_by_hand() -> None:
    # 11 tokens in 2 s, and 31 in 4 s: each 1 s before the first, then 0.1 s a token;
    # of 21 tokens both would have taken 3 s
    fixed = {"tpot_s": [0.1] * 12}
    short = calls(ONES, latency_s=[2.0] * 12, output_tokens=[11] * 12, **fixed)
    long = calls(ONES, latency_s=[4.0] * 12, output_tokens=[31] * 12, **fixed)
    found = pair(short, long)
    latency = metric("latency", found)
    equal = metric("latency_at_length", found)
    assert latency.minutes is not None
    assert equal.minutes is not None
    assert latency.minutes.estimate == pytest.approx(-0.5)
    assert (equal.a, equal.b) == (pytest.approx(3.0), pytest.approx(3.0))
    assert equal.minutes.estimate == pytest.approx(0)


def test_a_cost_is_split_into_price_and_length() -> None:
    # $0.2 for 20 tokens beside $0.1 for 40: 4 times the price, half the length
    a = calls(ONES, cost_usd=[0.2] * 12, output_tokens=[20] * 12)
    b = calls(ONES, cost_usd=[0.1] * 12, output_tokens=[40] * 12)
    found = pair(a, b)
    assert found.cost_split is not None
    assert found.cost_split.price == pytest.approx(4)
    assert found.cost_split.tokens == pytest.approx(0.5)
    cost = metric("cost", found).minutes
    assert cost is not None
    assert log(1 + cost.estimate) == pytest.approx(log(4) + log(0.5))


def test_an_unknown_length_splits_nothing() -> None:
    nobody = calls(ONES, output_tokens=[float("nan")] * 12)
    assert pair(nobody, calls(ONES)).cost_split is None
