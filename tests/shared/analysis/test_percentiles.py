"""Percentiles, their intervals, and how many calls they need."""

import math
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from shared.analysis.percentiles import (
    PERCENTS,
    bounds,
    least_n,
    linear,
    nearest_rank,
    of_all,
    of_successes,
)

VALUES = st.lists(
    st.floats(min_value=0, max_value=1e6, allow_nan=False), min_size=1, max_size=400
).map(sorted)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([1, 2, 3, 10], 95, 8.95),  # place 3 x 0.95 = 2.85: 3 + 0.85 x (10 - 3)
        ([1, 2, 3, 10], 50, 2.5),  # place 1.5: 2 + 0.5 x (3 - 2)
        ([1, 2, 3], 50, 2.0),  # place 1
        ([7], 99, 7.0),
        ([0, 10], 90, 9.0),  # place 0.9: 0 + 0.9 x 10
    ],
)
def test_linear_percentiles_by_hand(
    values: list[float], percent: int, expected: float
) -> None:
    assert linear(values, percent) == expected


def test_no_values_have_no_percentile() -> None:
    nothing = of_successes([], 50)
    assert (nothing.point, nothing.low, nothing.high) == (None, None, None)
    assert (nothing.supported, nothing.needs) == (False, 6)


@given(VALUES, st.integers(min_value=1, max_value=99))
def test_linear_percentiles_are_those_of_numpy(
    values: list[float], percent: int
) -> None:
    expected = float(np.percentile(values, percent, method="linear"))
    assert linear(values, percent) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("n", "percent", "rank"),
    [(100, 7, 7), (20, 95, 19), (3, 50, 2), (1, 99, 1), (1, 1, 1), (101, 99, 100)],
)
def test_the_nearest_rank_is_the_ceiling_in_whole_numbers(
    n: int, percent: int, rank: int
) -> None:
    assert nearest_rank(n, percent) == rank


@pytest.mark.parametrize(
    ("percent", "two_sided", "upper_only"),
    [(50, 6, 6), (90, 36, 29), (95, 72, 59), (99, 368, 299)],
)
def test_intervals_begin_at_the_known_numbers_of_calls(
    percent: int, two_sided: int, upper_only: int
) -> None:
    # 0.5^6 = 1.6 % <= 2.5 % < 0.5^5; 0.9^36 = 2.3 %; 0.95^72 = 2.5 %; 0.99^368 = 2.5 %
    # one-sided: 0.9^29 = 4.7 % <= 5 % < 0.9^28; 0.95^59 = 4.8 %; 0.99^299 = 4.95 %
    assert least_n(percent) == upper_only
    assert bounds(upper_only - 1, percent) == (None, None)
    assert bounds(upper_only, percent)[1] == upper_only
    if two_sided != upper_only:
        assert bounds(two_sided - 1, percent) == (None, two_sided - 1)
    low, high = bounds(two_sided, percent)
    assert low is not None
    assert high == two_sided


def test_an_interval_by_hand() -> None:
    # n = 10, p = 1/2: P(B < 2) = 11/1024 = 1.1 % and P(B < 3) = 56/1024 = 5.5 %, so the
    # second least and, both sides being alike, the ninth.
    assert bounds(10, 50) == (2, 9)


@pytest.mark.parametrize("percent", PERCENTS)
def test_both_tails_are_as_large_as_allowed_and_no_larger(percent: int) -> None:
    p = percent / 100
    for n in (*range(6, 80), 299, 368, 1000, 99_999):
        low, high = bounds(n, percent)
        if low is None or high is None:
            continue
        assert binom.cdf(low - 1, n, p) <= 0.025 < binom.cdf(low, n, p)
        assert binom.sf(high - 1, n, p) <= 0.025 < binom.sf(high - 2, n, p)


@pytest.mark.parametrize("percent", PERCENTS)
def test_needs_counts_down_to_support(percent: int) -> None:
    least = least_n(percent)
    for n in (0, 1, least - 1, least, least + 1):
        found = of_successes([1.0] * n, percent)
        assert found.needs == max(0, least - n)
        assert found.supported == (n >= least) == (found.high is not None)


@given(VALUES)
def test_percentiles_never_decrease(values: list[float]) -> None:
    points = [linear(values, percent) for percent in range(101)]
    assert points == sorted(points)  # type: ignore[type-var]
    assert (points[0], points[-1]) == (values[0], values[-1])


@given(VALUES, st.sampled_from(PERCENTS))
def test_an_interval_contains_its_point(values: list[float], percent: int) -> None:
    found = of_successes(values, percent)
    assert found.point is not None
    assert found.low is None or found.low <= found.point
    assert found.high is None or found.point <= found.high


def test_an_interval_contains_its_point_for_every_number_of_calls() -> None:
    for percent in PERCENTS:
        for n in range(1, 1_200):
            low, high = bounds(n, percent)
            place = (n - 1) * percent / 100 + 1
            assert low is None or low <= place
            assert high is None or place <= high


@pytest.mark.parametrize(("percent", "n"), [(50, 20), (90, 60), (95, 100), (99, 400)])
def test_intervals_cover_the_truth_as_often_as_they_say(percent: int, n: int) -> None:
    rng = Random(20_261_123)
    truth = -math.log(1 - percent / 100)  # of the exponential distribution
    trials, covered = 2_000, 0
    for _ in range(trials):
        found = of_successes(sorted(rng.expovariate(1) for _ in range(n)), percent)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    # At least 95 %; three standard errors of 2,000 trials are 1.5 points.
    assert covered / trials >= 0.935


def test_an_upper_bound_alone_covers_the_truth_as_often_as_it_says() -> None:
    rng = Random(20_261_123)
    truth = math.log(10)  # the exponential distribution's p90
    found = [of_successes(sorted(rng.expovariate(1) for _ in range(30)), 90).high]
    found += [
        of_successes(sorted(rng.expovariate(1) for _ in range(30)), 90).high
        for _ in range(1_999)
    ]
    assert sum(high is not None and truth <= high for high in found) / 2_000 >= 0.935


def test_failures_push_percentiles_to_infinity() -> None:
    # Four answers and six failures: rank ceil(0.5 x 10) = 5 falls on a failure.
    half = of_all([1.0, 2.0, 3.0, 4.0], 6, 50)
    assert (half.point, half.infinite) == (None, True)
    # Nine and one: rank 5 is the fifth answer, rank 9 the ninth, rank 10 the failure.
    nine = [float(value) for value in range(1, 10)]
    assert of_all(nine, 1, 50).point == 5.0
    assert of_all(nine, 1, 90).point == 9.0
    assert of_all(nine, 1, 95).infinite
    # n = 10: the interval of the median is ranks 2 and 9.
    assert (of_all(nine, 1, 50).low, of_all(nine, 1, 50).high) == (2.0, 9.0)
    # With eight answers rank 9 is a failure: no finite upper end, yet supported.
    eight = of_all(nine[:8], 2, 50)
    assert (eight.low, eight.high, eight.supported) == (2.0, None, True)


def test_nothing_at_all_is_not_infinite() -> None:
    assert of_all([], 0, 50).point is None
    assert not of_all([], 0, 50).infinite


@given(VALUES, st.integers(min_value=0, max_value=50))
def test_adjusted_percentiles_never_decrease(
    values: list[float], failures: int
) -> None:
    each = [of_all(values, failures, percent) for percent in PERCENTS]
    points = [math.inf if one.infinite else one.point for one in each]
    assert points == sorted(points)  # type: ignore[type-var]
