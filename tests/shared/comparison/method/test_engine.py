"""The engine: variances, degrees of freedom and p, worked by hand."""

import numpy as np
import pytest

from shared.comparison.method.engine import (
    Doubt,
    beyond_them,
    holm,
    in_these_minutes,
    interval,
    p_of,
    spread_of,
    together,
)

# d = 1, 3, 2, 6 of mean 3, so that the influences are (d - 3) / 4
INFLUENCE = np.array([-0.5, 0.0, -0.25, 0.75])
PROMPT = np.array([7, 7, 9, 9])
STRETCH = np.array([0, 1, 0, 1])
SPREAD = spread_of(INFLUENCE, PROMPT, STRETCH)


def test_variances_by_pairs_cells_prompts_and_time() -> None:
    assert (SPREAD.n, SPREAD.prompts) == (4, 2)
    assert SPREAD.pairs == pytest.approx(4 / 3 * 0.875)  # 0.25 + 0.0625 + 0.5625
    assert SPREAD.cells == pytest.approx(0.875)
    assert SPREAD.by_prompt == pytest.approx(2 * 0.5)  # sums -0.5 and 0.5
    # sums -0.75, 0.75 and 18 zeros: lag-1 is -0.5, so nothing is widened
    assert SPREAD.by_time == pytest.approx(20 / 19 * 1.125)
    assert SPREAD.independent == 20


def test_stretches_that_resemble_each_other_count_for_fewer() -> None:
    # ten up, ten down: lag-1 is (18 - 1) / 20 = 0.85, rho at most 0.9, so 19 times
    influence = np.array([0.05] * 10 + [-0.05] * 10)
    found = spread_of(influence, np.zeros(20, dtype=int), np.arange(20))
    assert found.by_time == pytest.approx(20 / 19 * 20 * 0.0025 * 19)
    assert found.independent == 2  # 20 / 19, and at least 2


def test_these_minutes_are_judged_by_prompts_and_few_of_them_by_pairs() -> None:
    like = in_these_minutes(SPREAD, "prompts like these")
    assert (like.variance, like.df) == (1.0, 1)
    these = in_these_minutes(SPREAD, "these prompts")
    assert (these.variance, these.df) == (pytest.approx(3.5 / 3), 3)


def test_beyond_these_minutes_time_and_prompts_are_added_up() -> None:
    found = beyond_them(SPREAD, "prompts like these")
    by_time = 20 / 19 * 1.125
    total = 0.875 + (1 - 0.875) + (by_time - 0.875)
    assert found.variance == pytest.approx(total)
    assert found.df == pytest.approx(total**2 / (1**2 / 1 + by_time**2 / 19))
    few = beyond_them(SPREAD, "these prompts")
    assert (few.variance, few.df) == (pytest.approx(by_time), 19)


def test_two_measured_apart_are_as_welch_has_it() -> None:
    found = together(
        Doubt(3.0, 9, "prompts like these"), Doubt(1.0, 4, "these prompts")
    )
    assert (found.variance, found.about) == (4.0, "these prompts")
    assert found.df == pytest.approx(16 / (9 / 9 + 1 / 4))  # 12.8


def test_the_interval_ends_at_0_where_p_is_5_percent() -> None:
    doubt = Doubt(4.0, 10, "these prompts")
    low, high = interval(0.0, doubt, 0.95)
    assert (low, high) == (pytest.approx(-4.4563, abs=1e-4), -low)  # t(10): 2.2281
    assert p_of(high, doubt) == pytest.approx(0.05)
    assert p_of(0.0, Doubt(0.0, 10, "these prompts")) == 1


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([]) == []
