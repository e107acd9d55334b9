"""Connections that are kept, opened ahead of need, or dropped."""

import asyncio

import pytest

from shared.wire.wire import Exchange, Origin
from tests.shared.wire.scripted_server import OK, answering, serving, wiring


async def test_a_connection_serves_one_call_after_the_other() -> None:
    async with serving(answering(OK)) as server, wiring() as wire:
        first = await wire.exchange(server.get())
        second = await wire.exchange(server.get())
        assert server.connections == 1
        assert (first.reused, second.reused) == (False, True)
        assert first.connect_s is not None
        assert first.connect_s > 0
        assert second.connect_s is None
        assert second.response().status == 200
        assert second.response().body == b"ok"
        assert second.failure is None
        assert second.peer == server.url.removeprefix("http://")


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
    ],
)
async def test_a_connection_that_the_server_will_close_is_not_kept(head: bytes) -> None:
    async with serving(answering(head, b"ok")) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.response().body == b"ok"
        assert wire.idle_connections == 0


async def test_the_end_of_a_call_may_start_the_next_one_on_its_connection() -> None:
    ended = asyncio.Event()
    exchanges: list[Exchange] = []
    async with serving(answering(OK)) as server, wiring() as wire:

        def on_end(exchange: Exchange) -> None:
            exchanges.append(exchange)
            if len(exchanges) < 500:
                wire.start(server.get(), on_end)
            else:
                ended.set()

        wire.start(server.get(), on_end)
        await ended.wait()
        assert server.connections == 1
        assert {exchange.failure for exchange in exchanges} == {None}


async def test_warm_connections_are_there_before_the_first_call() -> None:
    async with serving(answering(OK)) as server, wiring() as wire:
        origin = server.get().origin
        assert await wire.warm(origin, 5) == 5
        assert await wire.warm(origin, 5) == 5
        assert wire.idle_connections == 5
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert server.connections == 5


async def test_the_first_call_on_a_connection_opened_ahead_has_its_connect_time() -> (
    None
):
    async with serving(answering(OK)) as server, wiring() as wire:
        await wire.warm(server.get().origin, 1)
        first, second = [await wire.exchange(server.get()) for _ in range(2)]
        assert server.connections == 1
        assert (first.reused, second.reused) == (False, True)
        assert first.connect_s is not None
        assert first.connect_s > 0
        assert second.connect_s is None


async def test_warming_an_origin_where_nobody_listens_opens_nothing() -> None:
    async with wiring() as wire:
        assert await wire.warm(Origin("http", "127.0.0.1", 1), 3) == 0


async def test_an_idle_connection_that_the_server_closes_is_dropped() -> None:
    async with serving(answering(OK, close=True)) as server, wiring() as wire:
        await wire.exchange(server.get())
        while wire.idle_connections:
            await asyncio.sleep(0.001)
        assert not (await wire.exchange(server.get())).reused
