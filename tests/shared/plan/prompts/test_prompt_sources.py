"""What every prompt source promises, and what each refuses."""

import re
from pathlib import Path
from statistics import correlation, mean, median, stdev
from typing import Any, get_args

import pytest
from pydantic import TypeAdapter, ValidationError

from shared.plan import problems
from shared.plan.prompts import (
    SOURCES,
    InlinePrompts,
    PromptSource,
    SyntheticPrompts,
    calibrate,
)
from shared.plan.prompts.files import Format
from shared.plan.prompts.lengths import Fixed, Length, LogNormal, Normal, Uniform
from shared.plan.prompts.words import WORDS

ADAPTER: TypeAdapter[PromptSource] = TypeAdapter(PromptSource)

TURNS = [
    {"role": "user", "content": "Name a colour."},
    {"role": "assistant", "content": "Blue."},
    {"role": "user", "content": "Another."},
]
EXAMPLES: dict[str, dict[str, Any]] = {
    "inline": {"kind": "inline", "prompts": ["a", "b\u2028c", {"messages": TURNS}]},
    "synthetic": {"kind": "synthetic", "number": 20},
    "synthetic with answers": {
        "kind": "synthetic",
        "number": 20,
        "input_tokens": {"kind": "normal", "mean": 100, "sd": 20},
        "output_tokens": {"kind": "uniform", "low": 5, "high": 50},
    },
}


KINDS = {source.model_fields["kind"].default for source in SOURCES}
LENGTHS = {
    length.model_fields["kind"].default for length in get_args(get_args(Length)[0])
}


@pytest.fixture(params=EXAMPLES)
def source(request: pytest.FixtureRequest) -> PromptSource:
    return ADAPTER.validate_python(EXAMPLES[request.param])


def test_the_contract_covers_every_kind() -> None:
    assert {fields["kind"] for fields in EXAMPLES.values()} == KINDS


def test_each_prompt_is_the_same_each_time_and_unlike_the_others(
    source: PromptSource,
) -> None:
    once = [source.prompt(index) for index in range(source.count())]
    again = ADAPTER.validate_json(source.model_dump_json())
    assert once == [again.prompt(index) for index in range(source.count())]
    assert len({prompt.sha256() for prompt in once}) == source.count()


def test_there_is_no_prompt_past_the_last(source: PromptSource) -> None:
    with pytest.raises(IndexError):
        source.prompt(source.count())


def test_over_names_a_prompt_that_is_over_the_cap(source: PromptSource) -> None:
    largest = max(source.prompt(index).size_bytes() for index in range(source.count()))
    found = source.over(largest - 1)
    assert found is not None
    assert found[1] >= largest
    assert source.over(10_000_000) is None


def test_over_counts_bytes_and_not_characters() -> None:
    source = InlinePrompts(prompts=("ab", "жж"))
    assert source.over(4) is None
    assert source.over(3) == (1, 4)


def test_a_transcript_is_sent_as_given() -> None:
    prompt = ADAPTER.validate_python(EXAMPLES["inline"]).prompt(2)
    assert [turn.model_dump() for turn in prompt.turns()] == TURNS
    with_system = prompt.turns("Be brief.")
    assert [turn.role for turn in with_system] == [
        "system",
        "user",
        "assistant",
        "user",
    ]


@pytest.mark.parametrize(
    ("prompts", "path", "sentence"),
    [
        ([], "prompts", "at least 1 item"),
        (["a", " \n"], "prompts[1]", "it is blank"),
        (["a", ""], "prompts[1]", "it is blank"),
        (["a\0"], "prompts[0]", "NUL character"),
        (["a\ud800"], "prompts[0]", "unicode"),
        ([3], "prompts[0]", "Input should be an object; its fields: "),
        ([{"id": "x"}], "prompts[0]", "give either `prompt` or `messages`"),
        ([{"prompt": "a", "messages": TURNS}], "prompts[0]", "and not both"),
        ([{"prompt": " "}], "prompts[0].prompt", "it is blank"),
        ([{"messages": []}], "prompts[0].messages", "at least 1 item"),
        (
            [{"messages": [{"role": "user", "content": "\0"}]}],
            "prompts[0].messages[0].content",
            "NUL character",
        ),
        (
            [{"messages": [{"role": "robot", "content": "a"}]}],
            "prompts[0].messages[0].role",
            "'system', 'developer', 'user' or 'assistant'",
        ),
        ([{"prompt": "a", "max_tokens": 0}], "prompts[0].max_tokens", "greater than"),
        ([{"prompt": "a", "max_tokens": True}], "prompts[0].max_tokens", "not numbers"),
    ],
)
def test_prompts_that_cannot_be_asked_are_refused(
    prompts: list[object], path: str, sentence: str
) -> None:
    from shared.plan import Plan

    with pytest.raises(ValidationError) as refused:
        Plan.model_validate({"targets": [{"model": "m"}], "prompts": {
            "prompts": prompts}})  # fmt: skip
    (found,) = problems(refused.value)
    assert found[0] == f"prompts.{path}"
    assert sentence in found[1]


# Synthetic


def words(source: SyntheticPrompts, index: int) -> int:
    return len((source.prompt(index).prompt or "").split())


def test_a_synthetic_prompt_has_the_words_that_its_tokens_make() -> None:
    source = SyntheticPrompts(input_tokens=Fixed(value=400), words_per_token=0.75)
    assert [words(source, index) for index in range(5)] == [300] * 5


def test_a_synthetic_prompt_asks_for_its_answers_length() -> None:
    source = SyntheticPrompts(
        input_tokens=Fixed(value=400), output_tokens=Fixed(value=100)
    )
    prompt = source.prompt(0)
    assert prompt.max_tokens == 100
    assert (prompt.prompt or "").startswith("Continue this text for about 75 words:\n")
    assert words(source, 0) == 300


def test_the_text_of_a_seed_is_the_same_for_ever() -> None:
    source = SyntheticPrompts(input_tokens=Fixed(value=8), seed=7)
    assert source.prompt(3).prompt == "four center check black forest great"
    assert source.model_copy(update={"seed": 8}).prompt(3) != source.prompt(3)


def test_a_byte_names_a_word() -> None:
    assert len(WORDS) == len(set(WORDS)) == 256
    assert all(word.isascii() and word.isalpha() for word in WORDS)


QUANTILES = [(step + 0.5) / 20_000 for step in range(20_000)]


def lengths(length: Length) -> list[int]:
    return [length.at(u) for u in QUANTILES]


def test_a_uniform_length_has_each_value_equally_often() -> None:
    drawn = lengths(Uniform(low=1, high=4))
    assert [drawn.count(value) for value in (1, 2, 3, 4)] == [5000] * 4


def test_a_normal_length_has_its_mean_and_spread() -> None:
    drawn = lengths(Normal(mean=500, sd=50))
    assert mean(drawn) == pytest.approx(500, abs=0.5)
    assert stdev(drawn) == pytest.approx(50, rel=0.01)


def test_a_normal_length_is_clipped() -> None:
    drawn = lengths(Normal(mean=100, sd=50, low=80, high=110))
    assert (min(drawn), max(drawn)) == (80, 110)
    # P(z < -0.4) = 0.3446 stands at the lower end (and what rounds to it: z < -0.39).
    assert drawn.count(80) / len(drawn) == pytest.approx(0.3483, abs=0.001)


def test_a_lognormal_length_has_its_median_and_a_long_tail() -> None:
    drawn = lengths(LogNormal(median=300, sigma=0.7))
    assert median(drawn) == 300
    # mean = median exp(sigma^2 / 2) = 300 x 1.2776
    assert mean(drawn) == pytest.approx(383.3, rel=0.01)
    assert max(lengths(LogNormal(median=300, sigma=5))) == 100_000


@pytest.mark.parametrize(
    "length",
    [Fixed(value=9), Uniform(low=2, high=9), Normal(mean=50, sd=3, high=9),
     LogNormal(median=50, sigma=1, high=9)],
)  # fmt: skip
def test_no_length_is_over_its_most(length: Length) -> None:
    assert max(lengths(length)) == length.most() == 9


def test_lengths_are_drawn_from_their_whole_distribution() -> None:
    source = SyntheticPrompts(
        number=4000,
        input_tokens=Uniform(low=11, high=110),
        output_tokens=Uniform(low=11, high=110),
        words_per_token=1,
    )
    inputs = [words(source, index) for index in range(4000)]
    outputs = [source.prompt(index).max_tokens or 0 for index in range(4000)]
    for seen in (inputs, outputs):
        assert set(seen) == set(range(11, 111))
        assert mean(seen) == pytest.approx(60.5, abs=2)
    # Drawn apart: long questions do not get long answers. Four standard errors.
    assert abs(correlation(inputs, outputs)) < 4 / 4000**0.5


@pytest.mark.parametrize(
    ("fields", "path", "sentence"),
    [
        ({"number": 0}, "number", "greater than"),
        ({"number": 10**18}, "number", "less than"),
        ({"words_per_token": 0}, "words_per_token", "greater than"),
        ({"input_tokens": {"kind": "fixed", "value": 0}}, "value", "greater than"),
        (
            {"input_tokens": {"kind": "uniform", "low": 5, "high": 4}},
            "high",
            "high 4 is below low 5; swap them",
        ),
        (
            {"input_tokens": {"kind": "normal", "mean": 5, "sd": 0}},
            "sd",
            "greater than 0",
        ),
        (
            {"output_tokens": {"kind": "lognormal", "median": 5, "sigma": 9}},
            "sigma",
            "less than",
        ),
    ],
)
def test_a_synthetic_source_that_cannot_be_made_is_refused(
    fields: dict[str, object], path: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        SyntheticPrompts.model_validate(fields)
    (found,) = refused.value.errors()
    assert found["loc"][-1] == path
    assert sentence in found["msg"]


def test_calibrate_is_words_over_tokens() -> None:
    assert calibrate(750, 1000) == 0.75
    with pytest.raises(ValueError, match="take calls that reported their usage"):
        calibrate(750, 0)


def test_every_kind_of_prompts_has_a_heading_in_the_docs() -> None:
    text = Path("docs/prompts.md").read_text("utf-8")
    headings = set(re.findall(r"^#+ (.+)$", text, re.MULTILINE))
    assert KINDS | LENGTHS | set(get_args(Format)) <= headings
