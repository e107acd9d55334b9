"""Answers cut at any byte, broken characters, and bytes that are no answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from shared.answer.dialects import DIALECTS
from shared.sample import Outcome
from tests.shared.answer.answers import (
    DONE,
    LOST,
    PAD,
    PING,
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

A = text("a")


def test_the_shortcut_changes_nothing_that_an_event_says() -> None:
    """Events alike but for their text, of kinds that say more than text."""
    failed = [chunk({"content": word}, error=LOST) for word in ("a", "b")]
    reply = read(sse(*failed) + DONE)
    assert (reply.text, reply.token_events_s) == ("ab", ())

    both = [chunk({"content": word, "reasoning": "Hm"}) for word in ("a", "b")]
    reply = read(sse(*both) + STOP + DONE)
    assert (reply.text, reply.reasoning) == ("ab", "HmHm")

    ended = [("a", "stop"), ("\n", "length"), ("c", "stop")]
    reply = read(sse(*(chunk({"content": word}, why) for word, why in ended)) + DONE)
    assert (reply.text, reply.finish_reason) == ("a\nc", "stop")

    told = [("a", 1), ("\n", 2), ("c", 1)]
    counted = [
        chunk({"content": word}, usage={"completion_tokens": n}) for word, n in told
    ]
    assert read(sse(*counted) + STOP + DONE).output_tokens == 1


def test_a_document_that_breaks_off_keeps_what_came() -> None:
    body = to_json(answer())
    reply = read(body[: body.index(b"bon.")], streamed=False, failure="cut")
    assert (reply.outcome, reply.text) == (Outcome.TRUNCATED, "Lis")
    assert reply.provider == "DeepInfra"


@pytest.mark.parametrize(
    ("most", "kept"), [(100, "ГГГГ"), (8, "ГГГГ"), (5, "ГГ"), (1, "")]
)
def test_text_is_cut_between_characters(most: int, kept: str) -> None:
    stream = text("ГГ", "ГГ") + thought("ГГГГ") + STOP + DONE
    reply = read(stream, max_text_bytes=most)
    assert (reply.text, reply.reasoning) == (kept, kept)
    assert reply.outcome is Outcome.OK


def test_half_an_emoji_and_broken_utf8_do_not_spoil_the_answer() -> None:
    half = text("X").replace(b'"X"', rb'"\ud83d"')
    assert read(half + STOP + DONE).text == "\ufffd"
    pair = text("X").replace(b'"X"', rb'"\ud83d\ude00"')
    assert read(pair + STOP + DONE).text == "😀"
    broken = to_json(answer()).replace(b"bon", b"\xff")
    assert read(broken, streamed=False).text == "Lis\ufffd."


def test_separators_inside_text_end_no_line() -> None:
    words = "a\u2028b\x85c\x0bd"
    assert read(text(words) + STOP + DONE).text == words


def test_an_event_past_its_cap_is_a_protocol_error() -> None:
    reply = read([A, b"data: " + b"x" * (2 * 1024 * 1024), text("b") + STOP + DONE])
    assert reply.outcome is Outcome.PROTOCOL_ERROR
    assert "longer than" in (reply.error or "")
    assert reply.text == "a"


WHOLE = [
    b"\xef\xbb\xbf" + PING + thought("Hm") + text("Ли", "с", "с") + STOP + TOLD + DONE,
    (PING + text("a", "b") + STOP + DONE).replace(b"\n", b"\r\n"),
    A + sse(chunk({}, "error", error=LOST)) + DONE,
    A + b"data: {\n\n" + text("b") + STOP + DONE,
    b"id: 3\nevent: message\n" + text("a", "b") + STOP,
    PAD * 3 + PING + to_json(answer(usage=USAGE)),
    to_json({"error": LOST}),
    b"dataset of words",
    b": comment without end",
    b"<html><title>502</title>",
]


@settings(max_examples=60)
@given(body=st.sampled_from(WHOLE), places=st.lists(st.integers(0, 5000), max_size=40))
def test_any_cut_of_the_bytes_gives_the_same_reply(
    body: bytes, places: list[int]
) -> None:
    assert unstamped(read(cut(body, places))) == unstamped(read(body))


@pytest.mark.parametrize("body", WHOLE)
def test_byte_by_byte_gives_the_same_reply(body: bytes) -> None:
    single = [body[i : i + 1] for i in range(len(body))]
    assert unstamped(read(single)) == unstamped(read(body))


def test_no_cut_of_a_stream_before_its_end_is_ok() -> None:
    body = text("Lis", "bon.") + STOP + TOLD + DONE
    for end in range(len(body)):
        reply = read(body[:end], failure="cut")
        assert reply.outcome is Outcome.TRUNCATED, body[:end]


SCRAPS = [
    *WHOLE, b"data: ", b"\n\n", b"{", b"}", b'"', b"\\", b"\xff", b"\0", b"\r", b":",
    b"null", b"1e999", b"[" * 300, b'{"error":', b'{"choices":[', b'{"usage":{',
    b'{"choices":[{"delta":7,"message":[],"error":[[]],"finish_reason":{}}]}',
]  # fmt: skip


@settings(max_examples=150)
@given(
    scraps=st.lists(st.sampled_from(SCRAPS) | st.binary(max_size=20), max_size=8),
    status=st.sampled_from([200, 204, 302, 400, 402, 429, 503]),
    failure=st.sampled_from([None, "cut", "cancelled", "protocol_error"]),
    dialect=st.sampled_from(sorted(DIALECTS)),
)
def test_garbage_never_raises(
    scraps: list[bytes], status: int, failure: str | None, dialect: str
) -> None:
    reply = read(scraps, status=status, failure=failure, dialect=dialect)
    assert isinstance(reply.outcome, Outcome)
    assert reply.error is None or len(reply.error) <= 330
