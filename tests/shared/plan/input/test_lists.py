"""Lists of a plan that are long, and long lists of what is wrong."""

from typing import Any

import pytest
from pydantic import ValidationError

from shared.plan import Plan, problems

TARGET = {"model": "a/b"}
INLINE = {"prompts": ["Why?"]}


def wrong(**fields: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as refused:
        Plan.model_validate({"targets": [TARGET], "prompts": INLINE, **fields})
    return problems(refused.value)


LONG: list[dict[str, Any]] = [
    {"targets": [1] * 5000},
    {"prompts": {"prompts": [1] * 50_000}},
    {"prompts": {"prompts": [{"messages": []}] * 50_000}},
    {"prompts": {"prompts": [{"messages": [1] * 50_000}]}},
    {"prompts": {"prompts": [{"messages": [1] * 200}] * 200}},
    {"sweep": {"over": "rate", "values": ["x"] * 50_000}},
    {"load": {"kind": "stages", "stages": [1] * 50_000}},
    {"retries": {"on": [1] * 50_000}},
]


@pytest.mark.parametrize("fields", LONG, ids=range(len(LONG)))
def test_of_a_list_at_most_a_hundred_errors_are_made(fields: dict[str, Any]) -> None:
    found = wrong(**fields)
    assert 1 <= len(found) <= 100
    assert all(path and said for path, said in found)


def test_each_of_a_few_wrong_items_is_named_by_its_place() -> None:
    prompts: list[object] = ["Why?"] * 1000
    prompts[3] = prompts[17] = prompts[999] = " "
    prompts[500] = {"messages": [{"role": "user", "content": "How?"}] * 30 + [{}]}
    found = dict(wrong(prompts={"prompts": prompts}))
    assert list(found) == [
        "prompts.prompts[3]",
        "prompts.prompts[17]",
        "prompts.prompts[500].messages[30].role",
        "prompts.prompts[500].messages[30].content",
        "prompts.prompts[999]",
    ]
    assert found["prompts.prompts[999]"] == "it is blank; leave it out"


def test_a_list_of_wrong_items_alone_is_not_called_too_short() -> None:
    found = wrong(prompts={"prompts": [" "] * 25})
    assert [path for path, _ in found] == [f"prompts.prompts[{i}]" for i in range(25)]


def test_the_rest_of_the_plan_is_looked_at_all_the_same() -> None:
    found = wrong(targets=[1] * 5000, runs=0)
    assert "runs" in dict(found)


def test_a_long_list_is_what_it_was() -> None:
    texts = [f"{n}?" for n in range(2345)]
    plan = Plan.model_validate({"targets": [TARGET], "prompts": {"prompts": texts}})
    assert plan.model_dump()["prompts"]["prompts"] == tuple(texts)
    assert Plan.model_validate_json(plan.model_dump_json()) == plan


def test_bounds_are_in_the_schema() -> None:
    schema = Plan.model_json_schema()
    assert schema["properties"]["targets"]["minItems"] == 1
    kinds = schema["$defs"]
    assert kinds["InlinePrompts"]["properties"]["prompts"]["minItems"] == 1
    assert kinds["Sweep"]["properties"]["values"]["maxItems"] == 100
    assert kinds["Stages"]["properties"]["stages"]["maxItems"] == 100
