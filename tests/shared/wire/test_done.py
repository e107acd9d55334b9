"""A stream is over at [DONE], whatever its connection does then."""

import asyncio
import time

import pytest

from shared.wire.call import QUIET_S
from shared.wire.done import done_s, hints
from shared.wire.wire import Deadlines, Exchange, tls_context
from tests.shared.own_authority import Authority
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    Script,
    Visitor,
    answering,
    reset,
    serving,
    wiring,
)

EVENT = b'data: {"choices":[{"delta":{"content":"a word of some length"}}]}\n\n'
DONE = b"data: [DONE]\n\n"
CLOSE = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
LATE_S = 5.0
"""What waits for the idle deadline of a minute ends later than this."""


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


async def took_s(script: Script, deadlines: Deadlines | None = None) -> float:
    """How long the lane of one call is held behind its [DONE]; checks the call."""
    async with serving(script) as server, wiring(deadlines=deadlines) as wire:
        exchange = await asyncio.wait_for(wire.exchange(server.get()), LATE_S)
        held_s = time.monotonic() - (exchange.ended_s or 0.0)
        assert exchange.failure is None
        assert exchange.response().body.endswith(DONE)
        assert exchange.ended_s == exchange.response().pieces[-1][0]
        assert wire.idle_connections == 0
        await asyncio.wait_for(server.hung_up.wait(), LATE_S)
        return held_s


@pytest.mark.parametrize(
    "parts",
    [
        (CHUNKED, chunk(EVENT), chunk(DONE)),
        (CHUNKED + chunk(EVENT) + chunk(DONE),),
        (CHUNKED, chunk(EVENT + DONE)),
        (CLOSE, EVENT, DONE),
        (CLOSE + DONE,),
        (CHUNKED, chunk(EVENT), chunk(b"data: [DO"), chunk(b"NE]\n"), chunk(b"\n")),
        (CHUNKED, *(chunk(DONE[i : i + 1]) for i in range(len(DONE)))),
        (CLOSE, EVENT, *(DONE[i : i + 1] for i in range(len(DONE)))),
        (b"HTTP/1.0 200 OK\r\n\r\n", EVENT + DONE),
        (CLOSE.replace(b"close\r\n", b"close\r\nContent-Length: 9999\r\n"), DONE),
    ],
)
async def test_a_call_ends_at_done_although_its_connection_stays_open(
    parts: tuple[bytes, ...],
) -> None:
    held_s = await took_s(answering(*parts))
    assert held_s < QUIET_S, "it was found when the server had gone quiet"


async def test_a_word_that_chunks_part_in_a_long_read_is_found_when_all_is_quiet() -> (
    None
):
    parts = [chunk(DONE[i : i + 1]) for i in range(len(DONE))]
    async with (
        serving(answering(CHUNKED, b"".join([chunk(EVENT), *parts]))) as server,
        wiring() as wire,
    ):
        exchange = await asyncio.wait_for(wire.exchange(server.get()), LATE_S)
        assert exchange.failure is None


async def test_done_in_the_text_of_an_event_ends_nothing() -> None:
    talk = b'data: {"content":"say data: [DONE]\\n\\ndata: [DONE]"}\n\n'
    parts = CHUNKED, chunk(talk), chunk(talk), chunk(EVENT), chunk(DONE) + LAST_CHUNK
    async with serving(answering(*parts, gap_s=0.1)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == talk + talk + EVENT + DONE
        assert wire.idle_connections == 1


async def test_the_end_of_the_body_right_behind_done_keeps_the_connection() -> None:
    parts = CHUNKED, chunk(EVENT), chunk(DONE), LAST_CHUNK
    async with serving(answering(*parts, gap_s=0.002)) as server, wiring() as wire:
        ends = [await wire.exchange(server.get()) for _ in range(5)]
        assert {end.failure for end in ends} == {None}
        assert server.connections < 5, "none was waited for"
    parts = CHUNKED, chunk(EVENT), chunk(DONE) + LAST_CHUNK
    async with serving(answering(*parts)) as server, wiring() as wire:
        for _ in range(3):
            await wire.exchange(server.get())
        assert server.connections == 1


@pytest.mark.parametrize("by_reset", [False, True])
async def test_nothing_that_breaks_behind_done_takes_it_back(by_reset: bool) -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(CHUNKED + chunk(EVENT) + chunk(DONE))
        await asyncio.sleep(0.005)
        if by_reset:
            reset(writer)

    async with serving(script) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert exchange.ended_s == exchange.response().pieces[-1][0]


async def test_what_is_no_http_behind_done_takes_nothing_back() -> None:
    parts = CHUNKED + chunk(EVENT), chunk(DONE), b"garbage\r\n\r\n"
    async with serving(answering(*parts, gap_s=0.002)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert wire.idle_connections == 0


async def test_a_call_that_is_cancelled_behind_done_was_whole() -> None:
    ends: list[Exchange] = []
    async with (
        serving(answering(CHUNKED + chunk(DONE))) as server,
        wiring() as wire,
    ):
        call = wire.start(server.get(), ends.append)
        while not call.exchange.reads:
            await asyncio.sleep(0.001)
        call.cancel()
        assert [end.failure for end in ends] == [None]


async def test_over_tls_a_call_ends_at_done_too(authority: Authority) -> None:
    parts = CHUNKED, chunk(EVENT), chunk(DONE)
    async with (
        serving(answering(*parts), tls=authority.server) as server,
        wiring(tls=tls_context(authority.ca)) as wire,
    ):
        exchange = await asyncio.wait_for(wire.exchange(server.get()), LATE_S)
        assert exchange.failure is None


@pytest.mark.parametrize(
    ("body", "is_done"),
    [
        (b"data: [DONE]\n\n", True),
        (b"data:[DONE]\n\n", True),
        (b"data: [DONE] \r\n\r\n", True),
        (b": ping\rdata: [DONE]\r\r", True),
        (b"event: done\ndata: [DONE]\n\n", True),
        (b"data: [DONE]\n", False),
        (b"data: [DONE]\r\n", False),
        (b"xdata: [DONE]\n\n", False),
        (b'data: "data: [DONE]"\n\n', False),
        (b"data: [DONE]x\n\n", False),
        (b"[DONE]\n\n", False),
        (b"", False),
    ],
)
def test_the_event_is_known_by_its_whole_line(body: bytes, is_done: bool) -> None:
    pieces = [(float(i), body[i : i + 1]) for i in range(len(body))]
    assert (done_s([(1.0, body)]) == 1.0) is is_done
    assert (done_s(pieces) is not None) is is_done


def test_its_stamp_is_that_of_the_piece_that_completed_it() -> None:
    pieces = [(1.0, EVENT), (2.0, b"data: [DONE]\n"), (3.0, b"\n"), (4.0, b"more")]
    assert done_s(pieces) == 3.0
    assert done_s([(0.0, b"x" * 99)] * 40 + pieces) == 3.0
    # the tail of a long stream may begin in the middle of a line
    assert done_s([(0.0, b"half a ")] + [(1.0, b"data: [DONE]\n\n")] * 32) is not None
    assert done_s([(0.0, b"half a line, ")] * 40 + [(1.0, DONE)]) is None


def test_reads_are_searched_for_no_more_than_the_word() -> None:
    assert hints([(0.0, EVENT), (1.0, DONE)])
    assert hints([(0.0, EVENT + b"data: [D"), (1.0, b"ONE]\n\n")])
    assert hints([(0.0, b"x" * 100 + b"[DONE]" + b"y" * 100)])
    assert not hints([(0.0, b"[DONE]" + b"x" * 100), (1.0, b"x" * 100)])
    assert not hints([(0.0, EVENT)])
