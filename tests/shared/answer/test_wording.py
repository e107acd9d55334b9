"""How a request says what it asks, and what a refusal teaches of that."""

from typing import Any

import pytest
from pydantic_core import from_json

from shared.answer import refusal as complaint
from shared.answer.dialects import DIALECTS
from shared.answer.reply import Ask
from shared.answer.wording import USUAL, Choice, Wording, choice_of
from shared.plan import Plan
from shared.plan.prompts import Message
from shared.settings.settings import Settings

AUTO = Choice(None, None, bounded=False)
COMPLETION = Wording("max_completion_tokens")
UNSAID = Wording("none")
SILENT = Wording(stream_options=False)

TEACH = [
    (
        USUAL,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
        " 'max_completion_tokens' instead.",
        COMPLETION,
    ),
    (USUAL, "Unrecognized request argument supplied: stream_options", SILENT),
    (USUAL, "body.stream_options: Extra inputs are not permitted", SILENT),
    (USUAL, "property 'stream_options' is unsupported", SILENT),
    (
        USUAL,
        "Additional properties are not allowed ('max_tokens' was unexpected)",
        COMPLETION,
    ),
    (COMPLETION, 'unknown field "max_completion_tokens"', UNSAID),
    (COMPLETION, "max_completion_tokens is not supported; use max_tokens", UNSAID),
    (SILENT, "'max_tokens' is deprecated", Wording("max_completion_tokens", False)),
    # refusals of what was asked, and not of how
    (USUAL, "max_tokens is too large: 9000. It supports at most 4096 tokens", None),
    (USUAL, "Unsupported value: 'temperature' does not support 0", None),
    (USUAL, "max_completion_tokens: Extra inputs are not permitted", None),
    (UNSAID, "'max_tokens' is not supported with this model", None),
    (SILENT, "stream_options: Extra inputs are not permitted", None),
    (USUAL, "unknown model max_tokens_7b", None),
    (USUAL, "No endpoints found for acme/orca.", None),
]


@pytest.mark.parametrize(("asked", "error", "better"), TEACH)
def test_a_refusal_that_names_the_field_tells_to_ask_otherwise(
    asked: Wording, error: str, better: Wording | None
) -> None:
    assert AUTO.learnt(asked, error) == better


@pytest.mark.parametrize("error", sorted({error for _, error, _ in TEACH}))
def test_nothing_is_learnt_for_ever(error: str) -> None:
    asked: Wording | None = USUAL
    for _ in range(4):
        assert asked is not None
        asked = AUTO.learnt(asked, error)
        if asked is None:
            return
    raise AssertionError("each refusal must lead to another wording, and to an end")


def test_what_is_set_is_not_learnt_and_the_plan_wins() -> None:
    def choice(plan: dict[str, object], **settings: str) -> Choice:
        whole = {"targets": [{"model": "a"}], "prompts": {"prompts": ["?"]}} | plan
        return choice_of(
            Plan.model_validate(whole), Settings(**settings), bounded=False
        )

    refusal, other = TEACH[0][1], TEACH[1][1]
    assert choice({}) == AUTO
    set_here = choice(
        {},
        upstream_max_tokens_field="max_completion_tokens",
        upstream_stream_options="off",
    )
    assert set_here.of(USUAL) == Wording("max_completion_tokens", False)
    assert set_here.because(USUAL) == "", "it was chosen, and nothing was refused"
    assert set_here.learnt(USUAL, other) is None
    planned = choice(
        {"max_tokens_field": "max_tokens", "stream_options": True},
        upstream_max_tokens_field="none",
        upstream_stream_options="off",
    )
    assert planned.of(COMPLETION) == USUAL
    assert planned.learnt(USUAL, refusal) is None
    again = choice({"max_tokens_field": "auto"}, upstream_max_tokens_field="none")
    assert again.learnt(USUAL, refusal) == COMPLETION


def test_under_a_budget_something_bounds_the_answer() -> None:
    bounded = Choice(None, None, bounded=True)
    assert bounded.learnt(USUAL, TEACH[0][1]) == COMPLETION
    assert bounded.learnt(COMPLETION, "unknown field max_completion_tokens") is None
    assert bounded.of(UNSAID) == USUAL, "as another run, without a budget, has learnt"


@pytest.mark.parametrize("name", ["openai", "openrouter"])
def test_the_body_says_it_so(name: str) -> None:
    def body(wording: Wording, **more: Any) -> dict[str, object]:
        ask = Ask(
            model="a",
            messages=(Message(role="user", content="?"),),
            max_tokens=64,
            stream=True,
            limit_field=wording.limit_field,
            stream_options=wording.stream_options,
            **more,
        )
        found: dict[str, object] = from_json(DIALECTS[name].build(ask))
        return found

    assert body(USUAL)["max_tokens"] == 64
    said = body(Wording("max_completion_tokens", False), extra={"top_p": 0.5})
    assert said == {
        "model": "a",
        "messages": [{"role": "user", "content": "?"}],
        "max_completion_tokens": 64,
        "stream": True,
        "top_p": 0.5,
    }
    assert not {"max_tokens", "max_completion_tokens"} & body(UNSAID).keys()


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs"}]},
            "body.stream_options: Extra inputs",
        ),
        (
            {"error": {"message": "Unknown parameter.", "param": "stream_options"}},
            "Unknown parameter (stream_options)",
        ),
        (
            {"error": {"message": "No 'top_p' here.", "param": "top_p"}},
            "No 'top_p' here.",
        ),
        ({"error": {"message": "No.", "param": None}}, "No."),
        ({"error": {"message": "No.", "param": "None"}}, "No."),
    ],
)
def test_the_sentence_of_a_refusal_names_the_field_it_is_about(
    body: dict[str, object], sentence: str
) -> None:
    assert complaint.sentence(complaint.error_of(body) or body) == sentence
