"""Answers that are cut, reset or no HTTP, and servers that speak first."""

import asyncio
import socket
import sys
import threading
import time

import pytest

from shared.wire.wire import Exchange, request
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Visitor,
    answering,
    serving,
    wiring,
)


async def test_a_kept_connection_that_dies_after_a_byte_is_not_tried_again() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(OK)
        await client.request()
        writer.write(OK[:-1])

    async with serving(script) as server, wiring() as wire:
        await wire.exchange(server.get())
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "cut"
        assert exchange.response().body == b"o"
        assert server.connections == 1


async def test_a_stream_cut_at_any_byte_is_a_cut() -> None:
    answer = CHUNKED + b"2\r\nok\r\n" + LAST_CHUNK
    async with wiring() as wire:
        for end in range(len(answer)):
            async with serving(answering(answer[:end], close=True)) as server:
                exchange = await wire.exchange(server.get())
                assert exchange.failure is not None
                assert exchange.failure.kind == ("cut" if end else "disconnected"), end


async def test_a_reset_in_the_middle_is_a_cut() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(CHUNKED + b"2\r\nok\r\n")
        await asyncio.sleep(0.02)
        writer.transport.abort()

    async with serving(script) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "cut"
        assert exchange.response().body == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>Bad Gateway</html>",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        CHUNKED + b"nonsense\r\nok\r\n" + LAST_CHUNK,
        CHUNKED + b"fffffffffffffffff\r\nok\r\n" + LAST_CHUNK,
        CHUNKED + b"2\r\nokay\r\n" + LAST_CHUNK,
    ],
)
async def test_what_is_not_http_is_a_protocol_error_at_once(answer: bytes) -> None:
    async with serving(answering(answer)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "protocol_error"
        await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_bad_chunks_are_found_when_the_server_goes_quiet() -> None:
    async with serving(answering(CHUNKED + b"zz\r\n")) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "protocol_error"


async def test_a_server_that_speaks_first_is_not_believed() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await client.hang_up()

    async with serving(script) as server, wiring() as wire:
        await wire.warm(server.get().origin, 1)
        await asyncio.wait_for(server.hung_up.wait(), 10)
        assert wire.idle_connections == 0


def closing_early(listener: socket.socket) -> None:
    """Answers, then says 408 to nobody, as servers do before they close; then again."""
    for _ in range(2):
        sock, _ = listener.accept()
        with sock:
            sock.recv(65_536)
            sock.sendall(OK)
            time.sleep(0.05)
            sock.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.skipif(sys.platform != "linux", reason="no kernel stamps")
async def test_what_a_kept_connection_said_before_it_was_asked_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=closing_early, args=(listener,))
        server.start()
        asked = request("GET", f"http://127.0.0.1:{listener.getsockname()[1]}")
        async with wiring() as wire:
            await wire.exchange(asked)
            time.sleep(0.2)  # the loop cannot see the 408 before it sends
            exchange = await wire.exchange(asked)
            assert exchange.response().status == 200
            assert not exchange.reused
        server.join()


async def test_a_fresh_connection_that_spoke_before_it_was_asked_is_refused() -> None:
    ends: list[Exchange] = []
    async with serving(answering()) as server, wiring() as wire:
        call = wire.start(server.get(), ends.append)
        while call.exchange.sent_s is None:
            await asyncio.sleep(0.001)
        assert call._link is not None
        call.on_bytes(call._link, call.exchange.sent_s - 0.01, OK, 0.0, True)
        assert ends[0].failure is not None
        assert ends[0].failure.kind == "protocol_error"
