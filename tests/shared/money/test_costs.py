"""What each call of a run may cost, in numbers worked by hand."""

from decimal import Decimal

from shared.money import Budget, Costs, Price
from shared.plan import Plan, work

DEAR = Price(Decimal("0.000005"), Decimal("0.000015"), Decimal("0.5"))
NOTHING = Price(Decimal(0), Decimal(0), Decimal(0))


def test_a_call_is_held_at_its_own_worst_cost_and_a_free_one_not_at_all() -> None:
    plan = Plan.model_validate(
        {
            "targets": [{"model": name} for name in ("a/b", "c/d:free", "e")],
            "prompts": {"prompts": ["Hi", {"prompt": "Hi", "max_tokens": 7}]},
            "max_tokens": 100,
        }
    )
    costs = Costs(plan, [DEAR, NOTHING, None], Budget(1, None))
    asked = [work(plan, 0, index) for index in range(6)]
    of = {(each.target, each.prompt): each for each in asked}
    # 2 bytes + 256 + 16 tokens at 5 micro-USD, 100 at 15, the call at 0.5 USD
    assert costs.worst_nano(of[0, 0]) == 274 * 5_000 + 100 * 15_000 + 500_000_000
    assert costs.worst_nano(of[0, 1]) == 274 * 5_000 + 7 * 15_000 + 500_000_000
    assert [costs.worst_nano(of[t, 0]) for t in (1, 2)] == [0, 0]
    assert [costs.has_price(target) for target in range(3)] == [True, False, False]
