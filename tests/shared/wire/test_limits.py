"""Deadlines and caps: no call lasts or grows for ever."""

import asyncio
import gzip
import resource

import pytest

from shared.wire.wire import Caps, Deadlines, Exchange
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Script,
    Visitor,
    answering,
    serving,
    wiring,
)


def kind(exchange: Exchange) -> str | None:
    return exchange.failure and exchange.failure.kind


def lasted_s(exchange: Exchange) -> float:
    assert exchange.ended_s is not None
    assert exchange.sent_s is not None
    return exchange.ended_s - exchange.sent_s


def dripping(drop: bytes, head: bytes = CHUNKED, every_s: float = 0.01) -> Script:
    """Sends the head, then the same drop until the client leaves."""

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(head)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(every_s)

    return script


async def test_a_handshake_that_hangs_is_timeout_connect() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.hang_up()  # TCP is accepted, TLS is never answered

    async with (
        serving(script) as server,
        wiring(deadlines=Deadlines(connect_s=0.1)) as wire,
    ):
        server.url = server.url.replace("http:", "https:")
        exchange = await wire.exchange(server.get())
        assert kind(exchange) == "timeout_connect"
        assert (exchange.sent_s, exchange.connect_s) == (None, None)
        await asyncio.wait_for(server.hung_up.wait(), 10)
        assert await wire.warm(server.get().origin, 2) == 0


async def test_silence_is_timeout_first_token() -> None:
    for parts in ((), (CHUNKED[:20],), (CHUNKED,)):
        async with (
            serving(answering(*parts)) as server,
            wiring(deadlines=Deadlines(first_token_s=0.1, idle_s=0.3)) as wire,
        ):
            exchange = await wire.exchange(server.get())
            # Without a `has_token`, the idle deadline takes over from the first byte.
            expected = "timeout_idle" if parts else "timeout_first_token"
            assert kind(exchange) == expected
            await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_comments_do_not_put_off_the_first_token() -> None:
    asked: list[bytes] = []

    def has_token(exchange: Exchange) -> bool:
        asked.append(exchange.response().body)
        return b"data:" in asked[-1]

    async with (
        serving(dripping(b"3\r\n:\n\n\r\n")) as server,
        wiring(deadlines=Deadlines(first_token_s=0.2)) as wire,
    ):
        exchange = await wire.exchange(server.get(), has_token=has_token)
        assert kind(exchange) == "timeout_first_token"
        assert lasted_s(exchange) >= 0.2
        assert len(asked) == 1
        assert asked[0].startswith(b":\n\n:\n\n")


async def test_a_token_in_time_is_asked_for_once_and_the_call_goes_on() -> None:
    asked: list[bytes] = []

    def has_token(exchange: Exchange) -> bool:
        asked.append(exchange.response().body)
        return True

    parts = CHUNKED + b"2\r\nok\r\n", LAST_CHUNK
    async with (
        serving(answering(*parts, gap_s=0.4)) as server,
        wiring(deadlines=Deadlines(first_token_s=0.1)) as wire,
    ):
        exchange = await wire.exchange(server.get(), has_token=has_token)
        assert kind(exchange) is None
        assert asked == [b"ok"]


async def test_a_pause_in_the_middle_is_timeout_idle_and_keeps_what_came() -> None:
    async with (
        serving(answering(CHUNKED + b"2\r\nok\r\n")) as server,
        wiring(deadlines=Deadlines(idle_s=0.1)) as wire,
    ):
        exchange = await wire.exchange(server.get())
        assert kind(exchange) == "timeout_idle"
        assert exchange.response().body == b"ok"


async def test_padding_does_not_put_off_the_total_deadline() -> None:
    async with (
        serving(dripping(b"1\r\n \r\n")) as server,
        wiring(deadlines=Deadlines(total_s=0.2)) as wire,
    ):
        exchange = await wire.exchange(server.get())
        assert kind(exchange) == "timeout_total"
        assert lasted_s(exchange) >= 0.2


async def test_a_call_may_bring_deadlines_of_its_own() -> None:
    async with serving(answering()) as server, wiring() as wire:
        hasty = Deadlines(first_token_s=0.05)
        exchange = await wire.exchange(server.get(), deadlines=hasty)
        assert kind(exchange) == "timeout_first_token"


async def test_an_answer_that_was_complete_is_not_late() -> None:
    excess = CHUNKED + LAST_CHUNK + b"excess"  # hides the end until somebody looks
    async with (
        serving(answering(excess)) as server,
        wiring(deadlines=Deadlines(idle_s=0.1)) as wire,
    ):
        assert kind(await wire.exchange(server.get())) is None


@pytest.mark.parametrize(
    ("head", "drop", "caps", "word"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X: " + b"x" * 500 + b"\r\n", Caps(2000), "head"),
        (b"", b"x" * 500, Caps(2000), "acceptable"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 20, Caps(2000), "head"),
        (b"HTTP/1.1 200 OK\r\n", b"x:\r\n" * 2000, Caps(2000), "head"),
        (b"HTTP/1.1 200 OK\r\nX", b"x" * 500, Caps(2000), "head"),
        (CHUNKED + b"0\r\n", b"X: x\r\n" * 99, Caps(body_bytes=5000), "body"),
        (CHUNKED, b"1f4\r\n" + b"x" * 500 + b"\r\n", Caps(body_bytes=5000), "body"),
        (CHUNKED + b"5;x=", b"x" * 500, Caps(body_bytes=5000), "body"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 500, Caps(body_bytes=5000), "body"),
        (CHUNKED, b"1\r\nx\r\n", Caps(reads=10), "pieces"),
    ],
)
async def test_what_passes_a_cap_is_a_protocol_error_that_names_it(
    head: bytes, drop: bytes, caps: Caps, word: str
) -> None:
    async with serving(dripping(drop, head)) as server, wiring(caps=caps) as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert exchange.failure.kind == "protocol_error"
        assert word in exchange.failure.detail
        assert sum(len(data) for _, data in exchange.reads) < 70_000
        await asyncio.wait_for(server.hung_up.wait(), 10)


@pytest.mark.parametrize("drop", [b"x:\r\n", b"X: y\r\n", b" folded\r\n", b"\0"])
async def test_a_head_without_an_end_takes_no_memory(drop: bytes) -> None:
    flood = drop * 4096

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(b"HTTP/1.1 200 OK\r\nX: x\r\n")
        for _ in range(2_000_000 // 4096):
            writer.write(flood)
            await writer.drain()

    async with serving(script) as server, wiring() as wire:
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        exchange = await wire.exchange(server.get())
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
        assert kind(exchange) == "protocol_error"
        assert sum(len(data) for _, data in exchange.reads) <= 3 * 65_536
        assert grown_kib < 16 * 1024


async def test_a_head_over_its_cap_that_comes_in_one_read_is_refused_too() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + b"x" * 3000 + b"\r\n\r\n"
    async with serving(answering(head)) as server, wiring(caps=Caps(2000)) as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert "head is larger than 2000" in exchange.failure.detail


async def test_a_declared_length_over_the_cap_is_refused_before_it_is_read() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    async with serving(answering(head)) as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is not None
        assert "body is larger" in exchange.failure.detail


async def test_a_body_as_large_as_its_cap_is_accepted() -> None:
    async with serving(answering(OK)) as server, wiring(caps=Caps(body_bytes=2)) as w:
        assert kind(await w.exchange(server.get())) is None


@pytest.mark.parametrize("name", [b"gzip", b"br", b"gzip, gzip"])
async def test_an_encoded_answer_is_refused_at_once_and_never_inflated(
    name: bytes,
) -> None:
    bomb = gzip.compress(bytes(2**26))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n" % (
        name,
        len(bomb),
    )
    async with serving(answering(head + bomb)) as server, wiring() as wire:
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        exchange = await wire.exchange(server.get())
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
        assert exchange.failure is not None
        assert exchange.failure.kind == "protocol_error"
        assert "encoded" in exchange.failure.detail
        assert grown_kib < 16 * 1024


async def test_identity_is_no_encoding() -> None:
    answer = OK.replace(b"\r\n\r\n", b"\r\nContent-Encoding: identity\r\n\r\n")
    async with serving(answering(answer)) as server, wiring() as wire:
        assert kind(await wire.exchange(server.get())) is None
