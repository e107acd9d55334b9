"""A model may be called whatever the upstream calls it, if it can be seen."""

import csv
import io

import pytest
from pydantic import ValidationError

from shared.outputs.csv import guarded, unguarded
from shared.plan import Plan, Target, problems
from shared.plan.model_id import in_path
from shared.upstream.model import models_of

SEEN_SOMEWHERE = (
    "acme/orca-70b-instruct:free",
    "~acme/orca-latest",
    "@cf/meta/llama-3-8b-instruct",
    "/models/qwen 2.5, q4_k_m.gguf",
    r"C:\models\llama 3.gguf",
    "ft:gpt-4o:acme::9xYz",
    "accounts/fireworks/models/llama-v3",
    "модель/семь (тест)",
    '=HYPERLINK("http://evil.test")',
    "100% [bold]free[/bold] <b> & {model}",
    "x" * 200,
)

REFUSED = (
    ("", "it is blank"),
    ("   ", "it is blank"),
    ("x" * 201, "it has 201 characters and may have 200"),
    ("a\nb", "character 2 is U+000A, which cannot be seen; remove it"),
    ("\x1b[2Ja", "character 1 is U+001B"),
    ("ab\u202e", "character 3 is U+202E (right-to-left override)"),
    ("a\u200bb", "character 2 is U+200B (zero width space)"),
    ("a\u00a0b", "character 2 is U+00A0 (no-break space)"),
    ("a\u2028b", "character 2 is U+2028 (line separator)"),
)


@pytest.mark.parametrize("model", SEEN_SOMEWHERE)
def test_what_is_listed_can_be_asked_and_reads_back_from_the_csv(model: str) -> None:
    (row,) = models_of([{"id": model}])
    plan = Plan.model_validate(
        {"targets": [{"model": row.id}], "prompts": {"prompts": ["Why?"]}}
    )
    assert plan.targets[0].label() == model
    (cells,) = csv.reader(io.StringIO(f"{guarded(model)},1"))
    assert [unguarded(cells[0]), *cells[1:]] == [model, "1"]


@pytest.mark.parametrize(("model", "sentence"), REFUSED)
def test_an_id_that_cannot_be_seen_is_refused_with_what_is_wrong_with_it(
    model: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Target(model=model)
    ((path, said),) = problems(refused.value)
    assert path == "model"
    assert said.startswith(sentence)
    assert models_of([{"id": model}]) == ()


def test_a_provider_may_be_called_as_people_call_it() -> None:
    assert Target(model="a", provider="Amazon Bedrock").label() == "a@Amazon Bedrock"
    with pytest.raises(ValidationError, match=r"U\+0007"):
        Target(model="a", provider="b\a")


def test_two_targets_of_one_label_are_told_apart_in_the_sentence() -> None:
    with pytest.raises(ValidationError, match="would be shown as a@b"):
        Plan.model_validate(
            {
                "targets": [{"model": "a@b"}, {"model": "a", "provider": "b"}],
                "prompts": {"prompts": ["Why?"]},
            }
        )


def test_an_id_is_one_path_of_a_url_and_leads_nowhere_else() -> None:
    assert in_path("acme/orca:free") == "acme/orca:free"
    assert in_path("a b?c#d%e/ё") == "a%20b%3Fc%23d%25e/%D1%91"
    assert in_path("../../key") is None
    assert in_path("a/./b") is None
