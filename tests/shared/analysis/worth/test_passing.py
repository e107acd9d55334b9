"""How many answers passed, with the interval of answers that resemble each other."""

from math import sqrt
from typing import Any

import pytest
from scipy import stats

from shared.analysis import wilson
from shared.analysis.summarize import summarize
from shared.analysis.summary import Summary
from shared.analysis.worth import PassRate, clustered
from shared.plan.slo import Slo
from shared.sample import Outcome, Sample
from tests.shared.analysis.rows_by_hand import PLAN, row


def answer(slot: int, passed: bool | None, check: str | None, **more: Any) -> Sample:
    fixed = {"passed": passed, "failed_check": check, "cost_usd": 0.1, "target": 0}
    return row(slot, slot, slot + 1, **(fixed | more))


def rate(*rows: Sample) -> PassRate:
    found = summarize(PLAN, rows).pass_rate
    assert found is not None
    return found


SIX = (
    answer(0, True, None),
    answer(1, True, None, prompt=1),
    answer(2, False, "contains"),
    answer(3, None, "regex"),  # undecided
    answer(4, None, None),  # has no checks
    answer(5, None, None, outcome=Outcome.TRUNCATED),
)


def test_failed_checks_are_no_failed_calls() -> None:
    found = summarize(PLAN, SIX)
    assert (found.counts.ok, found.counts.failed) == (5, 1)
    low, high = wilson(2, 3)
    assert found.pass_rate == PassRate(
        passed=2,
        checked=3,
        undecided=1,
        prompts=2,
        share=2 / 3,
        low=low,
        high=high,
        failed={"contains": 1},
    )


def test_a_good_answer_passed_or_has_no_checks_and_is_what_cost_is_counted_for() -> (
    None
):
    cost = summarize(PLAN, SIX).cost
    # slots 0, 1 and 4 of six that cost 0.10 each
    assert (cost.good, cost.usd_per_1000_good) == (3, pytest.approx(200))
    slow = PLAN.model_copy(update={"slo": Slo(latency_s=0.5)})
    found = summarize(slow, SIX)
    assert (found.cost.good, found.goodput and found.goodput.good) == (0, 0)
    quick = PLAN.model_copy(update={"slo": Slo(latency_s=1.5)})
    found = summarize(quick, SIX)
    # goodput is what an upstream bears, whatever it says
    assert (found.cost.good, found.goodput and found.goodput.good) == (3, 5)


def test_targets_and_providers_have_their_own() -> None:
    rows = [
        answer(0, True, None, provider="A"),
        answer(1, False, "regex", provider="B"),
        answer(2, True, None, target=1),
    ]
    found = summarize(PLAN, rows)
    one, other = found.targets
    assert shares(found, one, other, *one.providers) == [2 / 3, 0.5, 1.0, 1.0, 0.0]


def shares(*groups: Any) -> list[float | None]:
    return [each.pass_rate.share for each in groups]


def test_without_checks_there_is_none() -> None:
    none: Summary = summarize(PLAN, [answer(0, None, None)])
    assert none.pass_rate is None
    assert none.cost.good == 1


def test_with_checks_and_without_a_decision_the_share_is_unknown() -> None:
    found = rate(answer(0, None, "regex"))
    assert (found.checked, found.undecided) == (0, 1)
    assert (found.share, found.low, found.high) == (None, None, None)


def test_fewer_than_six_prompts_and_answers_that_are_all_alike_count_as_calls() -> None:
    assert clustered([(10, 20)] * 5) == wilson(50, 100)
    assert clustered([(10, 10)] * 8) == wilson(80, 80)
    assert clustered([(0, 10)] * 8) == wilson(0, 80)


def test_answers_that_depend_on_their_prompt_alone_count_as_prompts() -> None:
    # 4 of 8 prompts pass every time, the others never: by prompt u is +-5 / 80, so
    # Vp = 8/7 x 8 x (5/80)^2 = 1/28; V0 = 80/79 x 0.25/80 = 0.25/79; both worked out
    each = [(10, 10)] * 4 + [(0, 10)] * 4
    like = 80 * (0.25 / 79) * 28
    t = float(stats.t.ppf(0.975, 7))
    assert clustered(each) == pytest.approx(by_hand(0.5, like, t))


def by_hand(share: float, n: float, z: float) -> tuple[float, float]:
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return middle - half, middle + half


def test_answers_that_do_not_are_no_surer_than_independent_ones() -> None:
    # every prompt passes 5 of 10: less spread than chance would make
    low, high = clustered([(5, 10)] * 8)
    t = float(stats.t.ppf(0.975, 7))
    assert (low, high) == pytest.approx(by_hand(0.5, 80, t))
