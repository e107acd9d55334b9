"""What calls may cost, in numbers worked by hand."""

from decimal import Decimal

import pytest

from shared.errors import UnknownPrice
from shared.money.costs import Costs
from shared.money.prices import (
    Budget,
    Price,
    billed_nano,
    budget_of,
    check_prices,
    most_prompt_tokens,
)
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts, Message, unique_prefix
from shared.sample import Outcome, Sample
from shared.settings.settings import Settings

DEAR = Price(Decimal("0.000005"), Decimal("0.000015"), Decimal("0.5"))
NOTHING = Price(Decimal(0), Decimal(0), Decimal(0))


def a_plan(**more: object) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "a/b"}, {"model": "c/d:free"}],
            "prompts": {"prompts": ["Почему?"]},
            "max_tokens": 100,
            **more,
        }
    )


def row(outcome: Outcome, cost_usd: float | None) -> Sample:
    return Sample(
        step=0, slot=0, target=0, prompt=0, outcome=outcome, cost_usd=cost_usd
    )


def test_the_worst_cost_is_the_prompts_bound_the_answers_cap_and_the_call() -> None:
    # 1256 x 5 + 512 x 15 micro-USD + 0.5 USD
    assert DEAR.worst_nano(1256, 512) == 6_280_000 + 7_680_000 + 500_000_000
    # a part of a nano-USD is a whole one
    assert Price(Decimal("1e-10"), Decimal(0), Decimal(0)).worst_nano(1, 1) == 1


def test_a_prompt_has_no_more_tokens_than_bytes_and_what_the_template_adds() -> None:
    turns = (Message(role="user", content="Почему?"),)
    # six letters of two bytes, a question mark; 256, and 16 for the turn
    assert most_prompt_tokens(turns) == 13 + 256 + 16
    prefix = unique_prefix("a job", 0, 0)
    assert most_prompt_tokens(turns, prefixed=True) == 13 + len(prefix) + 256 + 16


def test_a_run_is_limited_by_the_tighter_of_plan_and_settings() -> None:
    plan = a_plan(max_cost_usd=0.5)
    assert budget_of(plan, Settings()) == Budget(500_000_000, None)
    assert budget_of(plan, Settings(max_cost_usd=0.2)) == Budget(200_000_000, None)
    daily = Settings(max_cost_usd_per_day=3)
    assert budget_of(a_plan(), daily) == Budget(None, 3_000_000_000)
    assert budget_of(a_plan(), Settings()) is None


@pytest.mark.parametrize(
    ("outcome", "cost_usd", "nano"),
    [
        (Outcome.OK, 1.4e-05, 14_000),
        (Outcome.OK, 0.0, 0),
        (Outcome.OK, None, None),
        (Outcome.TRUNCATED, None, None),
        (Outcome.DISCONNECTED, None, None),
        (Outcome.CANCELLED, None, None),
        (Outcome.ERROR_IN_200, None, None),
        (Outcome.ERROR_IN_200, 0.002, 2_000_000),
        (Outcome.CONNECT_ERROR, None, 0),
        (Outcome.RATE_LIMITED, None, 0),
        (Outcome.UPSTREAM_ERROR, None, 0),
        (Outcome.DROPPED, None, 0),
    ],
)
def test_what_reached_no_model_costs_nothing_and_silence_is_unknown(
    outcome: Outcome, cost_usd: float | None, nano: int | None
) -> None:
    assert billed_nano(row(outcome, cost_usd)) == nano


def test_without_a_price_no_budget_can_be_kept() -> None:
    plan = a_plan(max_cost_usd=1)
    with pytest.raises(
        UnknownPrice, match=r"what a/b costs.*allow_unknown_prices"
    ) as e:
        check_prices(plan, [None, NOTHING], Settings())
    assert e.value.field == "targets[0].model"
    waived = a_plan(max_cost_usd=1, allow_unknown_prices=True)
    check_prices(waived, [None, NOTHING], Settings())
    # a plan cannot waive the ceiling of those who run the server
    with pytest.raises(UnknownPrice, match="MAX_COST_USD_PER_DAY"):
        check_prices(waived, [None, NOTHING], Settings(max_cost_usd_per_day=1))


def test_a_call_is_held_at_its_own_worst_cost_and_a_free_one_not_at_all() -> None:
    plan = a_plan(
        prompts=InlinePrompts.model_validate(
            {"prompts": ["Hi", {"prompt": "Hi", "max_tokens": 7}]}
        ).model_dump(),
        targets=[Target(model=name).model_dump() for name in ("a/b", "c/d:free", "e")],
    )
    costs = Costs(plan, [DEAR, NOTHING, None], Budget(1, None))
    work = {(w.target, w.prompt): w for w in map(_work(plan), range(6))}
    # 2 bytes + 256 + 16 tokens at 5 micro-USD, 100 at 15, the call at 0.5 USD
    assert costs.worst_nano(work[0, 0]) == 274 * 5_000 + 100 * 15_000 + 500_000_000
    assert costs.worst_nano(work[0, 1]) == 274 * 5_000 + 7 * 15_000 + 500_000_000
    assert [costs.worst_nano(work[t, 0]) for t in (1, 2)] == [0, 0]
    assert [costs.has_price(target) for target in range(3)] == [True, False, False]


def _work(plan: Plan):
    from shared.plan import work

    return lambda index: work(plan, 0, index)
