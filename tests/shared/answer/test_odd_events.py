"""Events that are none of ours, bursts, and characters that come in halves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from shared.answer.dialects import DIALECTS
from shared.answer.reading import StreamReader
from shared.sample import Outcome
from tests.shared.answer.answers import (
    DONE,
    STOP,
    USAGE,
    answer,
    chunk,
    cut,
    read,
    sse,
    text,
    unstamped,
)
from tests.shared.answer.odd_forms import (
    CALLS,
    FLAT,
    PARTS,
    THREE,
    ZEROS,
    event,
    message,
)


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
