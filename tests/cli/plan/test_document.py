"""A plan file is read safely, and each value knows its line."""

from itertools import pairwise
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


def test_a_very_long_name_is_not_repeated_in_each_path() -> None:
    text = f"? {'k' * 100_000}\n: [{', '.join('0' * 1000)}]\n"
    lines = parse(text, "plan.yaml", HERE).lines
    assert len(lines) == 1001
    assert max(map(len, lines)) < 300


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
        ("a: &a [1]\n? [*a, *a]\n: 1\n", "plan.yaml, line 2: a field's name is a"),
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
    text = "a: &a [1, 2, 3, 4, 5, 6, 7, 8]\n" + bomb("a")
    with pytest.raises(BadPlan, match="more than 1000 values"):
        parse(text, "plan.yaml", HERE)


def bomb(first: str) -> str:
    """Lists of eight aliases of the one before, the first of which is there."""
    names = [first, *"bcd"]
    return "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 8)}]\n"
        for before, name in pairwise(names)
    )


def test_aliases_may_stand_for_some_values_and_not_for_thousands() -> None:
    listed = ", ".join(map(str, range(1000)))
    some = f"a: &a [{listed}]\nb: [{', '.join(['*a'] * 10)}]\n"
    assert len(parse(some, "plan.yaml", HERE).record["b"]) == 10
    with pytest.raises(BadPlan) as caught:
        parse(some + "c: [*a, *a]\n", "plan.yaml", HERE)
    said = "plan.yaml, line 1: aliases stand for more than 10000 values."
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: &a [*a]\n", 1),
        ("runs: 1\na: &a\n  b: {c: *a}\n", 2),
        ("a: &a [1]\nb: &b\n  - *a\n  - <<: *b\n", 2),
    ],
)
def test_what_holds_itself_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(BadPlan, match=rf"plan\.yaml, line {line}: an alias in here"):
        parse(text, "plan.yaml", HERE)


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 5000, '{"a":' + "[" * 500_000, "- " * 5000]
)
def test_what_is_nested_without_end_is_refused(text: str) -> None:
    with pytest.raises(BadPlan, match="nested too deeply"):
        parse(text, "plan.yaml", HERE)


def test_a_file_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(BadPlan, match=r"none\.yaml cannot be read \(No such file"):
        document.read("none.yaml")
