"""A plan file is read safely, and each value knows its line."""

from pathlib import Path

import pytest

from cli.plan import document
from cli.plan.document import parse
from shared.errors import BadPlan

HERE = Path()


def test_each_value_knows_its_line() -> None:
    text = "targets:\n  - model: a/b\n  - model: c/d\nload:\n  kind: poisson\n"
    plan = parse(text, "plan.yaml", HERE)
    assert plan.record["load"] == {"kind": "poisson"}
    assert plan.place("targets[1].model") == "plan.yaml, line 3"
    assert plan.place("load.kind") == "plan.yaml, line 5"


def test_what_is_not_there_is_placed_where_it_would_stand() -> None:
    plan = parse("load:\n  kind: poisson\n", "plan.yaml", HERE)
    assert plan.place("load.rate_per_s") == "plan.yaml, line 1"
    assert plan.place("targets") == "plan.yaml"


def test_on_and_no_are_words() -> None:
    """YAML 1.1 would take them for truths, and `on` is a field of retries."""
    plan = parse("retries: {on: [no, off]}\n", "plan.yaml", HERE)
    assert plan.record == {"retries": {"on": ["no", "off"]}}


def test_json_is_read_as_json_with_its_lines() -> None:
    plan = parse('{\n"runs": 1e1,\n"load": {"kind": "poisson"}}', "p.json", HERE)
    assert plan.record["runs"] == 10
    assert plan.place("load.kind") == "p.json, line 3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("runs: 1\nruns: 2\n", "plan.yaml, line 2: it is not YAML (found duplicate"),
        ("a: [1,\n  2\n", "plan.yaml, line 3: it is not YAML (expected"),
        ('{"runs": 1,\n]}', "plan.yaml, line 2: it is not JSON (Expecting"),
        ("- one\n- two\n", "plan.yaml is no plan"),
        ("", "plan.yaml is no plan"),
        ("a: !!python/object/apply:os.getcwd []\n", "could not determine a constr"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(BadPlan) as caught:
        parse(text, "plan.yaml", HERE)
    assert said in str(caught.value)


def test_aliases_that_stand_for_very_many_values_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(document, "MOST_VALUES", 1000)
    bomb = "a: &a [1, 2, 3, 4, 5, 6, 7, 8]\n"
    for before, name in zip("abc", "bcd", strict=True):
        bomb += f"{name}: &{name} [{', '.join(['*' + before] * 8)}]\n"
    with pytest.raises(BadPlan, match="more than 1000 values"):
        parse(bomb, "plan.yaml", HERE)


def test_a_file_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(BadPlan, match=r"none\.yaml cannot be read \(No such file"):
        document.read("none.yaml")
