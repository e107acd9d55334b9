"""httpx over the wire, against raw servers."""

import asyncio
import resource
import time
from typing import get_args

import httpx
import pytest

from shared.wire import transport
from shared.wire.transport import client
from shared.wire.wire import Caps, Deadlines, FailureKind
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Visitor,
    answering,
    serving,
    wiring,
)


async def test_a_response_is_that_of_httpx_with_the_timing_beside_it() -> None:
    answer = OK.replace(b"\r\n\r\n", b"\r\nContent-Type: text/plain\r\n\r\n")
    async with serving(answering(answer)) as server, wiring() as wire:
        async with client(wire, server.url + "/v1", {"X-Title": "t"}) as http:
            for reused in (False, True):
                began_s = time.monotonic()
                response = await http.post("/chat?x=1", json={"a": 1})
                assert response.status_code == 200
                assert response.text == "ok"
                assert response.headers["content-type"] == "text/plain"
                timing = response.extensions["timing"]
                assert timing.reused is reused
                assert began_s <= timing.sent_s <= timing.ended_s <= time.monotonic()
        # Closing the client leaves the wire to its other users.
        assert wire.idle_connections == 1
        head = server.requests[0].lower()
        assert head.startswith(b"post /v1/chat?x=1 http/1.1\r\n")
        assert head.endswith(b'\r\n\r\n{"a":1}')
        assert b"\r\nx-title: t\r\n" in head
        assert b"\r\naccept-encoding: identity\r\n" in head
        assert head.count(b"\r\nhost:") == head.count(b"\r\ncontent-length:") == 1


async def test_pieces_are_handed_over_as_they_come() -> None:
    goes_on = asyncio.Event()

    async def script(visitor: Visitor, writer: asyncio.StreamWriter) -> None:
        await visitor.request()
        writer.write(CHUNKED + b"3\r\none\r\n")
        await goes_on.wait()
        writer.write(b"3\r\ntwo\r\n" + LAST_CHUNK)
        await visitor.hang_up()

    async with serving(script) as server, wiring() as wire:
        async with client(wire) as http, http.stream("GET", server.url) as response:
            pieces = response.aiter_raw()
            assert await anext(pieces) == b"one"
            goes_on.set()
            assert [piece async for piece in pieces] == [b"two"]
        assert wire.idle_connections == 1


async def test_leaving_a_response_early_closes_its_connection() -> None:
    parts = (CHUNKED + b"3\r\none\r\n",)
    async with (
        serving(answering(*parts)) as server,
        wiring() as wire,
        client(wire) as http,
    ):
        async with http.stream("GET", server.url) as response:
            async for piece in response.aiter_raw():
                assert piece == b"one"
                break
        assert response.extensions["timing"].failure.kind == "cancelled"
        assert wire.open_calls == 0
        await asyncio.wait_for(server.hung_up.wait(), 10)


async def test_a_caller_that_is_cancelled_closes_the_connection() -> None:
    async with serving(answering()) as server, wiring() as wire, client(wire) as http:
        task = asyncio.create_task(http.get(server.url))
        while not server.requests:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert wire.open_calls == 0
        await asyncio.wait_for(server.hung_up.wait(), 10)


GZIPPED = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ((b"garbage",), httpx.RemoteProtocolError),
        ((GZIPPED,), httpx.RemoteProtocolError),
        ((OK[:-1],), httpx.ReadTimeout),
        ((CHUNKED,), httpx.ReadTimeout),
        ((), httpx.ReadTimeout),
        ((CHUNKED + b"9\r\n123456789\r\n",), httpx.RemoteProtocolError),
    ],
)
async def test_failures_are_the_errors_of_httpx(
    parts: tuple[bytes, ...], error: type[Exception]
) -> None:
    hasty = Deadlines(first_token_s=0.1, idle_s=0.1)
    async with (
        serving(answering(*parts)) as server,
        wiring(deadlines=hasty, caps=Caps(body_bytes=8)) as wire,
        client(wire) as http,
    ):
        with pytest.raises(error) as caught:
            await http.get(server.url)
        assert isinstance(caught.value, httpx.RequestError)
        assert caught.value.request.url == server.url


async def test_a_cut_answer_and_a_refused_connection_are_errors_too() -> None:
    async with (
        serving(answering(OK[:-1], close=True)) as server,
        wiring() as wire,
        client(wire) as http,
    ):
        with pytest.raises(httpx.RemoteProtocolError, match="before the end"):
            await http.get(server.url)
        with pytest.raises(httpx.ConnectError, match="refused"):
            await http.get("http://127.0.0.1:1")
        with pytest.raises(httpx.LocalProtocolError, match="GET or POST"):
            await http.head(server.url)


async def test_a_timeout_given_to_httpx_is_kept() -> None:
    async with serving(answering()) as server, wiring() as wire, client(wire) as http:
        with pytest.raises(httpx.ReadTimeout):
            await http.get(server.url, timeout=0.1)


async def test_redirects_are_not_followed() -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(head)) as server, wiring() as wire:
        async with client(wire) as http:
            assert (await http.get(server.url)).status_code == 302
        assert len(server.requests) == 1


def test_every_failure_of_the_wire_is_an_error_of_httpx() -> None:
    assert set(transport._ERRORS) == set(get_args(FailureKind))


async def test_a_call_without_a_descriptor_is_an_error_and_no_bug() -> None:
    async with serving(answering(OK)) as server, wiring() as wire, client(wire) as http:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (16, limits[1]))
        try:
            with pytest.raises(httpx.ConnectError, match="It was not sent"):
                await http.get(server.url)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)


async def dying(visitor: Visitor, writer: asyncio.StreamWriter) -> None:
    """Answers the first request of each connection; leaves after the second."""
    await visitor.request()
    writer.write(OK)
    await visitor.request()


async def test_a_get_that_its_kept_connection_lost_is_asked_once_more() -> None:
    async with serving(dying) as server, wiring() as wire, client(wire) as http:
        for _ in range(2):
            assert (await http.get(server.url)).text == "ok"
        assert (len(server.requests), server.connections) == (3, 2)


async def test_a_post_that_its_kept_connection_lost_is_never_asked_again() -> None:
    async with serving(dying) as server, wiring() as wire, client(wire) as http:
        assert (await http.post(server.url)).text == "ok"
        with pytest.raises(httpx.RemoteProtocolError, match="before any byte"):
            await http.post(server.url)
        assert len(server.requests) == 2


async def test_a_get_that_is_lost_on_a_fresh_connection_is_lost() -> None:
    async def script(visitor: Visitor, writer: asyncio.StreamWriter) -> None:
        await visitor.request()

    async with serving(script) as server, wiring() as wire, client(wire) as http:
        with pytest.raises(httpx.RemoteProtocolError, match="before any byte"):
            await http.get(server.url)
        assert len(server.requests) == 1


async def test_a_client_of_one_origin_sends_nothing_to_another() -> None:
    """Its headers may hold a key: neither an absolute address nor a redirect leads it
    away, and another port or scheme of its own host is another origin."""
    async with serving(answering(OK)) as other, wiring() as wire:
        away = (
            f"HTTP/1.1 302 Found\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n"
        )
        async with (
            serving(answering(away.encode())) as own,
            client(wire, own.url, {"Authorization": "Bearer secret"}) as http,
        ):
            assert (await http.get("/models")).status_code == 302
            for url in (
                other.url,
                own.url.replace("http:", "https:"),
                "http://b.test/x",
            ):
                with pytest.raises(httpx.UnsupportedProtocol, match="not the origin"):
                    await http.get(url)
                with pytest.raises(httpx.UnsupportedProtocol, match="not the origin"):
                    await http.get("/models", follow_redirects=True)
    assert (other.connections, other.requests) == (0, [])
