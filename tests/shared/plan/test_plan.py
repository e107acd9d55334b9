"""The plan: its sentences, its records, its schema, and the examples in the docs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.errors import BadPlan, NewerRecord
from shared.plan import SCHEMA, Plan, check_size, problems, read_plan, steps
from shared.plan.input.problems import field_path
from shared.settings.settings import Settings

LIMITS = Settings()
SWEEP = {"over": "concurrency", "values": [1, 4, 2]}
FIND = {"over": "concurrency", "low": 1, "high": 8}


def make(**fields: Any) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "a/x"}, {"model": "a/y", "provider": "p"}],
            "prompts": {"prompts": ["one", "two", "three"]},
        }
        | fields
    )


POISSON = {"kind": "poisson", "rate_per_s": 1}


@pytest.mark.parametrize(
    ("fields", "path", "sentence"),
    [
        ({"targets": []}, "targets", "at least 1 item"),
        (
            {"targets": [{"model": "a"}, {"model": "a"}]},
            "targets",
            "a is named twice; name each target once",
        ),
        ({"targets": [{"model": "a\tb"}]}, "targets[0].model", "character 2 is U+0009"),
        ({"runs": 0}, "runs", "greater than"),
        ({"runs": True}, "runs", "true and false are not numbers"),
        ({"runs": 1.5}, "runs", "valid integer"),
        ({"runs": 10**30}, "runs", "less than or equal"),
        ({"temperature": float("inf")}, "temperature", "finite"),
        ({"temperature": False}, "temperature", "not numbers"),
        ({"system_prompt": "a\0"}, "system_prompt", "NUL"),
        ({"order_seed": -1}, "order_seed", "greater than"),
        ({"rusn": 3}, "rusn", "There is no such field. Did you mean `runs`?"),
        (
            {"load": {"kind": "stages", "stages": [POISSON | {"rate": 0}]}},
            "load.stages[0].rate",
            "Did you mean `rate_per_s`?",
        ),
        (
            {"find": FIND | {"hihg": 9}, "slo": {"ttft_s": 1}},
            "find.hihg",
            "Did you mean `high`?",
        ),
        (
            {"prompts": {"prompts": ["Why?", {"promt": "How?"}]}},
            "prompts.prompts[1].promt",
            "Did you mean `prompt`?",
        ),
        (
            {"slo": {"zzz": 1}},
            "slo.zzz",
            "There are: gap_max_s, gap_p99_s, latency_s, response_s, tpot_s, ttft_s,"
            " ttft_visible_s.",
        ),
        ({"schema_version": 9}, "schema_version", f"reads up to {SCHEMA}"),
        ({"load": {"kind": "wave"}}, "load.kind", "There are: adaptive, burst"),
        ({"load": 3}, "load", "should be an object"),
        ({"load": POISSON | {"count": 0}}, "load.count", "greater than"),
        (
            {"load": {"kind": "stages", "stages": [POISSON | {"rate_per_s": 0}]}},
            "load.stages[0].rate_per_s",
            "greater than",
        ),
        (
            {"prompts": {"kind": "synthetic", "input_tokens": {"kind": "fixed"}}},
            "prompts.input_tokens.value",
            "required",
        ),
        ({"max_error_share": 1.5}, "max_error_share", "less than or equal"),
        ({"slo": {}}, "slo", "give at least one threshold"),
        ({"slo": {"ttft_s": 0}}, "slo.ttft_s", "greater than 0"),
        ({"slo": {"response_s": 2}}, "slo", "in a closed load nothing is due"),
        (
            {"slo": {"gap_max_s": 2}, "stream": False},
            "slo",
            "gap_max_s is not known unless the answer is streamed",
        ),
        (
            {"sweep": {"over": "rate", "values": [1]}},
            "sweep",
            "needs an open load with one rate (constant or poisson), not concurrency",
        ),
        (
            {"load": POISSON, "sweep": SWEEP},
            "sweep",
            "needs a load of kind concurrency, not poisson",
        ),
        (
            {
                "load": {"kind": "burst", "size": 3},
                "sweep": {"over": "rate", "values": [1]},
            },
            "sweep",
            "not burst",
        ),
        ({"find": FIND}, "find", "a search needs `slo`"),
        (
            {"find": FIND, "slo": {"ttft_s": 1}, "load": POISSON},
            "find",
            "needs a load of kind concurrency",
        ),
        (
            {"find": FIND, "slo": {"ttft_s": 1}, "sweep": SWEEP},
            "find",
            "a sweep or a search, not both",
        ),
        (
            {"find": FIND | {"low": 9}, "slo": {"ttft_s": 1}},
            "find",
            "low 9 must be below high 8",
        ),
    ],
)
def test_a_wrong_plan_is_refused_with_a_path_and_a_sentence(
    fields: dict[str, object], path: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make(**fields)
    (problem,) = problems(refused.value)
    assert problem[0] == path
    assert sentence in problem[1]


def test_problems_do_not_repeat_the_input() -> None:
    with pytest.raises(ValidationError) as refused:
        make(prompts={"prompts": ["canary\0"]}, submitter="!canary", runs="canary")
    assert len(problems(refused.value)) == 3
    assert "canary" not in str(problems(refused.value))


@pytest.mark.parametrize(
    ("loc", "path"),
    [
        ((), ""),
        (("targets", 0, "model"), "targets[0].model"),
        (
            ("prompts", "inline", "prompts", 3, "item", "messages", 0),
            "prompts.prompts[3].messages[0]",
        ),
        (
            ("load", "stages", "stages", 2, "poisson", "rate_per_s"),
            "load.stages[2].rate_per_s",
        ),
        (("load", "concurrency", "concurrency"), "load.concurrency"),
        (("sweep", "values", 1), "sweep.values[1]"),
    ],
)
def test_a_path_is_that_of_the_json(loc: tuple[str | int, ...], path: str) -> None:
    assert field_path(loc) == path


# Records


def test_a_plan_survives_json() -> None:
    plan = make(
        load={"kind": "stages", "stages": [POISSON | {"duration_s": 3}]},
        slo={"response_s": 3},
        system_prompt="s",
    )
    assert read_plan(plan.model_dump_json()) == plan


def test_kinds_may_be_left_out() -> None:
    plan = make(load={"concurrency": 3}, prompts={"prompts": ["a"]})
    assert (plan.load.kind, plan.prompts.kind) == ("concurrency", "inline")


def test_a_plan_of_a_later_version_is_refused_before_its_fields() -> None:
    with pytest.raises(NewerRecord, match="written with schema 99"):
        read_plan(json.dumps({"schema_version": 99, "targetz": 3}))


@pytest.mark.parametrize(
    ("text", "field", "sentence"),
    [
        ("{", "", "The plan is not JSON"),
        ("[]", "", "should be an object"),
        ('{"targets": [], "prompts": {"prompts": ["a"]}}', "targets", "targets: "),
    ],
)
def test_a_record_that_is_no_plan_is_a_bad_plan(
    text: str, field: str, sentence: str
) -> None:
    with pytest.raises(BadPlan) as refused:
        read_plan(text)
    assert refused.value.field == field
    assert sentence in str(refused.value)


# Schema and docs


def test_every_field_of_the_schema_has_a_description_and_an_example() -> None:
    def check(node: object, path: str) -> None:
        if isinstance(node, list):
            for each in node:
                check(each, path)
        if not isinstance(node, dict):
            return
        # Bounds that pydantic could not translate stand there under Python's names.
        assert not {"ge", "le", "gt", "lt"} & node.keys(), path
        for name, field in node.get("properties", {}).items():
            assert field.get("description"), f"{path}.{name}"
            assert "const" in field or field.get("examples"), f"{path}.{name}"
        for name, each in node.items():
            check(each, f"{path}.{name}")

    schema = Plan.model_json_schema()
    check(schema, "Plan")
    assert schema["properties"]["schema_version"]["default"] == SCHEMA


def test_every_example_of_the_schema_is_a_valid_value() -> None:
    needs = {
        "find": {"slo": {"ttft_s": 1}},
        "slo": {},
        "sweep": {},
        "until": {"runs": 10},
    }
    for name, field in Plan.model_json_schema()["properties"].items():
        for example in field["examples"]:
            make(**{name: example}, **needs.get(name, {}))


@pytest.mark.parametrize("page", ["docs/loads.md", "docs/prompts.md"])
def test_every_example_in_the_docs_is_a_plan(page: str) -> None:
    found = re.findall(r"```json\n(.*?)```", Path(page).read_text("utf-8"), re.DOTALL)
    assert len(found) >= 6
    for example in found:
        plan = make(**json.loads(example))
        check_size(plan, LIMITS)
        for step in steps(plan):
            assert step.load.most_lanes() > 0
        assert plan.prompts.prompt(plan.prompts.count() - 1).turns()
