"""Whole answers, byte for byte: what a Reply says of every recorded form."""

import pytest
from pydantic_core import to_json

from shared.answer.dialects import DIALECTS
from shared.answer.reading import StreamReader, has_token, read_exchange
from shared.answer.reply import Reply
from shared.sample import Outcome
from shared.wire import caps_for
from tests.shared.answer.answers import (
    DONE,
    ENDED_S,
    LOST,
    NOW_S,
    PAD,
    PING,
    STOP,
    TOLD,
    USAGE,
    answer,
    chunk,
    exchange,
    read,
    sse,
    text,
    thought,
)

A = text("a")


def test_a_stream_is_read_with_the_stamps_of_its_reads() -> None:
    reply = read([PING, text("Lis"), PING + text("bon."), STOP, TOLD, DONE])
    assert reply == Reply(
        outcome=Outcome.OK,
        status=200,
        text="Lisbon.",
        whole_text="Lisbon.",
        ack_s=1.0,
        first_token_s=2.0,
        first_visible_s=2.0,
        last_token_s=3.0,
        token_events_s=(2.0, 3.0),
        ended_s=6.0,
        finish_reason="stop",
        prompt_tokens=17,
        output_tokens=3,
        total_tokens=20,
        tokens_from="usage",
        cost_usd=0.0,
        provider="DeepInfra",
        served_model="acme/orca:free",
        generation_id="gen-1",
        notes="one_burst",  # three tokens in two reads
    )


def test_a_role_alone_usage_and_an_error_are_no_tokens() -> None:
    role = sse(chunk({"role": "assistant", "content": ""}))
    failed = sse(chunk({"content": "x"}, "error", error=LOST, usage=USAGE))
    reply = read([role, text("a"), failed, DONE])
    assert reply.token_events_s == (2.0,)
    assert reply.text == "ax"
    assert (reply.outcome, reply.output_tokens) == (Outcome.ERROR_IN_200, 3)


def test_reasoning_is_a_token_and_is_not_visible() -> None:
    reply = read([thought("Hm"), thought("m"), text("a"), text("b"), TOLD, DONE])
    assert reply.token_events_s == (1.0, 2.0, 3.0, 4.0)
    assert (reply.first_token_s, reply.first_visible_s) == (1.0, 3.0)
    assert (reply.reasoning, reply.text) == ("Hmm", "ab")


def test_reasoning_alone_has_a_first_token_and_no_text() -> None:
    reply = read([thought("Hm"), sse(chunk({}, "length")), DONE])
    assert reply.outcome is Outcome.NO_TEXT
    assert (reply.first_token_s, reply.first_visible_s) == (1.0, None)


@pytest.mark.parametrize(
    "last",
    [
        TOLD,
        sse(chunk(choices=[], usage=USAGE)),
        sse(chunk({"content": ""}, usage=USAGE)),
    ],
    ids=["A", "B", "C"],
)
def test_the_reason_stays_whatever_shape_the_usage_has(last: bytes) -> None:
    reply = read([text("a"), STOP, last, DONE])
    assert (reply.outcome, reply.finish_reason) == (Outcome.OK, "stop")
    assert (reply.output_tokens, reply.tokens_from) == (3, "usage")


def test_the_last_usage_and_the_last_reason_win() -> None:
    more = sse(
        chunk(choices=[], usage=USAGE | {"completion_tokens": 4, "cost": 1.4e-05})
    )
    reply = read(text("a") + sse(chunk({}, "length")) + TOLD + more + DONE)
    assert (reply.finish_reason, reply.output_tokens) == ("stop", 4)
    assert reply.cost_usd == 1.4e-05


def test_without_usage_the_events_are_counted_and_marked() -> None:
    reply = read(text("a", "b") + STOP + DONE)
    assert (reply.output_tokens, reply.tokens_from) == (2, "events")
    reply = read(STOP + DONE)
    assert (reply.output_tokens, reply.tokens_from) == (None, None)


def test_unstreamed_without_usage_the_count_is_unknown() -> None:
    reply = read(to_json(answer()), streamed=False)
    assert (reply.outcome, reply.text) == (Outcome.OK, "Lisbon.")
    assert (reply.output_tokens, reply.tokens_from) == (None, None)


@pytest.mark.parametrize(
    "before", [b"", PAD * 343, PING * 3, b"\xef\xbb\xbf", PAD + PING]
)
def test_padding_and_comments_before_json_are_stripped(before: bytes) -> None:
    body = before + to_json(answer(usage=USAGE)) + b"\n"
    reply = read(body, streamed=False)
    assert (reply.outcome, reply.text, reply.output_tokens) == (
        Outcome.OK,
        "Lisbon.",
        3,
    )
    assert (reply.ack_s, reply.ended_s) == (1.0, ENDED_S)


def test_a_streamed_request_may_be_answered_with_plain_json() -> None:
    reply = read([PING, to_json(answer(usage=USAGE))])
    assert (reply.outcome, reply.text, reply.output_tokens) == (
        Outcome.OK,
        "Lisbon.",
        3,
    )
    assert (reply.ack_s, reply.first_token_s, reply.token_events_s) == (1.0, None, ())


def test_an_unstreamed_request_may_be_answered_with_a_stream() -> None:
    reply = read([PING, text("Lis", "bon."), STOP, DONE], streamed=False)
    assert (reply.outcome, reply.text) == (Outcome.OK, "Lisbon.")
    assert (reply.first_token_s, reply.output_tokens) == (None, None)
    assert reply.first_visible_s is None


@pytest.mark.parametrize(
    ("outcome", "reply"),
    [
        (Outcome.CANCELLED, read(A, failure="cancelled")),
        (Outcome.UNFINISHED, read(A, failure="cancelled", drained=True)),
        (Outcome.CONNECT_ERROR, read(b"", failure="connect_error")),
        (Outcome.TIMEOUT_CONNECT, read(b"", failure="timeout_connect")),
        (Outcome.DISCONNECTED, read(b"", failure="disconnected")),
        (Outcome.RATE_LIMITED, read(b"", status=429)),
        (Outcome.REFUSED, read(to_json({"error": LOST}), status=401)),
        (Outcome.REFUSED, read(sse(chunk({"refusal": "No."}, "stop")) + DONE)),
        (Outcome.NO_CREDIT, read(to_json({"error": LOST}), status=402)),
        (Outcome.UPSTREAM_ERROR, read(b"<html>", status=502)),
        (Outcome.PROTOCOL_ERROR, read(A, failure="protocol_error")),
        (Outcome.PROTOCOL_ERROR, read(b"<html>")),
        (Outcome.PROTOCOL_ERROR, read(b"[1]", streamed=False)),
        (Outcome.PROTOCOL_ERROR, read(to_json(answer()) + b"}", streamed=False)),
        (Outcome.PROTOCOL_ERROR, read(A + b"data: {\n\n" + STOP + DONE)),
        (Outcome.PROTOCOL_ERROR, read(b"", status=302)),
        (Outcome.ERROR_IN_200, read(A + sse({"error": LOST}) + DONE)),
        (Outcome.ERROR_IN_200, read(sse(chunk(choices=[], error=LOST)))),
        (Outcome.ERROR_IN_200, read(sse({"error": LOST, "user_id": "user_2xEXA"}))),
        (
            Outcome.ERROR_IN_200,
            read(A + sse(chunk({}, "length")) + sse({"error": LOST})),
        ),
        (Outcome.ERROR_IN_200, read(A + sse(chunk({}, "error")) + DONE)),
        (Outcome.ERROR_IN_200, read(PAD + to_json({"error": LOST}), streamed=False)),
        (
            Outcome.ERROR_IN_200,
            read(to_json({"success": False, "error": {"name": "Z"}})),
        ),
        (Outcome.TIMEOUT_FIRST_TOKEN, read(PING, failure="timeout_first_token")),
        (Outcome.TIMEOUT_IDLE, read(A, failure="timeout_idle")),
        (Outcome.TIMEOUT_TOTAL, read(A, failure="timeout_total")),
        (Outcome.TRUNCATED, read(A)),
        (Outcome.TRUNCATED, read(A + STOP, failure="cut")),
        (Outcome.TRUNCATED, read(PING)),
        (Outcome.TRUNCATED, read(PAD, streamed=False)),
        (Outcome.TRUNCATED, read(to_json(answer())[:-9], streamed=False)),
        (Outcome.TRUNCATED, read(to_json(answer()), streamed=False, failure="cut")),
        (Outcome.EMPTY, read(STOP + DONE)),
        (Outcome.EMPTY, read(to_json({"choices": None}), streamed=False)),
        (Outcome.NO_TEXT, read(thought("Hm") + STOP + DONE)),
        (Outcome.NO_TEXT, read(sse(chunk({"content": None}, "length")) + DONE)),
        (Outcome.OK, read(A + STOP + DONE)),
        (Outcome.OK, read(A + STOP)),
        (Outcome.OK, read(A + DONE)),
        (Outcome.OK, read(A + DONE, failure="cut")),
        (Outcome.OK, read(A + DONE, failure="timeout_idle")),
        (Outcome.OK, read(A + sse(chunk({}, "length")) + DONE)),
    ],
)
def test_every_outcome_is_told_from_its_bytes(outcome: Outcome, reply: Reply) -> None:
    assert reply.outcome is outcome
    assert (reply.error is None) == (outcome is Outcome.OK)


def test_what_came_before_a_failure_is_kept() -> None:
    reply = read([A, text("b")], failure="timeout_idle")
    assert (reply.text, reply.output_tokens, reply.tokens_from) == ("ab", 2, "events")
    assert (reply.last_token_s, reply.ended_s) == (2.0, ENDED_S)
    assert reply.error == "It was timeout_idle."


def test_after_done_nothing_counts() -> None:
    reply = read([A + STOP, DONE, text("b"), sse({"error": LOST})])
    assert (reply.outcome, reply.text, reply.ended_s) == (Outcome.OK, "a", 2.0)
    reply = read([A + DONE, b"x" * (2 * 1024 * 1024)])
    assert (reply.outcome, reply.error) == (Outcome.OK, None)


def test_a_completion_nested_under_provider_is_read() -> None:
    nested = {"id": None, "choices": None, "provider": answer(usage=USAGE)}
    reply = read(to_json(nested), streamed=False)
    assert (reply.outcome, reply.text, reply.output_tokens) == (
        Outcome.OK,
        "Lisbon.",
        3,
    )


@pytest.mark.parametrize(("said", "hit"), [("HIT", True), ("miss", False), ("?", None)])
def test_a_cached_answer_is_marked(said: str, hit: bool | None) -> None:
    reply = read(A + DONE, headers=[f"X-OpenRouter-Cache-Status: {said}"])
    assert reply.cache_hit is hit


def test_an_id_in_the_head_serves_where_the_body_has_none() -> None:
    reply = read(b"", status=500, headers=["X-Generation-Id: gen-9"])
    assert reply.generation_id == "gen-9"
    assert read(A + DONE, headers=["X-Generation-Id: gen-9"]).generation_id == "gen-1"


def test_the_plain_dialect_is_read_by_the_same_code() -> None:
    event = {"choices": [{"delta": {"reasoning_content": "Hm"}}]}
    reply = read(
        [sse(event), sse(chunk({"content": "a"}, "stop")), DONE], dialect="openai"
    )
    assert (reply.reasoning, reply.text, reply.first_token_s) == ("Hm", "a", 1.0)
    assert reply.provider == "DeepInfra", "it is believed of all"


def test_text_is_handed_on_while_it_comes() -> None:
    reader = StreamReader(DIALECTS["openrouter"], 65_536)
    pieces = [
        PING,
        text("Li", "s")[:-9],
        text("Li", "s")[-9:],
        thought("Hm"),
        STOP,
        DONE,
    ]
    assert [reader.feed(1.0, piece) for piece in pieces[:2]] == [[], ["Li"]]
    assert [reader.feed(2.0, piece) for piece in pieces[2:]] == [["s"], [], [], []]
    whole = exchange(pieces)
    reply = reader.end(whole, whole.response(), now_s=NOW_S)
    assert (reply.outcome, reply.text) == (Outcome.OK, "Lis")


def test_no_more_events_are_read_than_the_tokens_that_were_asked_for_can_need() -> None:
    # 65,536 and 16 for each token
    caps = caps_for(512)
    assert caps.events == 65_536 + 16 * 512
    assert caps_for(10**6).events == 1_000_000
    told = exchange([b"data: {}\n\n" * caps.events, b"data: {}\n\n", text("late")])
    told.caps = caps
    reply = read_exchange(told, DIALECTS["openai"], True, 65_536, now_s=NOW_S)
    assert reply.outcome is Outcome.PROTOCOL_ERROR
    assert reply.error == f"The stream has more than {caps.events} events."
    assert not has_token(told, DIALECTS["openai"])
