"""Checks beside the prompts of a file, and of the plan."""

from pathlib import Path

import pytest

from shared.errors import BadPlan
from shared.plan import Plan, Target, plan_json, read_plan
from shared.plan.prompts import InlinePrompts, SyntheticPrompts
from shared.plan.prompts.files import read_prompts
from shared.plan.prompts.lengths import Fixed
from shared.settings import Settings
from tests.shared.checks.test_kinds import checks

LIMITS = Settings()
SHORT = {"max_words": 3}


def read(text: str, name: str) -> InlinePrompts:
    return read_prompts(text.encode(), name, None, LIMITS)


def plan(prompts: InlinePrompts | SyntheticPrompts, *said: dict[str, object]) -> Plan:
    return Plan(targets=(Target(model="a/b"),), prompts=prompts, checks=checks(*said))


def test_a_csv_has_a_column_for_each_kind() -> None:
    found = read(
        "prompt,check:contains,note,check:number\n"
        'Capital?,"Paris, or so",x,\nSum?,,y,42\nPlain?,,z,\n',
        "a.csv",
    )
    assert [found.prompt(n).checks for n in range(3)] == [
        checks({"contains": "Paris, or so"}),
        checks({"number": 42}),
        (),
    ]
    assert found.prompts[2] == "Plain?"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("prompt,check:city\na,b\n", "Row 2: there is no check `city`"),
        ("prompt,check:number\na,many\n", "written as JSON, like 42"),
        ("prompt,check:regex\na,(\n", "Row 2, `checks.0.regex.regex`"),
    ],
)
def test_a_cell_that_is_no_check_is_refused_by_its_row(
    text: str, sentence: str
) -> None:
    with pytest.raises(BadPlan) as refused:
        read(text, "a.csv")
    assert sentence in str(refused.value)


def test_a_prompt_s_checks_come_after_the_plan_s_and_are_no_part_of_its_digest() -> (
    None
):
    found = read('{"prompt": "a", "checks": [{"contains": "b"}]}\n', "a.jsonl")
    asked = plan(found, SHORT)
    assert asked.checks_of(0) == checks(SHORT, {"contains": "b"})
    plain = read('{"prompt": "a"}\n', "a.jsonl")
    assert found.prompt(0).sha256() == plain.prompt(0).sha256()


def test_a_plan_knows_whether_anything_is_checked() -> None:
    bare, some = (
        InlinePrompts(prompts=("a",)),
        read('{"prompt": "a", "checks": [{"contains": "b"}]}', "a.jsonl"),
    )
    made = SyntheticPrompts(number=2, input_tokens=Fixed(value=5))
    assert not plan(bare).has_checks
    assert not plan(made).has_checks
    assert plan(some).has_checks
    assert plan(made, SHORT).has_checks
    assert plan(made, SHORT).checks_of(1) == checks(SHORT)


def test_a_stored_plan_has_its_checks() -> None:
    schema = {"json_schema": {"type": "object"}, "fence": True, "negate": True}
    asked = plan(read('{"prompt": "a", "checks": [{"number": 1}]}', "a.jsonl"), schema)
    assert asked.checks[0].holds("{}")  # what it made for that is not stored
    assert read_plan(plan_json(asked)) == asked


def test_the_example_is_read() -> None:
    text = Path("examples/checked.jsonl").read_text("utf-8")
    found = read(text, "checked.jsonl")
    assert all(found.prompt(n).checks for n in range(found.count()))
