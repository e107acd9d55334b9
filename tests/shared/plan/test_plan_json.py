"""A plan written in pieces is the plan as pydantic writes it."""

from typing import Any

import pytest

from shared.plan import Plan, plan_json
from tests.shared.plan.test_plan_numbers import PLANS

MANY: list[Any] = ["Why?", "Почему «небо» голубое?\n\\", "\u2028\x7f"] * 400
TURNS = [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}]


@pytest.mark.parametrize(
    "asked",
    [
        *PLANS,
        {"targets": [{"model": "a"}], "prompts": {"prompts": MANY}},
        {
            "targets": [{"model": "a", "provider": "b"}],
            "prompts": {
                "prompts": [*MANY, {"messages": TURNS, "id": "x"}, {"prompt": "?"}] * 2
            },
            "temperature": 1e-7,
        },
    ],
    ids=range(len(PLANS) + 2),
)
def test_it_is_what_pydantic_writes(asked: dict[str, Any]) -> None:
    plan = Plan.model_validate(asked)
    assert plan_json(plan).decode() == plan.model_dump_json()
    assert Plan.model_validate_json(plan_json(plan)) == plan
