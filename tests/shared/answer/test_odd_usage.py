"""Counts and costs of forms that nobody agreed on, or beyond reason."""

import pytest
from pydantic_core import to_json

from shared.sample import Outcome
from tests.shared.answer.answers import (
    DONE,
    STOP,
    TOLD,
    USAGE,
    answer,
    chunk,
    read,
    sse,
    text,
    thought,
)
from tests.shared.answer.odd_forms import THREE, ZEROS


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_zeros_beside_text_are_no_count(dialect: str) -> None:
    zeros = sse(chunk(choices=[], usage=ZEROS | {"cost": 0}))
    pieces = [text("a"), text("b"), text("c"), STOP, zeros, DONE]
    reply = read(pieces, dialect=dialect)
    assert (reply.outcome, reply.output_tokens) == (Outcome.OK, 3)
    assert reply.tokens_from == "events"
    assert (reply.prompt_tokens, reply.total_tokens) == (None, None)
    assert reply.cost_usd is None
    assert "tokens_not_believed" in (reply.notes or "")


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_a_usage_may_stand_in_the_choice(dialect: str) -> None:
    last = chunk({}, "stop")
    last["choices"][0]["usage"] = USAGE
    pieces = [text("a"), text("b"), text("c"), sse(last), DONE]
    reply = read(pieces, dialect=dialect)
    assert (reply.output_tokens, reply.tokens_from) == (3, "usage")


def test_zeros_beside_an_unstreamed_text_are_unknown() -> None:
    reply = read(to_json(answer(usage=ZEROS)), streamed=False)
    assert (reply.outcome, reply.output_tokens) == (Outcome.OK, None)
    assert (reply.tokens_from, reply.total_tokens) == (None, None)
    assert reply.notes == "tokens_not_believed"


def test_zeros_after_the_real_count_do_not_wipe_it_out() -> None:
    told = USAGE | {"cost": 0.25}
    last = sse(chunk(choices=[], usage=ZEROS | {"cost": 0}))
    reply = read([THREE, sse(chunk({}, "stop", usage=told)), last, DONE])
    assert (reply.prompt_tokens, reply.output_tokens, reply.total_tokens) == (17, 3, 20)
    assert (reply.tokens_from, reply.cost_usd) == ("usage", 0.25)


def test_a_zero_of_what_came_is_no_count_and_of_what_did_not_come_is_one() -> None:
    usage = USAGE | {
        "completion_tokens_details": {"reasoning_tokens": 0},
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    told = sse(chunk({}, "stop", usage=usage)) + DONE
    reply = read(thought("Hm") + text("a", "b") + told)
    assert (reply.reasoning_tokens, reply.cached_tokens) == (None, 0)
    reply = read(text("a", "b", "c") + told)
    assert (reply.reasoning_tokens, reply.cached_tokens) == (0, 0)
    nothing = USAGE | {"completion_tokens": 0, "total_tokens": 17}
    reply = read(sse(chunk({"content": ""}, "stop", usage=nothing)) + DONE)
    assert (reply.outcome, reply.output_tokens) == (Outcome.EMPTY, 0)
    assert (reply.tokens_from, reply.notes) == ("usage", None)
    reply = read(text("a", "b") + sse(chunk({}, "stop", usage=nothing)) + DONE)
    assert (reply.output_tokens, reply.tokens_from) == (2, "events")
    assert (reply.prompt_tokens, reply.cost_usd) == (17, 0)


def test_the_zeros_of_a_cached_answer_are_what_it_took() -> None:
    body = text("a", "b", "c") + sse(chunk({}, "stop", usage=ZEROS | {"cost": 0}))
    reply = read(body + DONE, headers=["X-OpenRouter-Cache-Status: HIT"])
    assert (reply.output_tokens, reply.tokens_from, reply.cost_usd) == (0, "usage", 0.0)


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_a_total_that_is_not_told_is_the_sum_of_its_parts_and_marked(
    dialect: str,
) -> None:
    parts = {"prompt_tokens": 17, "completion_tokens": 3}
    for usage in (parts, parts | {"total_tokens": None}, parts | {"total_tokens": 0}):
        streamed = sse(chunk({}, "stop", usage=usage))
        pieces = [text("a"), text("b"), text("c"), streamed, DONE]
        reply = read(pieces, dialect=dialect)
        assert (reply.total_tokens, reply.tokens_from) == (20, "usage")
        assert "tokens_summed" in (reply.notes or "")
        reply = read(to_json(answer(usage=usage)), streamed=False, dialect=dialect)
        assert reply.total_tokens == 20
        assert "tokens_summed" in (reply.notes or "")


def test_a_total_is_not_the_sum_of_one_part_and_of_our_count() -> None:
    for usage in ({"prompt_tokens": 17}, {"completion_tokens": 3}, {}):
        reply = read(THREE + sse(chunk({}, "stop", usage=usage)) + DONE)
        assert reply.total_tokens is None
        assert "tokens_summed" not in (reply.notes or "")


@pytest.mark.parametrize(
    "cost", [1e300, 1e20, 1000.01, -1e-9, "dear", "1e300", "nan", True, [], {}]
)
@pytest.mark.parametrize("streamed", [True, False])
def test_a_cost_beyond_reason_is_unknown_and_said(cost: object, streamed: bool) -> None:
    usage = USAGE | {"cost": cost}
    told = sse(chunk({}, "stop", usage=usage))
    pieces = [text("a"), text("b"), text("c"), told, DONE]
    reply = read(pieces if streamed else to_json(answer(usage=usage)))
    assert (reply.outcome, reply.cost_usd, reply.output_tokens) == (Outcome.OK, None, 3)
    assert "cost_not_believed" in (reply.notes or "")


def test_nan_and_infinity_are_no_cost() -> None:
    for cost in (b"NaN", b"Infinity", b"1e999", b"9" * 400):
        body = text("a") + STOP + TOLD.replace(b'"cost":0', b'"cost":' + cost) + DONE
        reply = read(body)
        assert (reply.outcome, reply.cost_usd) == (Outcome.OK, None)
        assert "cost_not_believed" in (reply.notes or "")


@pytest.mark.parametrize("cost", [0, 0.0, "0.1", 1.4e-05, 1000, None])
def test_a_cost_within_reason_is_believed(cost: object) -> None:
    reply = read([THREE, sse(chunk({}, "stop", usage=USAGE | {"cost": cost})), DONE])
    assert reply.cost_usd == (None if cost is None else float(str(cost)))
    assert "cost_not_believed" not in (reply.notes or "")


@pytest.mark.parametrize("told", [10**18, 1_000_000_001, -1, 3.5, "3", True, [], {}])
def test_a_count_beyond_reason_is_unknown_and_said(told: object) -> None:
    usage = USAGE | {"completion_tokens": told}
    reply = read([THREE, sse(chunk({}, "stop", usage=usage)), DONE])
    assert (reply.output_tokens, reply.tokens_from) == (3, "events")
    assert "tokens_not_believed" in (reply.notes or "")
    for name in ("prompt_tokens", "total_tokens"):
        reply = read(to_json(answer(usage=USAGE | {name: told})), streamed=False)
        assert getattr(reply, name) is None or name == "total_tokens"
        assert "tokens_not_believed" in (reply.notes or "")
