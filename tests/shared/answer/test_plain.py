"""The shortcut of an unstreamed answer comes to the Reply that the long way has."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import to_json

from shared.answer import Reply, StreamReader, read_exchange
from shared.answer.dialects import DIALECTS
from shared.answer.plain import plain_reply
from shared.wire import Exchange
from tests.shared.answer.answers import NOW_S, cut, exchange

ODD = (None, 0, 1, 9, -1, 1.5, True, "", "a", [], {}, 10**30, "0.1")
TEXTS = ("Hi", "", "Да\U0001f600", "a" * 9, ["x"], [{"type": "text", "text": "b"}])

odd = st.sampled_from(ODD)
usage = st.fixed_dictionaries(
    {},
    optional={
        "prompt_tokens": odd,
        "completion_tokens": odd,
        "total_tokens": odd,
        "cost": odd,
        "completion_tokens_details": odd
        | st.fixed_dictionaries({"reasoning_tokens": odd}),
        "prompt_tokens_details": odd | st.fixed_dictionaries({"cached_tokens": odd}),
    },
)
message = st.fixed_dictionaries(
    {"content": st.sampled_from(TEXTS) | odd},
    optional={
        "reasoning": st.sampled_from(TEXTS) | odd,
        "refusal": odd,
        "tool_calls": odd | st.just([{"function": {"name": "f"}}]),
    },
)
choice = st.fixed_dictionaries(
    {"message": message | odd},
    optional={
        "finish_reason": odd | st.sampled_from(("stop", "error", "content_filter")),
        "error": odd | st.just({"code": 429, "message": "no"}),
        "delta": message,
    },
)
document = st.fixed_dictionaries(
    {"choices": st.lists(choice, max_size=2) | odd},
    optional={
        "id": odd,
        "model": odd,
        "provider": odd | st.fixed_dictionaries({"choices": st.lists(choice)}),
        "usage": usage | odd,
        "error": odd | st.just({"code": 502, "message": "no"}),
        "object": st.sampled_from(("chat.completion", "error")),
        "detail": odd,
    },
)
NAMES = st.sampled_from(sorted(DIALECTS))
HEADERS = st.lists(
    st.sampled_from(("X-Generation-Id: gen-9", "X-OpenRouter-Cache-Status: hit"))
)


def long_way(one: Exchange, dialect: str, most: int) -> Reply:
    response = one.response()
    reader = StreamReader(DIALECTS[dialect], most, streamed=False)
    for stamp_s, piece in response.pieces:
        reader.feed(stamp_s, piece)
    return reader.end(one, response, now_s=NOW_S)


def assert_alike(one: Exchange, dialect: str, most: int = 65_536) -> None:
    read = read_exchange(one, DIALECTS[dialect], False, most, now_s=NOW_S)
    assert read == long_way(one, dialect, most)


@settings(max_examples=500, derandomize=True, deadline=None)
@given(document, NAMES, HEADERS, st.sampled_from((200, 200, 201, 429)))
def test_any_document_is_read_alike(
    said: dict[str, Any], dialect: str, headers: list[str], status: int
) -> None:
    one = exchange(to_json(said), status=status, headers=headers)
    assert_alike(one, dialect)
    assert_alike(one, dialect, most=8)


GOOD = b'{"choices":[{"message":{"content":"Hi there"}}],"usage":{"total_tokens":1}}'
BYTES = (b"\xff", b"\xed\xa0\x80", b"\xc3\xa9", rb"\ud83d", rb"\u00e9", b"\\", b"{")
EDGES = ("", " ", "\n", "\ufeff", "{", "}", "data: ", ": c\n", "[", "NaN")


@settings(max_examples=300, derandomize=True, deadline=None)
@given(
    st.integers(0, len(GOOD)),
    st.sampled_from(BYTES) | st.binary(max_size=3),
    st.sampled_from(EDGES),
    st.sampled_from(EDGES),
    st.lists(st.integers(0, 200), max_size=3),
    NAMES,
)
def test_any_bytes_and_any_cut_are_read_alike(
    at: int, odd: bytes, before: str, after: str, cuts: list[int], dialect: str
) -> None:
    body = before.encode() + GOOD[:at] + odd + GOOD[at:] + after.encode()
    assert_alike(exchange(cut(body, cuts)), dialect)


@settings(max_examples=30, derandomize=True, deadline=None)
@given(st.sampled_from(("cut", "cancelled", "timeout_total")), NAMES)
def test_an_answer_that_failed_takes_the_long_way(failure: Any, dialect: str) -> None:
    one = exchange(GOOD, failure=failure)
    assert plain_reply(one, one.response(), DIALECTS[dialect], 99) is None


def test_usual_answers_take_the_shortcut() -> None:
    counts = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    details = {"completion_tokens_details": {"reasoning_tokens": 0}}
    for dialect in DIALECTS:
        for used in (counts, counts | details | {"cost": 0.5}):
            said = {"choices": [{"message": {"content": "Hi"}}], "usage": used}
            one = exchange([to_json(said)[:20], to_json(said)[20:]])
            reply = plain_reply(one, one.response(), DIALECTS[dialect], 99)
            assert reply is not None
            assert (reply.text, reply.total_tokens, reply.ack_s) == ("Hi", 5, 1.0)
