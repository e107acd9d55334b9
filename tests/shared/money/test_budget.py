"""What may be spent, and what a budget needs to be kept."""

from decimal import Decimal

import pytest

from shared.errors import UnknownPrice
from shared.money import Budget, Price, budget_of, check_prices
from shared.plan import Plan
from shared.settings import Settings

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


def test_a_run_is_limited_by_the_tighter_of_plan_and_settings() -> None:
    plan = a_plan(max_cost_usd=0.5)
    assert budget_of(plan, Settings()) == Budget(500_000_000, None)
    assert budget_of(plan, Settings(max_cost_usd=0.2)) == Budget(200_000_000, None)
    daily = Settings(max_cost_usd_per_day=3)
    assert budget_of(a_plan(), daily) == Budget(None, 3_000_000_000)
    assert budget_of(a_plan(), Settings()) is None


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
