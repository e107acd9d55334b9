"""Connections over TLS: timed, kept, refused, and mistaken for plain ones."""

import asyncio
import socket

import pytest

from shared.wire.wire import Deadlines, tls_context
from tests.shared.own_authority import Authority
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Visitor,
    answering,
    failure,
    serving,
    wiring,
)


async def test_a_call_over_tls_is_timed_and_its_connection_is_kept(
    authority: Authority,
) -> None:
    body = bytes(range(256)) * 400  # several records
    parts = CHUNKED, b"%x\r\n%s\r\n" % (len(body), body), LAST_CHUNK
    async with (
        serving(answering(*parts), tls=authority.server) as server,
        wiring(tls=tls_context(authority.ca)) as wire,
    ):
        first = await wire.exchange(server.get())
        second = await wire.exchange(server.get())
        assert first.failure is None
        assert first.response().body == body
        assert first.times is not None
        assert first.times.tls_s > 0
        assert first.connect_s == pytest.approx(sum(first.times))
        assert (second.reused, second.connect_s) == (True, None)
        assert second.response().body == body


async def test_session_tickets_on_an_idle_connection_are_not_its_death(
    authority: Authority,
) -> None:
    async with (
        serving(answering(OK), tls=authority.server) as server,
        wiring(tls=tls_context(authority.ca)) as wire,
    ):
        assert await wire.warm(server.get().origin, 2) == 2
        await asyncio.sleep(0.05)  # the tickets come behind the handshake
        assert wire.idle_connections == 2
        exchange = await wire.exchange(server.get())
        assert (exchange.failure, server.connections) == (None, 2)


async def test_a_body_that_ends_with_tls_must_be_closed_in_its_words(
    authority: Authority,
) -> None:
    async def honest(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nwhole")

    async def cut(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await honest(client, writer)
        await asyncio.sleep(0.05)
        # Closes TCP behind the back of TLS, as somebody in the middle could.
        with writer.get_extra_info("socket").dup() as sock:
            sock.shutdown(socket.SHUT_WR)
        await asyncio.sleep(0.05)

    ends = []
    for script in (honest, cut):
        async with (
            serving(script, tls=authority.server) as server,
            wiring(tls=tls_context(authority.ca)) as wire,
        ):
            exchange = await wire.exchange(server.get())
            assert exchange.response().body == b"whole"
            ends.append(exchange.failure and exchange.failure.kind)
    assert ends == [None, "cut"]


async def test_a_certificate_of_an_unknown_authority_is_a_connect_error(
    authority: Authority,
) -> None:
    async with (
        serving(answering(OK), tls=authority.server) as server,
        wiring() as wire,
    ):
        exchange = await wire.exchange(server.get())
        kind, detail = failure(exchange)
        assert kind == "connect_error"
        assert "certificate verify failed" in detail
        assert "CA file" in detail
        assert exchange.sent_s is None
        assert server.requests == []


async def test_a_certificate_for_another_name_is_a_connect_error(
    authority: Authority,
) -> None:
    async with (
        serving(answering(OK), tls=authority.server) as server,
        wiring(tls=tls_context(authority.ca)) as wire,
    ):
        server.url = server.url.replace("127.0.0.1", "localhost")
        kind, detail = failure(await wire.exchange(server.get()))
        assert kind == "connect_error"
        assert "certificate verify failed" in detail


PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"HTTP/1.0 400 Bad request\r\n\r\n<html>",
    b"<html><title>400</title></html>",
)


@pytest.mark.parametrize("said", [*PLAIN, b"", b"SSH-2.0-OpenSSH_9.6\r\n"])
async def test_tls_to_a_plain_server_is_a_connect_error_that_names_the_scheme(
    said: bytes,
) -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    async with serving(script) as server, wiring() as wire:
        server.url = server.url.replace("http:", "https:")
        kind, detail = failure(await wire.exchange(server.get()))
        assert kind == "connect_error"
        assert ("write http:// in OPENROUTER_BASE_URL" in detail) is (said in PLAIN)
        assert ("must begin with http://" in detail) is (said == b"")


async def test_tls_to_a_plain_server_that_waits_for_more_says_so_at_the_deadline() -> (
    None
):
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.hang_up()

    hasty = Deadlines(connect_s=0.1)
    async with serving(script) as server, wiring(deadlines=hasty) as wire:
        server.url = server.url.replace("http:", "https:")
        kind, detail = failure(await wire.exchange(server.get()))
        assert kind == "timeout_connect"
        assert "still waiting for the TLS handshake" in detail
        assert detail.endswith("the base URL must begin with http://.")


@pytest.mark.parametrize("said", [b"\x15\x03\x01\x00\x02\x02\x46", b"\x15\x03\x03\0"])
async def test_plain_http_to_a_server_of_tls_names_the_scheme(said: bytes) -> None:
    async with serving(answering(said, close=True)) as server, wiring() as wire:
        kind, detail = failure(await wire.exchange(server.get()))
        assert kind == "protocol_error"
        assert "write https:// in OPENROUTER_BASE_URL" in detail


async def test_plain_http_to_a_true_server_of_tls_names_the_scheme(
    authority: Authority,
) -> None:
    """Which sends an alert or nothing."""
    async with (
        serving(answering(OK), tls=authority.server) as server,
        wiring() as wire,
    ):
        server.url = server.url.replace("https:", "http:")
        kind, detail = failure(await wire.exchange(server.get()))
        assert kind in ("disconnected", "protocol_error")
        assert "https://" in detail
