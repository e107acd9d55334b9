"""Plain heads: read without llhttp, and never otherwise than by it."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.wire.framing import BY_CLOSE, BY_TAIL, glance
from shared.wire.head import plain_head
from shared.wire.parse import Parse, Read

STATUS = (
    *("HTTP/1.1 200 OK", "HTTP/1.1 503 Service Unavailable", "HTTP/1.1 404 "),
    *("HTTP/1.1 204 No Content", "HTTP/1.1 103 Early", "HTTP/1.0 200 OK"),
    *("HTTP/1.1 200", "HTTP/1.1 99 X", "http/1.1 200 OK", "HTTP/1.1 205 Reset"),
)
LINES = (
    *("Content-Type: application/json", "content-length: 5", "Content-Length: 05"),
    *("Content-Length: 3", "Content-Length: +5", "Content-Length: 5, 5"),
    *("Connection: keep-alive", "Connection: close", "Connection: Keep-Alive"),
    *("Keep-Alive: timeout=30", "Keep-Alive: max=1", "Transfer-Encoding: chunked"),
    *("Transfer-Encoding: gzip", "Content-Encoding: gzip", "Upgrade: h2c"),
    *("Content-Encoding: identity", "Proxy-Connection: close", "X_y: a", "X:", "X: "),
    *("X:a", "X: a\tb", "X: é", " folded", "X : a", "no colon", "X: a ", "X: a b"),
    *("Date: Sat, 28 Nov 2026 09:00:00 GMT", "Set-Cookie: a=b", "Set-Cookie: c=d"),
)
BODIES = (b"hello", b"", b"hel", b"hello!", b"0\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n")

line = st.sampled_from(LINES) | st.from_regex(
    r"\A[Xx]-[Rr]equest-[Ii]d: [0-9a-f]{1,12}\Z"
)
head = st.builds(
    lambda status, lines: "\r\n".join((status, *lines)) + "\r\n\r\n",
    st.sampled_from(STATUS),
    st.lists(line, max_size=6),
).map(lambda text: text.encode("latin-1"))


class ByLlhttp(Parse):
    """The same without the shortcut."""

    def _is_plain(self, reads: Sequence[Read], slacks: Sequence[float]) -> bool:
        return False


def seen(parse: Parse) -> tuple[object, ...]:
    """Everything that a parse says."""
    response = parse.response()
    return (
        *(parse.status, parse.headed, parse.length, parse.chunked, parse.body_bytes),
        *(parse.complete_s, parse.keep_alive, parse.keep_s, parse.extra, parse.error),
        *(parse.pieces, parse.slacks, parse.ends_by_close),
        *(response.status, response.headers, response.pieces),
    )


def assert_read_alike(reads: list[Read]) -> None:
    """At once, and read by read as while a call is open."""
    slacks = [0.25 * n for n in range(len(reads))]
    for at in ([len(reads)], range(1, len(reads) + 1)):
        short, long = Parse(), ByLlhttp()
        for n in at:
            for parse in (short, long):
                parse.feed(reads[:n], slacks[:n])
            assert seen(short) == seen(long)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(head, st.sampled_from(BODIES), st.sets(st.integers(1, 300), max_size=4))
def test_any_head_and_any_cut_are_read_as_llhttp_reads_them(
    head: bytes, body: bytes, cuts: set[int]
) -> None:
    answer = head + body
    at = [0, *sorted(cut for cut in cuts if cut < len(answer)), len(answer)]
    assert_read_alike([(float(b), answer[a:b]) for a, b in pairwise(at)])


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_any_bytes_are_read_as_llhttp_reads_them(more: bytes, body: bytes) -> None:
    start = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n" % len(body)
    assert_read_alike([(1.0, start + more + b"\r\n\r\n" + body)])
    assert_read_alike([(1.0, start + b"X-Id: " + more + b"\r\n\r\n" + body)])


@settings(max_examples=300, derandomize=True, deadline=None)
@given(head)
def test_what_a_plain_head_says_of_the_end_is_what_llhttp_says(head: bytes) -> None:
    plain = plain_head(head)
    if plain is None:
        return
    parse = ByLlhttp()
    parse.feed([(0.0, head)], [0.0])
    assert (plain.status, plain.length, plain.chunked) == (
        *(parse.status, parse.length, parse.chunked),
    )
    assert plain.headers == parse.response().headers
    end = BY_CLOSE if plain.length is None else len(head) + plain.length
    assert glance(head) == (len(head), BY_TAIL if plain.chunked else end)


@pytest.mark.parametrize("number", range(3))
def test_heads_that_differ_in_their_id_are_plain(number: int) -> None:
    lines = b"Content-Length: 5\r\nX-Request-Id: %d\r\nConnection: keep-alive" % number
    found = plain_head(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % lines)
    assert found is not None
    assert (found.status, found.length) == (200, 5)
    assert found.headers["x-request-id"] == str(number)
