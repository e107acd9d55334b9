"""The pass rate as a metric that is compared, and what a good answer costs by it."""

import numpy as np
import pytest

from shared.comparison.method.engine import LEAST_PAIRS
from tests.shared.comparison.by_hand import calls, metric, pair

N = 200
ALL, HALF = np.ones(N), np.arange(N) % 4 // 2
"""One passes always, the other every second time, in pairs."""


def test_it_is_told_like_success_and_by_the_answers_that_were_checked() -> None:
    a = calls([0.1] * N, prompts=20, passed=ALL)
    b = calls([0.1] * N, prompts=20, passed=HALF)
    found = pair(a, b)
    told = metric("pass_rate", found)
    assert (told.a, told.b, told.n) == (1.0, 0.5, N)
    assert told.minutes is not None
    assert (told.minutes.estimate, told.minutes.word) == (0.5, "better")
    assert "a passed the checks 50.0 points more often" in found.sentence
    assert metric("success", found).a == metric("success", found).b == 1.0


def test_pairs_of_which_one_was_not_checked_are_left_out() -> None:
    some = np.where(np.arange(N) < N // 2, np.nan, 1.0)
    found = metric("pass_rate", pair(calls([0.1] * N, passed=some), calls([0.1] * N)))
    assert found.n == 0
    assert found.why is not None
    one = calls([0.1] * N, passed=some)
    assert metric("pass_rate", pair(one, calls([0.1] * N, passed=ALL))).n == N // 2


def test_without_checks_it_is_not_there_and_asks_for_no_surer_answers() -> None:
    assert "pass_rate" not in [
        m.metric for m in pair(calls([0.1]), calls([0.2])).metrics
    ]


def test_fast_nonsense_is_dear() -> None:
    a = calls([0.1] * N, prompts=20, passed=HALF, cost_usd=np.full(N, 0.01))
    b = calls([0.2] * N, prompts=20, passed=ALL, cost_usd=np.full(N, 0.01))
    cost = metric("cost", pair(a, b))
    # 200 x 0.01 for 100 good ones beside 200 of them
    assert (cost.a, cost.b) == (pytest.approx(0.02), pytest.approx(0.01))
    assert cost.minutes is not None
    assert cost.minutes.word == "worse"


def test_too_few_pairs_are_said() -> None:
    few = np.where(np.arange(N) < LEAST_PAIRS - 1, 1.0, np.nan)
    found = metric(
        "pass_rate", pair(calls([0.1] * N, passed=few), calls([0.1] * N, passed=few))
    )
    assert found.minutes is None
    assert found.why == f"{LEAST_PAIRS - 1} of at least {LEAST_PAIRS} pairs"
