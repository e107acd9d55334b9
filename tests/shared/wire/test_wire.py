"""Calls over real sockets, and answers of every legal framing."""

import asyncio

import pytest

from shared.wire.wire import request
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Visitor,
    answering,
    serving,
    wiring,
)


async def test_the_times_of_a_call_are_in_order() -> None:
    parts = CHUNKED, b"2\r\nok\r\n", LAST_CHUNK
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
    stamps = [stamp for stamp, _ in exchange.reads]
    assert len(stamps) == 3
    assert [exchange.sent_s, *stamps] == sorted([exchange.sent_s, *stamps])
    assert exchange.first_byte_s == stamps[0]
    assert exchange.response().pieces == [(stamps[1], b"ok")]
    assert exchange.ended_s == stamps[2]


async def test_a_chunked_answer_is_drained_so_that_its_connection_is_kept() -> None:
    parts = CHUNKED, b"5\r\nhello\r\n", LAST_CHUNK
    async with serving(answering(*parts)) as server, wiring() as wire:
        for _ in range(3):
            exchange = await wire.exchange(server.get())
            assert exchange.response().body == b"hello"
        assert server.connections == 1


async def test_what_looks_like_the_last_chunk_inside_a_body_ends_nothing() -> None:
    body = b"x\r\n0\r\n\r\n"
    parts = CHUNKED + b"c\r\n" + body, b"tail", b"\r\n", LAST_CHUNK
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == body + b"tail"
        assert wire.idle_connections == 1


async def test_trailers_and_chunk_extensions_are_tolerated() -> None:
    parts = CHUNKED, b"2;a=b\r\nok\r\n", b"0;c=d\r\nX-Sum: 1\r\n\r\n"
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == b"ok"
        assert "x-sum" not in exchange.response().headers
        assert wire.idle_connections == 1


async def test_one_byte_at_a_time_gives_the_same_answer() -> None:
    answer = CHUNKED + b"2\r\nok\r\n3\r\n...\r\n" + LAST_CHUNK
    single = [answer[i : i + 1] for i in range(len(answer))]
    async with serving(answering(*single, gap_s=0.001)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == b"ok..."
        assert len(exchange.reads) > 10
        assert wire.idle_connections == 1


async def test_a_body_without_a_length_ends_with_its_connection() -> None:
    parts = b"HTTP/1.1 200 OK\r\n\r\n", b"all ", b"there is"
    async with serving(answering(*parts, close=True)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert exchange.response().body == b"all there is"
        assert wire.idle_connections == 0


async def test_interim_answers_are_skipped() -> None:
    parts = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", OK
    for joined in (parts, (b"".join(parts),)):
        async with serving(answering(*joined)) as server, wiring() as wire:
            response = (await wire.exchange(server.get())).response()
            assert (response.status, response.body) == (200, b"ok")
            assert "link" not in response.headers


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
async def test_an_answer_that_cannot_have_a_body_ends_with_its_head(
    status: bytes,
) -> None:
    head = b"HTTP/1.1 " + status + b"\r\n\r\n"
    async with serving(answering(head)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().status == int(status[:3])
        assert wire.idle_connections == 1


async def test_a_redirect_is_an_answer_like_another() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(head)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().status == 302
        assert exchange.response().headers["location"] == "/other"
        assert len(server.requests) == 1


async def test_bytes_behind_a_complete_answer_cost_only_the_connection() -> None:
    for excess in (b"garbage", OK):
        async with serving(answering(OK + excess)) as server, wiring() as wire:
            exchange = await wire.exchange(server.get())
            assert exchange.failure is None
            assert exchange.response().body == b"ok"
            assert wire.idle_connections == 0


async def test_bytes_behind_a_last_chunk_do_not_keep_the_call_waiting() -> None:
    parts = (CHUNKED + b"2\r\nok\r\n" + LAST_CHUNK + b"excess",)
    async with serving(answering(*parts)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert exchange.ended_s == exchange.first_byte_s
        assert wire.idle_connections == 0


async def test_a_large_request_goes_out_whole() -> None:
    body = bytes(range(256)) * 32_768  # 8 MiB, more than any socket's buffer
    async with serving(answering(OK)) as server, wiring() as wire:
        asked = request("POST", server.url, {}, body)
        exchange = await wire.exchange(asked)
        assert exchange.failure is None
        assert server.requests == [asked.head_and_body]
        assert wire.idle_connections == 1


async def test_an_answer_before_the_request_is_out_counts_and_ends_the_connection() -> (
    None
):
    refusal = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        writer.write(refusal)
        await client.hang_up()

    async def late_script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        await script(client, writer)

    async with serving(late_script) as server, wiring() as wire:
        big = request("POST", server.url, {}, b"x" * 2**25)
        exchange = await wire.exchange(big)
        assert exchange.response().status == 413
        assert wire.idle_connections == 0
