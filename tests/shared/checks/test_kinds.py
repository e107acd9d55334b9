"""Each kind of check: what passes, what fails, and what is refused as none."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.checks import CHECKS, Checks, evaluate
from shared.checks.kinds import KINDS

CITY = {
    "type": "object",
    "required": ["city"],
    "properties": {"city": {"$ref": "#/$defs/name"}},
    "$defs": {"name": {"type": "string", "pattern": "^[A-Z]"}},
}
HOLD = {
    "contains": [({"contains": "Paris"}, "It is Paris.", "It is paris.")],
    "equals": [({"equals": "yes"}, " yes\n", "yes.")],
    "regex": [({"regex": r"^\d{4}$"}, "1969", "19690")],
    "number": [
        ({"number": 42}, "2 x 21 is 42.", "42 is not 43"),
        ({"number": 1234.5}, "1,234.5 km", "1.234,5"),
        ({"number": 10, "tolerance": 0.5}, "9.5", "9.4"),
        ({"number": 0.3, "tolerance": 0.1}, "0.2", "0.19"),
        ({"number": -3}, "it is -3 C", "no number"),
        ({"number": 2e3}, "2e3", "2"),
    ],
    "max_words": [({"max_words": 3}, "one  two\nthree", "one two three four")],
    "json_schema": [
        ({"json_schema": CITY}, '{"city": "Rome"}', '{"city": "rome"}'),
        ({"json_schema": CITY}, ' {"city": "Rome"} ', '```\n{"city": "Rome"}\n```'),
        ({"json_schema": CITY, "fence": True}, '```json\n{"city": "R"}\n```', "```"),
    ],
}
"""Kind -> (a check, an answer that passes it, one that does not)."""


def checks(*said: dict[str, Any]) -> Checks:
    return TypeAdapter(Checks).validate_python(said)


def test_every_kind_has_an_example() -> None:
    assert {*HOLD, "judge"} == set(KINDS)
    assert len(HOLD) == len(CHECKS)


@pytest.mark.parametrize(
    ("said", "good", "bad"), [each for kind in HOLD.values() for each in kind]
)
def test_what_a_check_lets_pass_and_what_its_negation(
    said: dict[str, Any], good: str, bad: str
) -> None:
    kind = next(iter(said))
    assert evaluate(checks(said), good) == (True, None)
    assert evaluate(checks(said), bad) == (False, kind)
    not_so = {**said, "negate": True}
    assert evaluate(checks(not_so), good) == (False, f"not {kind}")
    assert evaluate(checks(not_so), bad) == (True, None)


def test_capital_letters_can_be_as_good_as_small() -> None:
    for kind in ("contains", "equals"):
        assert evaluate(checks({kind: "Straße", "ignore_case": True}), "STRASSE") == (
            True,
            None,
        )


def test_the_first_check_that_fails_is_named() -> None:
    three = checks(
        {"contains": "a"},
        {"contains": "b", "name": "has a b"},
        {"contains": "c"},
    )
    assert evaluate(three, "a c") == (False, "has a b")
    assert evaluate((), "anything") == (True, None)


def test_the_kind_may_be_left_out_or_said() -> None:
    assert checks({"contains": "a"}) == checks({"kind": "contains", "contains": "a"})


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "none of them"),
        ({"contains": "a", "regex": "b"}, "contains and regex"),
        ({"contains": ""}, "at least 1 character"),
        ({"regex": "("}, "no regular expression"),
        ({"regex": "a{99999999999}"}, "no regular expression"),
        ({"regex": "x" * 1_001}, "at most 1000 characters"),
        ({"number": True}, "not numbers"),
        ({"max_words": -1}, "greater than or equal to 0"),
        ({"json_schema": {"type": 3}}, "no JSON schema: see type"),
        ({"json_schema": {"items": {"$ref": "http://example.com/x"}}}, "fetched"),
        ({"json_schema": {"$ref": "file:///etc/passwd"}}, "fetched"),
        ({"json_schema": {"patternProperties": {"(": {}}}}, "patternProperties"),
        ({"json_schema": {"pattern": "a{99999999999}"}}, "repetition number"),
        ({"json_schema": {"const": "x" * 70_000}}, "at most 65536"),
    ],
)
def test_what_is_no_check_is_refused_with_the_reason(
    said: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        checks(said)
    assert sentence in str(refused.value)


def test_a_schema_that_is_nested_too_deeply_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(3_000):
        deep = {"items": deep}
    with pytest.raises(ValidationError, match="nested too deeply"):
        checks({"json_schema": deep})


def test_more_checks_than_are_allowed_are_refused_before_they_are_looked_at() -> None:
    with pytest.raises(ValidationError, match="21 checks are too many"):
        checks(*[{"foo": 1}] * 21)
