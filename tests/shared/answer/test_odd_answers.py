"""Answers of forms that nobody agreed on, and what is right to make of them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from shared.answer.dialects import DIALECTS
from shared.answer.reading import StreamReader
from shared.answer.reply import Throttle
from shared.sample import Outcome
from tests.shared.answer.answers import (
    DONE,
    NOW_S,
    STOP,
    TOLD,
    USAGE,
    answer,
    chunk,
    cut,
    read,
    sse,
    text,
    thought,
    unstamped,
)

THREE = text("a", "b", "c")
ZEROS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def event(data: object, name: str = "") -> bytes:
    """One event; data: its JSON, or its bytes as they are."""
    body = data if isinstance(data, bytes) else to_json(data)
    return (f"event: {name}\n" if name else "").encode() + b"data: " + body + b"\n\n"


def message(**fields: object) -> bytes:
    """A whole answer with this message in it."""
    choice = {"index": 0, "finish_reason": "stop", "message": fields}
    return to_json({"id": "gen-1", "choices": [choice], "usage": USAGE})


# --- an error without `error` --------------------------------------------------------

FLAT = [
    ({"code": 429, "message": "Slow down"}, "Slow down", 429),
    ({"code": "429", "message": "Slow down"}, "Slow down", 429),
    ({"code": "rate_limit_exceeded", "message": "Slow down"}, "Slow down", 429),
    ({"status": 429, "title": "Too many"}, "Too many", 429),
    ({"status_code": 429, "message": "Slow down"}, "Slow down", 429),
    ({"code": "1302", "msg": "Busy"}, "Busy", None),
    ({"error_code": 336100, "error_msg": "Try again"}, "Try again", None),
    (
        {"object": "error", "message": "No such model", "code": 404},
        "No such model",
        404,
    ),
    ({"object": "error", "message": "Oh", "type": "BadRequest"}, "Oh", None),
    ({"type": "overloaded_error", "message": "Overloaded"}, "Overloaded", None),
    ({"type": "rate_limit_error", "message": "Slow down"}, "Slow down", 429),
    ({"detail": "Not authenticated"}, "Not authenticated", None),
    (
        {"detail": [{"loc": ["body"], "msg": "field required"}]},
        "body: field required",
        None,
    ),
    ({"success": False, "errors": [{"code": 7, "message": "No"}]}, "No", None),
    ({"error": True, "message": "It broke"}, "It broke", None),
    ({"error": 1, "code": 500, "message": "It broke"}, "It broke", 500),
    ([{"error": {"code": 429, "message": "Quota"}}], "Quota", 429),
]
"""(what is said, its sentence, its code)"""


@pytest.mark.parametrize(("said", "sentence", "code"), FLAT)
def test_an_error_object_without_error_is_an_error(
    said: object, sentence: str, code: int | None
) -> None:
    after = read([THREE, event(said), DONE])
    alone = read([event(said), DONE])
    whole = read(to_json(said), streamed=False)
    asked_to_stream = read(to_json(said))
    for reply in (after, alone, whole, asked_to_stream):
        assert (reply.outcome, reply.error) == (Outcome.ERROR_IN_200, sentence)
        assert (reply.error_code, reply.throttled) == (code, code == 429)
    assert (after.text, after.token_events_s) == ("abc", (1.0, 1.0, 1.0))
    assert (alone.text, whole.text, asked_to_stream.notes) == ("", "", None)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"message": "Overloaded"}, "Overloaded"),
        ({"type": "server", "code": 1}, "an error without a message (server)"),
        ({"error": {"message": "Overloaded"}}, "Overloaded"),
        (b"Overloaded", "Overloaded"),
        ("Overloaded", "Overloaded"),
        (chunk({"content": ""}, error={"message": "Overloaded"}), "Overloaded"),
    ],
)
def test_an_event_that_is_named_error_is_one_whatever_it_holds(
    data: object, sentence: str
) -> None:
    for reply in (
        read([THREE, event(data, "error"), DONE]),
        read([THREE, event(data, "error")]),
    ):
        assert (reply.outcome, reply.error) == (Outcome.ERROR_IN_200, sentence)
        assert (reply.text, len(reply.token_events_s)) == ("abc", 3)
    assert read(event(data, "error")).outcome is Outcome.ERROR_IN_200


def test_a_message_alone_is_the_whole_answer_only_where_nothing_else_is_said() -> None:
    said = {"message": "Try again later"}
    reply = read(to_json(said), streamed=False)
    assert (reply.outcome, reply.error) == (Outcome.ERROR_IN_200, "Try again later")
    reply = read(event(said | {"status": "queued"}) + text("a") + STOP + DONE)
    assert (reply.outcome, reply.text) == (Outcome.OK, "a")


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"usage": USAGE},
        {"choices": [], "usage": USAGE},
        {"id": "gen-1", "object": "chat.completion.chunk", "model": "m"},
        {"code": 0, "message": "success"},
        {"code": 200, "msg": "OK", "data": {}},
        {"code": "Success", "message": "fine"},
        {"code": None, "error": None, "message": None},
        {"success": True, "errors": [], "detail": ""},
        {"status": "processing", "message": "warming up"},
        {"object": "status", "code": 102, "message": "queued"},
        chunk({"content": ""}, code=429, message="of the choice's own business"),
    ],
)
def test_an_event_that_only_looks_like_an_error_is_none(said: dict) -> None:
    reply = read(sse(said) + text("a") + STOP + DONE)
    assert (reply.outcome, reply.error_code) == (Outcome.OK, None)


def test_an_error_in_a_list_explains_a_status_and_names_its_limit() -> None:
    body = to_json([{"error": {"code": 429, "message": "Quota", "metadata": {}}}])
    reply = read(body, status=429, headers=["Retry-After: 3"])
    assert (reply.outcome, reply.error) == (Outcome.RATE_LIMITED, "Quota")
    assert (reply.throttled, reply.limit) == (True, Throttle(False, None, NOW_S + 3))


def test_a_429_inside_a_200_is_throttled_and_other_errors_are_not() -> None:
    busy = {"code": 429, "message": "Busy", "metadata": {"retry_after_seconds": 3}}
    for body in (sse({"error": busy}), text("a") + event(busy)):
        reply = read(body)
        assert (reply.outcome, reply.throttled) == (Outcome.ERROR_IN_200, True)
        assert reply.limit == Throttle(False, None, NOW_S + 3)
    assert not read(sse({"error": {"code": 502, "message": "x"}})).throttled
    assert not read(text("a") + STOP + DONE).throttled
    assert read(b"", status=429).throttled
    assert not read(b"", status=503).throttled


# --- usage that cannot be ------------------------------------------------------------


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


# --- many tokens in one read ---------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "tokens", "burst"),
    [
        ([b"".join([text("a")] * 300)], 300, True),
        ([b"".join([text("a")] * 150)] * 2, 300, True),
        ([text("a"), b"".join([text("a")] * 299)], 300, True),
        ([text("a" * 1000)], 300, True),  # a stream in name only
        ([text("a"), text("b")], 3, True),
        ([text("a"), text("b")], 2, False),  # each token has its read
        ([text("a")], 1, False),
        ([text("a"), text("b"), text("c")], 300, False),  # chunks of 100 tokens
        ([], 0, False),
    ],
)
def test_tokens_that_came_in_one_or_two_reads_are_a_burst(
    pieces: list[bytes], tokens: int, burst: bool
) -> None:
    usage = {
        "prompt_tokens": 1,
        "completion_tokens": tokens,
        "total_tokens": 1 + tokens,
    }
    reply = read([*pieces, sse(chunk({}, "stop", usage=usage)), DONE])
    assert reply.notes == ("one_burst" if burst else None)
    assert reply.is_burst is burst


# --- content, reasoning, tool calls --------------------------------------------------

PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]},
    {"type": "thinking", "thinking": "m"},
    {"type": "text", "text": "Lis"},
    {"type": "reference", "reference_ids": [1]},
    {"type": "text", "text": "bon."},
]


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


CALLS = [
    {
        "tool_calls": [
            {"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}
        ]
    },
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"a":'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]},
]


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


# --- events that are none of ours ----------------------------------------------------


@pytest.mark.parametrize(
    "odd",
    [
        event(b"null"),
        event(b"ping", "ping"),
        event({"type": "ping"}, "ping"),
        event(b"[1,2", "progress"),
        event([], "progress"),
        event({"code": 102, "message": "queued"}, "status"),
        event({"message": "done", "code": 500}, "trace"),
        event(b"null", "ping") + event(b"", "ping"),
        b"event: ping\n\n",
    ],
)
def test_an_event_that_is_none_of_ours_is_passed_over(odd: bytes) -> None:
    reply = read([odd, text("a"), odd + text("b"), odd + STOP + odd, DONE])
    assert (reply.outcome, reply.text, reply.error) == (Outcome.OK, "ab", None)
    assert reply.token_events_s == (2.0, 3.0)


def test_what_is_understood_counts_under_any_name() -> None:
    pieces = [
        event(chunk({"content": "a"}), "completion"),
        event(chunk({"content": "b"}), "completion"),
        event({"usage": USAGE}, "usage"),
        event(chunk({}, "stop"), "end"),
        event(b"[DONE]", "done"),
    ]
    reply = read(pieces)
    assert (reply.outcome, reply.text, reply.output_tokens) == (Outcome.OK, "ab", 3)
    assert (reply.token_events_s, reply.ended_s) == ((1.0, 2.0), 5.0)
    failed = event({"error": {"message": "Lost"}}, "failure")
    assert read(text("a") + failed).error == "Lost"


@pytest.mark.parametrize("body", [b"1", b'"words"', b"words", b"[]", b"[1]", b"true"])
def test_an_event_of_ours_that_is_no_object_is_a_protocol_error(body: bytes) -> None:
    assert read(text("a") + event(body) + STOP + DONE).outcome is Outcome.PROTOCOL_ERROR


@pytest.mark.parametrize(
    "lost",
    [
        b"data:\n " + to_json(chunk({"content": "a"})) + b"\n\n",
        to_json(chunk({"content": "a"})) + b"\n\n",
        b"data: {}\n" + b'"more": 1\n\n',
    ],
)
def test_json_without_data_before_it_is_a_protocol_error(lost: bytes) -> None:
    for body in (b"data: {}\n\n" + lost + STOP + DONE, THREE + lost + STOP + DONE):
        assert read(body).outcome is Outcome.PROTOCOL_ERROR
    assert read(b"data:\n" + b' {"choices":[]}\n\n').outcome is Outcome.PROTOCOL_ERROR
    reply = read(THREE + STOP + DONE + lost + b"data: \xff\n\n")
    assert reply.outcome is Outcome.OK  # nothing counts after [DONE]


def test_asked_to_stream_and_answered_whole_is_said() -> None:
    reply = read(to_json(answer(usage=USAGE)))
    assert (reply.outcome, reply.text, reply.notes) == (
        Outcome.OK,
        "Lisbon.",
        "not_streamed",
    )
    assert (reply.first_token_s, reply.token_events_s) == (None, ())
    assert read(to_json(answer(usage=USAGE)), streamed=False).notes is None
    assert read(b"", status=429).notes is None
    assert read(to_json({"error": {"message": "x"}})).notes is None


# --- halves of a character -----------------------------------------------------------


def halves(field: str, *raw: str) -> list[bytes]:
    """Events with these JSON strings, as they stand, in a field of the delta."""
    event = sse(chunk({field: "@"}))
    return [event.replace(b"@", string.encode()) for string in raw]


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        ((r"\ud83d", r"\ude00"), "😀"),
        ((r"a\ud83d", r"\ude00b"), "a😀b"),
        ((r"\ud83d", "x"), "\ufffdx"),
        ((r"\ud83d",), "\ufffd"),
        ((r"\ude00", "x"), "\ufffdx"),
        ((r"\ud83d", r"\ud83d", r"\ude00"), "\ufffd😀"),
        ((r"\ud83d\ude00", r"\ud83d", r"\ude00"), "😀😀"),
        ((r"\ud83d", "", r"\ude00"), "😀"),
        (("ы", r"\ud83d", r"\ude00", "ы"), "ы😀ы"),
    ],
)
def test_an_emoji_that_two_deltas_have_half_of_each_is_one(
    raw: tuple[str, ...], whole: str
) -> None:
    end = [STOP, DONE]
    assert read([*halves("content", *raw), *end]).text == whole
    assert read([*halves("reasoning", *raw), *end]).reasoning == whole
    reader = StreamReader(DIALECTS["openrouter"], 65_536)
    told = [part for piece in halves("content", *raw) for part in reader.feed(1, piece)]
    assert whole.removesuffix("\ufffd") == "".join(told).removesuffix("\ufffd")


def test_text_and_reasoning_keep_their_halves_apart() -> None:
    content = halves("content", r"\ud83d", r"\ude00")
    thinking = halves("reasoning", r"\ud83d", r"\ude01")
    mixed = [content[0], thinking[0], content[1], thinking[1], STOP, DONE]
    reply = read(mixed)
    assert (reply.text, reply.reasoning) == ("😀", "😁")
    assert reply.token_events_s == (1.0, 2.0, 3.0, 4.0)


def test_half_an_emoji_at_the_place_where_a_document_breaks_off_is_kept() -> None:
    body = to_json(answer()).replace(b"Lis", rb"\ud83d Lis")
    reply = read(body[: body.index(b"bon.")], streamed=False, failure="cut")
    assert (reply.outcome, reply.text) == (Outcome.TRUNCATED, "\ufffd Lis")


# --- however the bytes are cut -------------------------------------------------------

ALL = [
    *(THREE + event(said) + DONE for said, _, _ in FLAT),
    *(to_json(said) for said, _, _ in FLAT),
    THREE + event(b"Overloaded", "error") + text("d"),
    THREE + STOP + sse(chunk(choices=[], usage=ZEROS)) + DONE,
    b"".join(sse(chunk({"content": [part]})) for part in PARTS) + STOP + DONE,
    text("a") + b"".join(sse(chunk(call)) for call in CALLS) + STOP + DONE,
    b"".join(halves("content", r"\ud83d", r"\ude00", r"\ud83d", "x")) + STOP + DONE,
    text("a") + event(b"ping", "ping") + event(b"null") + STOP + DONE,
    THREE + b'data:\n {"a":1}\n\n' + STOP + DONE + b'{"b":1}\n\n',
    THREE + STOP + DONE + b'{"b":1}\ndata: \xff\n\n',
    message(content=PARTS),
]


@settings(max_examples=80)
@given(body=st.sampled_from(ALL), places=st.lists(st.integers(0, 5000), max_size=40))
def test_any_cut_of_odd_bytes_gives_the_same_reply(
    body: bytes, places: list[int]
) -> None:
    assert unstamped(read(cut(body, places))) == unstamped(read(body))


@pytest.mark.parametrize("body", ALL)
def test_odd_bytes_one_by_one_give_the_same_reply(body: bytes) -> None:
    single = [body[i : i + 1] for i in range(len(body))]
    assert unstamped(read(single)) == unstamped(read(body))
