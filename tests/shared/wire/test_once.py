"""A request whose bytes were handed to a socket is never sent again by the wire."""

import asyncio
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from shared.wire.connection.keep import LOST_AT_MOST
from shared.wire.wire import Exchange, Request, Wire, request, tls_context
from tests.shared.own_authority import Authority
from tests.shared.wire.scripted_server import (
    OK,
    Script,
    Server,
    Visitor,
    answering,
    reset,
    serving,
    tunnelling,
    wiring,
)

Ending = Callable[[asyncio.StreamWriter], object]

ENDS: dict[str, Ending] = {
    "fin": lambda writer: writer.close(),
    "rst": reset,
}
"""How a server leaves a connection."""


def working_then_dying(end: Ending) -> Script:
    """Answers the first request of a connection; reads the second one, and leaves."""

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(OK)
        await client.request()
        end(writer)

    return script


def post(server: Server) -> Request:
    return request("POST", server.url, {}, b"{}")


def kind(exchange: Exchange) -> str | None:
    return exchange.failure and exchange.failure.kind


@asynccontextmanager
async def reached(
    way: str, script: Script, authority: Authority
) -> AsyncIterator[tuple[Server, Wire]]:
    """A server and a wire to it: `plain`, over `tls`, or through a `proxy`."""
    opened = b"HTTP/1.1 200 Connection established\r\n\r\n"
    tls = authority.server if way == "tls" else None
    async with serving(script, tls=tls) as server:
        if way != "proxy":
            async with wiring(tls=tls_context(authority.ca)) as wire:
                yield server, wire
            return
        async with serving(tunnelling([], opened)) as by, wiring(proxy=by.url) as wire:
            yield server, wire


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("way", ["plain", "tls", "proxy"])
async def test_a_kept_connection_that_ends_without_a_byte_is_one_call_and_no_second(
    way: str, end: str, authority: Authority
) -> None:
    async with reached(way, working_then_dying(ENDS[end]), authority) as (server, wire):
        assert kind(await wire.exchange(post(server))) is None
        exchange = await wire.exchange(post(server))
        assert kind(exchange) == "disconnected"
        assert exchange.reused
        assert exchange.sent_s is not None
        assert exchange.connect_s is None
        assert "before any byte" in str(exchange.failure)
        assert len(server.requests) == 2, "it was sent once more, and paid for"
        assert wire.idle_connections == 0


@pytest.mark.parametrize("end", ENDS)
async def test_a_fresh_connection_that_ends_without_a_byte_is_no_reuse(
    end: str,
) -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        ENDS[end](writer)

    async with serving(script) as server, wiring() as wire:
        for warm in (0, 1):
            await wire.warm(post(server).origin, warm)
            exchange = await wire.exchange(post(server))
            assert (kind(exchange), exchange.reused) == ("disconnected", False)
            assert exchange.connect_s is not None
            assert exchange.response().status is None
        assert (server.connections, len(server.requests)) == (2, 2)


async def test_a_fresh_connection_is_opened_where_it_is_asked_for() -> None:
    ends: list[Exchange] = []
    async with serving(answering(OK)) as server, wiring() as wire:
        await wire.exchange(post(server))
        wire.start(post(server), ends.append, fresh=True)
        while not ends:
            await asyncio.sleep(0.001)
        assert (ends[0].reused, server.connections) == (False, 2)
        assert wire.idle_connections == 2


def ending_behind_its_answer(
    listener: socket.socket, ended: threading.Event, by_reset: bool
) -> None:
    """Answers once per connection, and ends it a little later."""
    for _ in range(2):
        sock, _ = listener.accept()
        with sock:
            sock.recv(65_536)
            sock.sendall(OK)
            time.sleep(0.05)
            if by_reset:
                linger = struct.pack("ii", 1, 0)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        ended.set()


@pytest.mark.parametrize("by_reset", [False, True])
async def test_a_kept_connection_whose_end_is_there_is_replaced_before_the_sending(
    by_reset: bool,
) -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        at = threading.Thread(
            target=ending_behind_its_answer, args=(listener, ended, by_reset)
        )
        at.start()
        asked = request("POST", f"http://127.0.0.1:{listener.getsockname()[1]}")
        async with wiring() as wire:
            assert kind(await wire.exchange(asked)) is None
            ended.wait(10)
            time.sleep(0.05)  # the loop has not seen it when the next one is sent
            exchange = await wire.exchange(asked)
            assert (kind(exchange), exchange.reused) == (None, False)
        at.join()


async def test_the_goodbye_of_tls_behind_an_answer_leaves_nothing_for_the_next_call(
    authority: Authority,
) -> None:
    """Both are in one read, so no look at the socket would show it any more."""

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(OK)
        writer.close()

    ends: list[Exchange] = []
    ended = asyncio.Event()
    async with (
        serving(script, tls=authority.server) as server,
        wiring(tls=tls_context(authority.ca)) as wire,
    ):

        def on_end(exchange: Exchange) -> None:
            ends.append(exchange)
            if len(ends) < 20:
                wire.start(post(server), on_end)
            else:
                ended.set()

        wire.start(post(server), on_end)
        await ended.wait()
        assert {kind(exchange) for exchange in ends} == {None}
        assert len(server.requests) == 20


@pytest.mark.parametrize(
    ("header", "kept_s"), [(b"Keep-Alive: timeout=1\r\n", 0.5), (b"", 4.0)]
)
async def test_an_idle_connection_is_closed_before_its_server_does_it(
    header: bytes, kept_s: float
) -> None:
    answer = OK.replace(b"Content", header + b"Content")
    async with serving(answering(answer)) as server, wiring() as wire:
        await wire.exchange(post(server))
        (link,) = wire._pool._idle[post(server).origin]
        left_s = link.kept_until_s - time.monotonic()
        assert kept_s - 0.4 < left_s <= kept_s
        link.kept_until_s = time.monotonic()  # it has waited for so long
        await asyncio.wait_for(server.hung_up.wait(), 10)
        assert wire.idle_connections == 0


async def test_a_server_that_allows_no_waiting_gets_a_connection_for_each_call() -> (
    None
):
    answer = OK.replace(b"Content", b"Keep-Alive: timeout=0\r\nContent")
    async with serving(answering(answer)) as server, wiring() as wire:
        for _ in range(2):
            assert not (await wire.exchange(post(server))).reused
        assert server.connections == 2


async def test_a_server_that_closes_behind_each_answer_loses_two_calls() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(OK)
        await client.reader.read(1)  # the next one is on its way
        reset(writer)

    async with serving(script) as server, wiring() as wire:
        ends = [await wire.exchange(post(server)) for _ in range(10)]
        lost = [end for end in ends if kind(end) == "disconnected"]
        assert len(lost) == LOST_AT_MOST
        assert not any(end.reused for end in ends[2 * LOST_AT_MOST :])


async def test_what_floods_an_idle_connection_is_closed_when_it_is_looked_at() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(OK)
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    async with serving(script) as server, wiring() as wire:
        await wire.exchange(post(server))
        await asyncio.wait_for(server.hung_up.wait(), 10)
        assert wire.idle_connections == 0
