"""Text, reasoning and tool calls in fields that nobody agreed on."""

import pytest

from shared.answer.dialects import DIALECTS
from shared.sample import Outcome
from tests.shared.answer.answers import DONE, STOP, chunk, read, sse, text
from tests.shared.answer.odd_forms import CALLS, PARTS, message


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_content_in_parts_is_text_and_thinking(dialect: str) -> None:
    pieces = [*(sse(chunk({"content": [part]})) for part in PARTS), STOP, DONE]
    reply = read(pieces, dialect=dialect)
    assert (reply.outcome, reply.text, reply.reasoning) == (
        Outcome.OK,
        "Lisbon.",
        "Hmm",
    )
    assert (reply.first_token_s, reply.first_visible_s) == (1.0, 3.0)
    assert reply.token_events_s == (1.0, 2.0, 3.0, 5.0)
    reply = read(message(content=PARTS), streamed=False, dialect=dialect)
    assert (reply.outcome, reply.text, reply.reasoning) == (
        Outcome.OK,
        "Lisbon.",
        "Hmm",
    )


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
@pytest.mark.parametrize(
    "said",
    [
        {"reasoning": "Hm"},
        {"reasoning_content": "Hm"},
        {"reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]},
        {"reasoning_details": [{"text": "Hm"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}]},
        {"thinking": "Hm"},
        {"content": [{"type": "thinking", "thinking": "Hm"}]},
        {"content": [{"type": "reasoning", "text": "Hm"}]},
    ],
)
def test_reasoning_is_a_token_event_in_whatever_field_it_stands(
    said: dict, dialect: str
) -> None:
    twice = [sse(chunk(said)), sse(chunk(said))]
    reply = read([*twice, text("a"), STOP, DONE], dialect=dialect)
    assert (reply.reasoning, reply.text) == ("HmHm", "a")
    assert reply.token_events_s == (1.0, 2.0, 3.0)
    reply = read(message(**({"content": "a"} | said)), streamed=False, dialect=dialect)
    assert reply.reasoning == "Hm"


def test_reasoning_in_several_fields_is_read_once_by_the_first_that_has_it() -> None:
    fields = {
        "reasoning": "1",
        "reasoning_content": "2",
        "reasoning_details": [{"text": "3"}],
        "thinking": "4",
        "content": [{"type": "thinking", "thinking": "5"}],
    }
    for winner in "12345":
        for dialect in DIALECTS:
            assert read(sse(chunk(fields)) + DONE, dialect=dialect).reasoning == winner
        fields.pop(next(iter(fields)))


@pytest.mark.parametrize("dialect", ["openai", "openrouter"])
def test_a_fragment_of_a_tool_call_is_a_token_that_nobody_sees(dialect: str) -> None:
    called = sse(chunk({"content": None}, "tool_calls"))
    pieces = [*(sse(chunk(call)) for call in CALLS), called, DONE]
    reply = read(pieces, dialect=dialect)
    assert (reply.outcome, reply.text, reply.error) == (Outcome.OK, "", None)
    assert reply.token_events_s == (1.0, 2.0, 3.0)
    assert (reply.first_token_s, reply.first_visible_s) == (1.0, None)
    reply = read([text("a"), *pieces], dialect=dialect)
    assert (reply.outcome, reply.text, reply.last_token_s) == (Outcome.OK, "a", 4.0)


@pytest.mark.parametrize(
    "call",
    [
        *CALLS,
        {"tool_calls": [{"type": "custom", "custom": {"name": "f", "input": "x"}}]},
        {"function_call": {"name": "f", "arguments": None}},
        {"function_call": {"arguments": "{"}},
    ],
)
def test_a_tool_call_alone_is_an_answer(call: dict) -> None:
    reply = read([sse(chunk(call)), sse(chunk({}, "tool_calls")), DONE])
    assert (reply.outcome, reply.token_events_s) == (Outcome.OK, (1.0,))
    reply = read(message(content=None, **call), streamed=False)
    assert (reply.outcome, reply.text) == (Outcome.OK, "")


@pytest.mark.parametrize(
    "nothing",
    [
        {"tool_calls": []},
        {"tool_calls": None, "function_call": None},
        {"tool_calls": [{"index": 0, "function": {"arguments": ""}}]},
        {"tool_calls": [None, 7, {"function": "f"}], "function_call": "f"},
    ],
)
def test_an_empty_tool_call_is_none(nothing: dict) -> None:
    assert read(sse(chunk(nothing, "stop")) + DONE).outcome is Outcome.EMPTY
    assert read(message(content="", **nothing)).outcome is Outcome.EMPTY


def test_text_beside_a_tool_call_is_not_taken_for_text_alone() -> None:
    both = [chunk({"content": word, **CALLS[0]}) for word in ("a", "")]
    reply = read([*(sse(each) for each in both), STOP, DONE])
    assert (reply.text, reply.token_events_s) == ("a", (1.0, 2.0))


def test_a_refusal_is_one_as_before() -> None:
    said = [chunk({"refusal": word}) for word in ("I can", "not.")]
    assert read(sse(*said) + STOP + DONE).outcome is Outcome.REFUSED
