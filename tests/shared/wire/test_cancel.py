"""Cancelling a call and closing the wire."""

import asyncio
import gc
from collections import Counter

import pytest

from shared.wire.wire import Call, Exchange
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    answering,
    serving,
    wiring,
)


async def test_cancelling_closes_the_socket_and_ends_the_call_once() -> None:
    ends: list[Exchange] = []
    async with serving(answering(CHUNKED)) as server, wiring() as wire:
        began = asyncio.Event()
        call = wire.start(server.get(), ends.append, on_read=lambda _: began.set())
        await began.wait()
        call.cancel()
        call.cancel()
        assert len(ends) == 1
        assert ends[0].failure is not None
        assert ends[0].failure.kind == "cancelled"
        assert wire.open_calls == 0
        await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_a_call_may_be_cancelled_while_it_connects_or_from_its_own_reads() -> (
    None
):
    ends: list[Exchange] = []
    calls: list[Call] = []
    async with serving(answering(OK)) as server, wiring() as wire:
        wire.start(server.get(), ends.append).cancel()
        assert [end.sent_s for end in ends] == [None]
        calls.append(
            wire.start(server.get(), ends.append, on_read=lambda _: calls[0].cancel())
        )
        while len(ends) < 2:
            await asyncio.sleep(0.001)
        assert ends[1].failure is not None
        assert ends[1].failure.kind == "cancelled"


async def test_cancelling_an_awaited_exchange_closes_its_connection() -> None:
    async with serving(answering(CHUNKED)) as server, wiring() as wire:
        task = asyncio.create_task(wire.exchange(server.get()))
        while not server.requests:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert wire.open_calls == 0
        await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_closing_the_wire_cancels_what_is_open() -> None:
    ends: list[Exchange] = []
    async with serving(answering(CHUNKED)) as server, wiring() as wire:
        wire.start(server.get(), ends.append)
        wire.start(server.get(), ends.append)
        await asyncio.sleep(0.02)
        await wire.aclose()
        assert [end.failure and end.failure.kind for end in ends] == ["cancelled"] * 2
        with pytest.raises(RuntimeError, match="closed"):
            wire.start(server.get(), ends.append)


async def test_finished_calls_are_freed_without_the_garbage_collector() -> None:
    """Collection is off while calls are timed, so circles would pile up."""
    parts = CHUNKED, b"2\r\nok\r\n", LAST_CHUNK
    async with (
        serving(answering(*parts)) as server,
        serving(answering(parts[0], parts[1], close=True)) as cutting,
        serving(answering(b"garbage")) as garbling,
        wiring() as wire,
    ):
        for asked in (server.get(), cutting.get(), garbling.get()):
            await wire.exchange(asked)
        gc.collect()
        gc.disable()
        try:
            before = remains()
            for asked in (server.get(), cutting.get(), garbling.get()):
                for _ in range(5):
                    (await wire.exchange(asked)).response()
            assert remains() == before
        finally:
            gc.enable()


def remains() -> Counter[str]:
    """How many of the wire's objects are alive, by class."""
    kinds = {"Call", "Exchange", "HttpResponseParser", "Link", "Parse", "Response"}
    return Counter(
        name for found in gc.get_objects() if (name := type(found).__name__) in kinds
    )
