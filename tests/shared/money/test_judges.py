"""What judges will be asked, and cost: worked by hand."""

from decimal import Decimal

import pytest

from shared.errors import UnknownPrice
from shared.money import Price, check_judges
from shared.money.limits import Limit
from shared.money.quote import Headroom, Quote, quote
from shared.opinion import MARKUP_BYTES, MOST_BYTES
from shared.plan import Plan
from shared.settings.settings import Settings

CHEAP = Price(Decimal("0.000001"), Decimal("0.00001"), Decimal(0))
JUDGE = {"rubric": "Is it so?", "model": "a/judge:free"}


def a_plan(**more: object) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "a/x"}, {"model": "a/y"}],
            "prompts": {"prompts": ["Say it"]},
            "runs": 5,
            "max_tokens": 100,
            "checks": [JUDGE],
            **more,
        }
    )


def of(plan: Plan, price: Price | None = CHEAP, *, limit: str = "") -> Quote:
    left = Headroom(Limit("free", per_minute=4), 0, 0, 3600.0)
    return quote(
        plan,
        [CHEAP, CHEAP],
        limits={"free": left} if limit else {},
        limits_of=[(), (), (limit,)],
        max_cost_usd=None,
        mean_output_tokens={"a/x": 40},
        judge_prices=[price],
    )


def test_each_answer_is_judged_once_at_most_and_paid_for() -> None:
    found = of(a_plan())
    (judge,) = found.judges
    assert (judge.model, judge.calls) == ("a/judge:free", 10)
    assert found.calls == 20
    # rubric 9 bytes, the quoted question 8, the quoted answer, 256 + 2 x 16; 16 x 10
    most = MARKUP_BYTES + 9 + 8 + MOST_BYTES + 2 + 288 + 160
    assert judge.worst_usd == pytest.approx(10 * most / 1e6)
    # answers of 40 tokens, the mean, and of 100
    sent = (MARKUP_BYTES + 9 + 8) // 4
    assert judge.expected_usd == pytest.approx(5 * (2 * (sent + 160) + 140) / 1e6)
    paid = sum(target.worst_usd or 0 for target in found.targets)
    assert found.worst_usd == pytest.approx(paid + (judge.worst_usd or 0))


def test_a_judge_of_one_prompt_is_asked_about_that_alone() -> None:
    prompts = {"prompts": ["Say it", {"prompt": "Why?", "checks": [JUDGE]}]}
    (judge,) = of(a_plan(prompts=prompts, checks=[])).judges
    assert judge.calls == 10
    (judge,) = of(a_plan(prompts=prompts)).judges
    assert judge.calls == 30, "the plan's of both, and the prompt's own"


def test_limits_count_a_judge_s_calls() -> None:
    (limit,) = of(a_plan(), limit="free").limits
    assert (limit.calls, limit.takes_s) == (10, 2 * 60.5)


def test_a_price_that_is_not_known_makes_the_sum_unknown_and_keeps_no_budget() -> None:
    found = of(a_plan(), None)
    assert (found.worst_usd, found.judges[0].worst_usd) == (None, None)
    plan = a_plan(max_cost_usd=1)
    with pytest.raises(UnknownPrice, match="a/judge:free costs"):
        check_judges(plan, [None], Settings())
    waived = plan.model_copy(update={"allow_unknown_prices": True})
    check_judges(waived, [None], Settings())
    with pytest.raises(UnknownPrice):
        check_judges(waived, [None], Settings(max_cost_usd=5))
