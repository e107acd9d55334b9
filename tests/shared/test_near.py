"""What somebody may have meant who wrote a name that is not there."""

import pytest
from pydantic import ValidationError

from shared.near import MOST_NEAR, meant
from shared.plan import Plan, problems


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("rusn", ["runs", "load"], "Did you mean `runs`?"),
        ("RUNS", ["runs", "load"], "Did you mean `runs`?"),
        ("rate", ["count", "rate_per_s"], "Did you mean `rate_per_s`?"),
        ("sed", ["seed", "send", "load"], "Did you mean `send` or `seed`?"),
        ("x", ["runs", "load"], "There are: load, runs."),
        ("x", [], "There are none."),
    ],
)
def test_what_is_near_is_asked_and_else_all_is_told(
    name: str, known: list[str], said: str
) -> None:
    assert meant(name, known) == said


@pytest.mark.parametrize(
    ("fields", "path", "said"),
    [
        ({"load": {"kind": "concurency"}}, "load.kind", "Did you mean `concurrency`?"),
        ({"keep_answers": "frist"}, "keep_answers", "Did you mean `first`?"),
        ({"keep_answers": "secret"}, "keep_answers", "'first', 'none' or 'all'"),
        ({"targets": "a/b"}, "targets", "Input should be a list"),
        ({"targets": []}, "targets", "List should have at least 1 item, not 0"),
        (
            {"targets": ["a/b"]},
            "targets[0]",
            "an object; its fields: extra, max_tokens, model, name, provider,"
            " providers, routing, temperature, unique_prefix, upstream",
        ),
        ({"extra": 1}, "extra", "Input should be an object"),
        (
            {"load": {"kind": "stages", "stages": [{"rate": 1}]}},
            "load.stages[0]",
            "Say its `kind`",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words_of_json_with_what_may_be_meant(
    fields: dict[str, object], path: str, said: str
) -> None:
    plain = {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["Why?"]}}
    with pytest.raises(ValidationError) as refused:
        Plan.model_validate(plain | fields)
    found = dict(problems(refused.value))
    assert found[path].endswith(said)
    assert "secret" not in found[path]


def test_of_a_body_of_unknown_names_the_first_are_told_with_those_that_are_near() -> (
    None
):
    names = {f"runs{n}": 1 for n in range(MOST_NEAR + 1)}
    with pytest.raises(ValidationError) as refused:
        Plan.model_validate(names)
    unknown = dict(problems(refused.value))
    assert "Did you mean `runs`" in unknown["runs0"]
    assert unknown[f"runs{MOST_NEAR}"] == "There is no such field."
