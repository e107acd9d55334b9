"""Two targets beside each other: figures by hand, words, and what they need."""

from math import exp, log

import numpy as np
import pytest

from shared.comparison.calls import beside
from shared.comparison.compare import compare
from shared.comparison.contest import Contest
from tests.shared.comparison.by_hand import calls, entrant, metric, pair

# ln a - ln b is ln 2 - 0.1 and ln 2 + 0.1 by turns, six times each
TWICE = [2 * exp(off) for off in (-0.1, 0.1) * 6]
ONES = [1.0] * 12


def test_a_ratio_by_hand() -> None:
    found = metric("ttft", pair(calls(TWICE), calls(ONES)))
    said = found.minutes
    assert said is not None
    assert (found.n, found.prompts, found.a, found.b) == (12, 1, pytest.approx(2), 1)
    assert (said.about, said.word) == ("these prompts", "worse")
    half = 2.200985 * 0.1 / 11**0.5  # t(11) x sqrt(12 / 11 x 12 x (0.1 / 12)^2)
    assert said.estimate == pytest.approx(1.0)
    assert said.low == pytest.approx(2 * exp(-half) - 1, abs=1e-6)
    assert said.high == pytest.approx(2 * exp(half) - 1, abs=1e-6)
    assert said.sentence == "b began to answer 50 % sooner (47 to 53)"
    assert found.beyond is None
    assert found.needs_beyond == "it takes 200 planned pairs or more in one run"


def test_both_ways_round_say_the_same() -> None:
    there, back = pair(calls(TWICE), calls(ONES)), pair(calls(ONES), calls(TWICE))
    a, b = metric("ttft", there).minutes, metric("ttft", back).minutes
    assert a is not None
    assert b is not None
    assert log(1 + a.estimate) == pytest.approx(-log(1 + b.estimate))
    assert (a.p, a.word, b.word) == (pytest.approx(b.p), "worse", "better")


def test_fewer_than_twelve_pairs_have_no_interval() -> None:
    found = metric("ttft", pair(calls(TWICE[:11]), calls(ONES[:11])))
    assert (found.minutes, found.why) == (None, "11 of at least 12 pairs")


def test_from_six_prompts_on_it_is_said_of_others_like_them() -> None:
    for prompts, about in ((5, "these prompts"), (6, "prompts like these")):
        one, other = calls(TWICE, prompts=prompts), calls(ONES, prompts=prompts)
        said = metric("ttft", pair(one, other)).minutes
        assert said is not None
        assert said.about == about


def test_a_difference_inside_the_margin_is_equivalent_however_sure() -> None:
    found = metric("tpot", pair(calls([1.02, 1.021] * 6), calls(ONES)))
    said = found.minutes
    assert said is not None
    assert found.margin == pytest.approx(0.05)
    assert (said.p_holm < 0.001, said.word) == (True, "equivalent")
    assert said.sentence.endswith("time per output token (b slightly better)")


def test_what_may_be_larger_than_the_margin_is_open_and_needs_more_pairs() -> None:
    spread = [exp(off) for off in (-0.3, 0.3) * 6]
    found = metric("tpot", pair(calls(spread), calls(ONES)))
    assert found.minutes is not None
    assert (found.minutes.word, found.minutes.estimate) == (
        "cannot_tell",
        pytest.approx(0),
    )
    # half is 2.200985 x 0.3 / sqrt(11) = 0.1991, and has to be ln 1.05: 16.65 times
    assert found.needs == "about 200 pairs (17 times as many)"


@pytest.mark.parametrize("to", [-1, 1])
def test_both_ends_of_the_interval_must_be_inside_the_margin(to: int) -> None:
    # 0.04 and half 0.0596 of the 90 % interval: one end is 0.0996, past ln 1.05
    near = [exp(to * 0.04 + off) for off in (-0.11, 0.11) * 6]
    said = metric("tpot", pair(calls(near), calls(ONES))).minutes
    assert said is not None
    assert said.word == "cannot_tell"


def test_the_margin_of_ttft_is_never_under_20_ms() -> None:
    found = metric("ttft", pair(calls([0.1] * 12), calls([0.1] * 12)))
    assert found.margin == pytest.approx(0.2)  # of a median of 0.1 s


def test_cost_is_that_of_a_good_answer() -> None:
    half = [True, False] * 6
    found = pair(
        calls(ONES, cost_usd=[0.2] * 12), calls(ONES, cost_usd=[0.1] * 12, ok=half)
    )
    cost = metric("cost", found)
    # 2.4 / 12 and 1.2 / 6
    assert (cost.a, cost.b) == (pytest.approx(0.2), pytest.approx(0.2))
    assert cost.minutes is not None
    assert cost.minutes.estimate == pytest.approx(0)
    # only b varies: its influences are 1/12 and -1/12 by turns, V0 is 1/11
    assert cost.minutes.low == pytest.approx(exp(-2.200985 / 11**0.5) - 1, abs=1e-6)


def test_a_cost_that_nobody_tells_is_no_cost() -> None:
    some = np.array([np.nan, *[0.1] * 11])
    found = metric("cost", pair(calls(ONES, cost_usd=some), calls(ONES)))
    assert (found.a, found.minutes) == (None, None)
    assert found.why == "nobody says what 1 of the good answers cost"
    free = metric("cost", pair(calls(ONES, cost_usd=[0.0] * 12), calls(ONES)))
    assert free.why == "one of them costs nothing, and a ratio to that is none"


def test_who_fails_more_is_quicker_only_where_the_wins_say_so() -> None:
    found = pair(
        calls(TWICE * 4, ok=[True] * 48), calls(ONES * 4, ok=[True, False] * 24)
    )
    ttft, wins = metric("ttft", found), metric("latency_wins", found)
    assert ttft.minutes is not None
    assert (ttft.minutes.word, ttft.n) == ("cannot_tell", 24)
    assert "fails more often by more than a point" in str(ttft.why)
    assert wins.minutes is not None
    assert wins.minutes.estimate == 0  # `a` wins where `b` failed, and only there
    assert "quicker answers" in found.sentence
    # one failure of 48 takes few of its wins away
    one = pair(
        calls(TWICE * 4, ok=[True] * 48), calls(ONES * 4, ok=[False] + [True] * 47)
    )
    word = metric("ttft", one).minutes
    assert word is not None
    assert (word.word, metric("ttft", one).why) == ("worse", None)


def test_who_is_slower_although_it_fails_more_is_slower() -> None:
    found = pair(
        calls(TWICE * 4, ok=[True, False] * 24), calls(ONES * 4, ok=[True] * 48)
    )
    ttft, tpot = metric("ttft", found), metric("tpot", found)
    assert ttft.minutes is not None
    assert (ttft.minutes.word, ttft.why) == ("worse", None)
    assert tpot.why is None or "flatter" not in tpot.why
    alike = pair(
        calls(ONES * 4, ok=[True, False] * 24), calls(ONES * 4, ok=[True] * 48)
    )
    same = metric("ttft", alike)
    assert same.minutes is not None
    assert (same.minutes.word, "flatter" in str(same.why)) == ("cannot_tell", True)


def test_beyond_the_minutes_is_said_from_200_planned_pairs_of_a_run_that_is_whole() -> (
    None
):
    a, b = calls(TWICE * 20, prompts=8), calls(ONES * 20, prompts=8)
    whole = metric("ttft", pair(a, b, planned=240))
    assert whole.beyond is not None
    assert whole.beyond.word == "worse"
    assert metric("ttft", pair(a, b, planned=241)).beyond is not None
    short = metric("ttft", pair(a, b, planned=480))
    assert short.needs_beyond == "the run did not come to its planned end"
    few = metric("ttft", pair(a, b, planned=199 + 41))
    assert few.beyond is not None
    apart = metric("ttft", pair(a, b, one_run=False))
    assert apart.beyond is None
    assert "each run is one moment" in str(apart.needs_beyond)


def test_a_difference_that_moved_says_so() -> None:
    drift = [exp(0.2 if k < 120 else -0.2) for k in range(240)]
    found = pair(calls(drift, prompts=8), calls([1.0] * 240, prompts=8), planned=240)
    beyond = metric("ttft", found).beyond
    assert beyond is not None
    assert (beyond.moved, beyond.word) == (True, "cannot_tell")
    assert "the difference moved during the run" in found.sentence


def test_calls_are_paired_by_key_and_others_are_left_out() -> None:
    a = calls([1.0, 2.0, 3.0], key=[4, 5, 6])
    b = calls([5.0, 6.0, 7.0], key=[6, 9, 4])
    found = beside(a, b, paired=True, planned=None)
    pairs = set(zip(found.a.ttft_s.tolist(), found.b.ttft_s.tolist(), strict=True))
    assert pairs == {(1.0, 7.0), (3.0, 5.0)}


def test_other_prompts_are_compared_by_their_means() -> None:
    found = pair(calls(TWICE), calls(ONES[:12]), paired=False, one_run=False)
    said = metric("ttft", found).minutes
    assert said is not None
    assert (found.paired, said.estimate) == (False, pytest.approx(1.0))
    assert metric("latency_wins", found).why == "it takes pairs of the same prompts"
    assert found.sentence.startswith("Between these two moments ")


def test_a_figure_that_a_verdict_bars_is_not_compared() -> None:
    a = entrant("a", calls(TWICE), barred=frozenset({"ttft"}))
    found = compare([Contest((a, entrant("b", calls(ONES))))])[0][0]
    assert metric("ttft", found).why == (
        "the verdict on a run says that ttft cannot be used"
    )
    assert metric("latency", found).minutes is not None


def test_the_best_and_who_cannot_be_told_from_it() -> None:
    near = [exp(off) for off in (-0.4, 0.41) * 6]
    field = Contest(
        (
            entrant("x", calls(TWICE)),
            entrant("y", calls(ONES)),
            entrant("z", calls(near)),
        )
    )
    verdicts, rankings = compare([field])
    assert len(verdicts) == 3
    ttft = rankings[0]
    assert ttft.sentence == (
        "Best in time to first token: y, which cannot be told from z."
    )
    found = [(place.side.target, place.may_be_best) for place in ttft.places]
    assert found == [("y", True), ("z", True), ("x", False)]


def test_the_more_is_asked_the_surer_an_answer_must_be() -> None:
    alone = metric("ttft", pair(calls(TWICE), calls(ONES))).minutes
    assert alone is not None
    # of the six metrics: cost and success have p = 1, the times and wins are alike
    assert alone.p_holm > alone.p


def test_ten_targets_of_two_thousand_calls_take_a_moment() -> None:
    rng = np.random.default_rng(1)
    field = [
        entrant(str(k), calls(np.exp(rng.normal(0, 0.3, 2000)), prompts=100))
        for k in range(10)
    ]
    verdicts, rankings = compare([Contest(tuple(field), planned=2000)])
    assert (len(verdicts), len(rankings)) == (45, 5)
