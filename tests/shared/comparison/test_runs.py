"""Runs beside each other: with a control that shows the hour, and several a side."""

from math import exp, log

import numpy as np
import pytest

from shared.comparison import PairVerdict, Side
from shared.comparison.calls import TargetCalls
from shared.comparison.compare import compare
from shared.comparison.contest import Contest, Entrant
from tests.shared.comparison.by_hand import calls, entrant, metric, pair

ONES = [1.0] * 12
NOISE = [exp(off) for off in (-0.1, 0.1) * 6]


def sides(a: list[TargetCalls], b: list[TargetCalls]) -> PairVerdict:
    both = [
        Entrant(Side(job_id="J", target=name), name, runs[0], further=tuple(runs[1:]))
        for name, runs in (("a", a), ("b", b))
    ]
    return compare([Contest(tuple(both), one_run=False)])[0][0]


def test_a_control_takes_the_hour_out() -> None:
    """In the second run all is twice as slow, the target and the control."""
    slow = [2 * each for each in NOISE]
    now = entrant("now", calls(NOISE), control=calls(ONES))
    then = entrant("then", calls(slow), control=calls([2.0] * 12))
    contest = Contest((now, then), one_run=False, control="c")
    found = compare([contest])[0][0]
    alone = metric("ttft", pair(calls(NOISE), calls(slow), one_run=False)).minutes
    beside = metric("ttft", found).minutes
    assert alone is not None
    assert beside is not None
    assert alone.estimate == pytest.approx(-0.5)
    assert beside.estimate == pytest.approx(0)
    assert found.control == "c"
    assert found.sentence.startswith("Between these two moments, beside what c did, ")


def test_the_noise_of_a_control_counts() -> None:
    still = entrant("still", calls(ONES), control=calls(ONES))
    moving = entrant("moving", calls(ONES), control=calls(NOISE))
    found = compare([Contest((still, moving), one_run=False, control="c")])[0][0]
    said = metric("ttft", found).minutes
    assert said is not None
    half = 2.200985 * 0.1 / 11**0.5  # as if the target itself had it
    assert log(1 + said.high) == pytest.approx(half, abs=1e-6)


def test_calls_without_all_four_are_left_out() -> None:
    one = entrant("one", calls(ONES), control=calls(ONES, key=np.arange(1, 13)))
    other = entrant("other", calls(NOISE), control=calls(ONES))
    found = compare([Contest((one, other), one_run=False, control="c")])[0][0]
    assert (found.pairs, metric("ttft", found).why) == (11, "11 of at least 12 pairs")


def test_success_beside_a_control_and_no_wins() -> None:
    half = calls(ONES * 2, ok=[True, False] * 12)
    whole = calls(ONES * 2)
    one = entrant("one", half, control=half)
    other = entrant("other", whole, control=whole)
    found = compare([Contest((one, other), one_run=False, control="c")])[0][0]
    said = metric("success", found).minutes
    assert said is not None
    assert (said.estimate, said.p) == (0, 1)
    assert "not out of wins" in str(metric("ttft_wins", found).why)


def test_several_runs_a_side_by_hand() -> None:
    """ln of the runs: 0.6, 0.7, 0.8 beside 0, 0, 0: Welch has two degrees of freedom,
    a standard error of 0.1 / sqrt(3), and t(2) is 4.3027."""
    a = [calls([exp(level)] * 12) for level in (0.6, 0.7, 0.8)]
    b = [calls(ONES)] * 3
    found = sides(a, b)
    ttft = metric("ttft", found)
    assert (ttft.n, ttft.minutes, ttft.why) == (3, None, "each run counts as one value")
    said = ttft.beyond
    assert said is not None
    assert log(1 + said.estimate) == pytest.approx(0.7)
    half = 4.302653 * 0.1 / 3**0.5
    assert log(1 + said.low) == pytest.approx(0.7 - half)
    assert log(1 + said.high) == pytest.approx(0.7 + half)
    assert found.sentence.startswith("By 3 and 3 runs: ")
    assert found.sentence.endswith("and for these prompts.")


def test_a_thousand_calls_of_a_run_are_one_value() -> None:
    few = [calls([level] * 12) for level in (1.0, 1.3, 0.9)]
    many = [calls([level] * 1000) for level in (1.0, 1.3, 0.9)]
    b = [calls(ONES)] * 3
    one, other = (metric("ttft", sides(runs, b)).beyond for runs in (few, many))
    assert one is not None
    assert other is not None
    assert one.p == pytest.approx(other.p)


def test_what_runs_cannot_tell_needs_more_of_them() -> None:
    a = [calls([level] * 12) for level in (1.0, 1.3, 0.9)]
    needs = metric("tpot", sides(a, [calls(ONES)] * 3)).needs_beyond
    assert needs is not None
    assert needs.endswith(" runs a side")
