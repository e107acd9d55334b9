"""The parser: the same answer for any cut, and no answer that breaks it."""

import asyncio
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.wire.framing import BY_CLOSE, BY_TAIL, Frame, glance
from shared.wire.parse import Parse, Read
from shared.wire.wire import Caps, Deadlines, Exchange, Response
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Visitor,
    serving,
    wiring,
)

ANSWERS = (
    OK,
    CHUNKED + b"5\r\nhello\r\n7\r\n\r\n0\r\n\r\n\r\n" + LAST_CHUNK,
    CHUNKED + b"5;a=b\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
    b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + OK,
    b"HTTP/1.1 200 OK\r\nX: a\r\nX:\r\nx: b\r\nContent-Length: 3\r\n\r\n\r\n\n",
)


def parsed(reads: list[Read]) -> Parse:
    parse = Parse()
    parse.feed(reads, [0.0] * len(reads))
    parse.release()
    return parse


def test_the_slack_of_a_read_goes_no_further_back_than_the_read_before_it() -> None:
    head, events = CHUNKED, b"12\r\ndata: a\n\ndata: b\n\n\r\n"
    reads = [(1.0, head), (1.25, events), (1.5, events), (1.75, LAST_CHUNK)]
    parse = Parse()
    parse.feed(reads, [0.5, 0.5, 0.125, 0.5])
    # 1.25 - 1.0, since the head was alone; what was known is less than 1.5 - 1.25
    assert parse.slacks == [0.25, 0.125]
    assert [stamp_s for stamp_s, _ in parse.pieces] == [1.25, 1.5]


def test_many_headers_of_one_name_are_joined_in_their_order() -> None:
    lines = b"".join(b"X: %d\r\n" % i for i in range(8000))
    parse = parsed([(0.0, b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")])
    assert parse.response().headers["x"] == ", ".join(map(str, range(8000)))


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.sampled_from(ANSWERS), st.sets(st.integers(1, 120)))
def test_any_cut_gives_the_same_answer_with_the_stamps_of_its_reads(
    answer: bytes, cuts: set[int]
) -> None:
    whole = parsed([(0.0, answer)])
    at = [0, *sorted(cut for cut in cuts if cut < len(answer)), len(answer)]
    reads = [(float(end), answer[start:end]) for start, end in pairwise(at)]
    parse = parsed(reads)
    response = parse.response()
    assert (response.status, response.headers, response.body) == (
        200,
        whole.response().headers,
        whole.response().body,
    )
    assert parse.complete_s == len(answer)
    assert parse.keep_alive
    # A piece carries the stamp of its read, and stamps here are where a read ends.
    for stamp_s, piece in response.pieces:
        assert piece[-1:] in answer[: int(stamp_s)]
    assert [s for s, _ in response.pieces] == sorted({s for s, _ in response.pieces})


def test_a_piece_carries_the_stamp_of_the_read_that_brought_it() -> None:
    reads = [
        (1.0, CHUNKED + b"2\r\nab\r\n1\r\nc"),
        (2.0, b"\r\n"),
        (3.0, b"1\r\nd\r\n"),
    ]
    assert parsed(reads).response().pieces == [(1.0, b"abc"), (3.0, b"d")]


def test_repeated_headers_are_joined_and_names_are_lower_case() -> None:
    assert parsed([(0.0, ANSWERS[4])]).response().headers == {
        "x": "a, , b",
        "content-length": "3",
    }


def test_an_answer_without_a_complete_head_has_no_status() -> None:
    assert parsed([(0.0, OK[:20])]).response() == Response(None, {}, [])


def test_the_glance_postpones_plain_answers_and_nothing_else() -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    plain = {
        OK: (len(OK) - 2, len(OK)),
        CHUNKED: (len(CHUNKED), BY_TAIL),
        head + b"\r\n": (len(head) + 2, BY_CLOSE),
        head + b"content-length:7\r\n\r\n": (len(head) + 20, len(head) + 27),
    }
    for data, expected in plain.items():
        assert glance(data) == expected
    for odd in (
        OK[:30],
        OK.replace(b"1.1", b"1.0"),
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        head + b"Content-Encoding: gzip\r\n\r\n",
        head + b"Transfer-Encoding: gzip\r\n\r\n",
        head + b"Content-Length: -1\r\n\r\n",
        head + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"hello\r\n\r\n",
    ):
        assert glance(odd) is None, odd


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_a_chunked_answer_is_parsed_at_its_end_and_hardly_before(size: int) -> None:
    answer = CHUNKED + b"8\r\ndata: x\n\r\n" * 20 + LAST_CHUNK
    frame, parse = Frame(Caps()), Parse()
    reads: list[Read] = []
    wanted = []
    for start in range(0, len(answer), size):
        reads.append((0.0, answer[start : start + size]))
        if frame.wants_parsing(reads):
            wanted.append(start)
            parse.feed(reads, [0.0] * len(reads))
            assert frame.fault(parse, reads) is None
    parse.release()
    assert parse.complete_s is not None
    # The head, where it is cut, is parsed at each of its reads; of the body, the end.
    assert len([start for start in wanted if start > len(CHUNKED)]) == (size < 1000)


def garbage(rng: Random) -> bytes:
    """A true answer with a few wounds, or noise."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.randrange(200))
    answer = bytearray(rng.choice(ANSWERS))
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(answer)) if answer else 0
        wound = rng.choice(("cut", "flip", "insert", "drop", "repeat"))
        if wound == "cut":
            del answer[at:]
        elif wound == "flip" and answer:
            answer[at] ^= 1 << rng.randrange(8)
        elif wound == "insert":
            answer[at:at] = rng.choice(
                (b"\r\n", b"\n", b"\0", b"0\r\n\r\n", b": ", b"\xff\xfe", b"HTTP/1.1 ")
            )
        elif wound == "drop":
            del answer[at : at + rng.randrange(1, 5)]
        else:
            answer[at:at] = answer[at : at + rng.randrange(1, 30)]
    return bytes(answer)


async def test_two_thousand_broken_answers_neither_raise_nor_hang() -> None:
    rng = Random(7)
    wounded = [garbage(rng) for _ in range(2000)]
    leaving = [rng.random() < 0.7 for _ in wounded]
    left = iter(zip(wounded, leaving, strict=True))

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        while True:
            await client.request()
            answer, leave = next(left)
            half = len(answer) // 2
            writer.write(answer[:half])
            await asyncio.sleep(0)
            writer.write(answer[half:])
            await writer.drain()
            if leave:
                return

    hasty = Deadlines(first_token_s=0.1, idle_s=0.1, total_s=0.2)
    async with serving(script) as server, wiring(deadlines=hasty) as wire:
        gate = asyncio.Semaphore(100)

        async def one() -> Exchange:
            async with gate:
                return await wire.exchange(server.get())

        exchanges = await asyncio.gather(*(one() for _ in range(1700)))
        assert all(exchange.ended_s is not None for exchange in exchanges)
        for exchange in exchanges:
            response = exchange.response()
            assert response.status is None or 200 <= response.status <= 999
            assert exchange.failure is not None or response.status is not None
        kinds = {exchange.failure and exchange.failure.kind for exchange in exchanges}
        assert {None, "protocol_error", "cut", "timeout_idle"} <= kinds
