"""Ready plans: each can be read, validates, and says how to read its result."""

import pytest

from shared.errors import BadPlan
from shared.plan import Plan, total
from shared.recipes import NAMES, filled, question_of, record_of
from shared.recipes.fill import _FOLDER

MODELS = ("acme/orca", 'strange/"quoted": model')


def test_each_file_is_a_recipe() -> None:
    assert sorted(NAMES) == sorted(file.stem for file in _FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_a_plan_with_a_question_and_its_reading(name: str) -> None:
    assert question_of(name).endswith("?")
    text = filled(name, MODELS)
    assert "# How to read it:" in text
    assert "MODEL" not in "".join(
        line for line in text.splitlines() if not line.startswith("#")
    )
    plan = Plan.model_validate(record_of(text))
    assert {target.model for target in plan.targets} == {*MODELS}
    assert plan.max_cost_usd, "somebody pays for it"
    assert plan.order == "adjacent"


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_prompts_takes_the_place_of_those_made_up(name: str) -> None:
    record = record_of(filled(name, ["a/b"], 'my "\x7f" prompts.txt'))
    assert record["prompts"] == {"file": 'my "\x7f" prompts.txt'}


def test_a_model_of_any_characters_can_be_read_back() -> None:
    strange = 'a\\b"\x7f\n\u2028\ufeff\U000e0001 é'
    targets = record_of(filled("providers", [strange]))["targets"]
    assert {target["model"] for target in targets} == {strange}


def test_what_is_compared_has_pairs_enough_to_say_what_holds_beyond_its_minutes() -> (
    None
):
    for name in ("providers", "router-vs-direct"):
        plan = Plan.model_validate(record_of(filled(name, ["a/b"])))
        slots = total(plan)
        assert slots is not None
        assert slots / len(plan.targets) >= 200


def test_a_wrong_name_and_no_model_are_said() -> None:
    with pytest.raises(BadPlan, match="Did you mean `providers`"):
        filled("provider", MODELS)
    with pytest.raises(BadPlan, match="Name a model"):
        filled("curve", [])
