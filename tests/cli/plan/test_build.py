"""A plan of a file and flags: its prompts, its problems with their places, its YAML."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli import plan
from cli.plan import DescribedPlan, Flags
from cli.plan.document import parse
from shared.errors import BadPlan
from shared.plan import Plan
from shared.settings import Settings
from tests.cli.stack_up import ROOT

LIMITS = Settings()
SMALL = "targets: [{model: a/b}]\nprompts: [Why?]\n"


def built(text: str, folder: Path = ROOT, **flags: Any) -> Plan:
    return asked(text, folder, **flags).plan


def asked(text: str, folder: Path = ROOT, **flags: Any) -> DescribedPlan:
    return plan.build(parse(text, "plan.yaml", folder), Flags(**flags), LIMITS)


def refused(text: str, folder: Path = ROOT, **flags: Any) -> str:
    with pytest.raises(BadPlan) as caught:
        asked(text, folder, **flags)
    return str(caught.value)


def test_prompts_are_a_list_or_a_file_beside_the_plan(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("id,ask\n1,Why?\n2,How?\n")
    assert built(SMALL).prompts.count() == 1
    for named in ("{file: p.csv, column: ask}", "{file: ./p.csv, column: ask}"):
        found = built(f"targets: [{{model: a/b}}]\nprompts: {named}", tmp_path)
        assert found.prompts.count() == 2
    (tmp_path / "p.txt").write_text("Why?\nHow?\nWhen?\n")
    text = "targets: [{model: a/b}]\nprompts: p.txt"
    assert built(text, tmp_path).prompts.count() == 3


def test_a_prompt_file_needs_only_a_model(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Why?\n")
    document = plan.of_prompts(tmp_path / "p.txt")
    found = plan.build(document, Flags(model=["a/b"]), LIMITS).plan
    assert [target.label() for target in found.targets] == ["a/b"]
    with pytest.raises(BadPlan, match=r"p\.txt names no model. Give one: --model"):
        plan.build(document, Flags(), LIMITS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "runz: 3\n",
            "plan.yaml, line 3: runz: There is no such field. Did you mean `runs`?",
        ),
        (
            "load:\n  concurency: 3\n",
            "plan.yaml, line 4: load.concurency: There is no such field."
            " Did you mean `concurrency`?",
        ),
        ("runs: 0\n", "plan.yaml, line 3: runs: Input should be greater than or equal"),
        (
            "load: {kind: poisson}\n",
            "plan.yaml, line 3: load.rate_per_s: Field required",
        ),
        (
            "load: {kind: poison}\n",
            "plan.yaml, line 3: load.kind: There is no such kind."
            " Did you mean `poisson`?",
        ),
    ],
)
def test_a_problem_has_its_line_its_field_and_what_may_be_meant(
    text: str, said: str
) -> None:
    assert refused(SMALL + text).startswith(said)


def test_models_that_stand_elsewhere_are_told_where_they_belong() -> None:
    said = refused("prompts: [Why?]\nmodels: [a/b]\n")
    assert said.startswith("plan.yaml, line 2: models: There is no such field.")
    assert "`targets`" in said


def test_a_problem_of_a_flag_names_the_flag() -> None:
    said = refused(SMALL + "runs: 3\n", runs=0)
    assert said.startswith("--runs: Input should be greater than or equal to 1")


def test_a_prompt_file_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    said = refused("targets: [{model: a/b}]\nprompts: {file: no.txt}\n", tmp_path)
    path = tmp_path / "no.txt"
    assert (
        said == f"plan.yaml, line 2: {path} cannot be read (No such file or directory)."
    )


def test_the_whole_plan_as_yaml_is_the_same_plan() -> None:
    told = {"system_prompt": "Коротко: да.\n# нет", "name": "nightly", "tag": ["a"]}
    found = asked(SMALL, sweep="1,2", retries=1, **told)
    text = plan.as_yaml(found)
    assert "Коротко" in text
    assert asked(text) == found


def test_what_is_of_a_target_alone_is_the_same_read_again() -> None:
    near = """
targets:
  - model: acme/orca:nitro
    upstream: near
    name: orca, short and cool
    max_tokens: 64
    temperature: 0
    unique_prefix: true
    extra: {reasoning: {effort: low}}
    routing:
      sort: price
      max_price: {prompt: 0.5, completion: 1.25}
      ignore: [harbor]
      allow_fallbacks: false
  - {model: a/b, upstream: near}
  - {model: a/b, upstream: default}
prompts: {prompts: [Why?]}
"""
    found = asked(near)
    first, second, third = found.plan.targets
    assert (first.at, second.label(), third.label()) == ("near", "near::a/b", "a/b")
    text = plan.as_yaml(found)
    assert asked(text) == found
    assert plan.as_yaml(asked(text)) == text


def test_a_name_and_tags_stand_beside_the_plan() -> None:
    found = asked(
        SMALL + "name: before\nnote: a note\n", name="nightly", tag=["a", "b"]
    )
    body = json.loads(found.json())
    said = {"name": "nightly", "note": "a note", "tags": ["a", "b"]}
    assert found.said() == said
    assert body == {**said, **found.plan.model_dump(mode="json")}
    assert json.loads(asked(SMALL).json()) == asked(SMALL).plan.model_dump(mode="json")


def test_the_example_is_a_plan_and_holds_the_schema() -> None:
    import jsonschema  # takes a second

    example = plan.read(str(ROOT / "examples" / "plan.yaml"))
    found = plan.build(example, Flags(), LIMITS)
    assert len(found.plan.targets) == 2
    schema = json.loads(json.dumps(plan.as_schema()))
    jsonschema.validate(example.record, schema)
    jsonschema.validate({**example.record, "prompts": {"file": "p.txt"}}, schema)
    with pytest.raises(jsonschema.ValidationError, match="runz"):
        jsonschema.validate({**example.record, "runz": 1}, schema)
