"""Plans that are kept to be shown again."""

from api.parts.plans import ShownPlans


def test_a_plan_is_kept_until_it_is_forgotten() -> None:
    plans = ShownPlans()
    plans.put("a", {"runs": 1})
    plans.put("b", {"runs": 2})
    for _ in range(2):  # twice is as good as once
        plans.forget("a")
    assert (plans.get("a"), plans.get("b")) == (None, {"runs": 2})
