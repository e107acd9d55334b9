"""A tunnel through a proxy that is named, and none through one that is not."""

import asyncio

import pytest

from shared.wire.wire import Origin, request, tls_context
from tests.shared.own_authority import Authority
from tests.shared.wire.scripted_server import (
    OK,
    Visitor,
    answering,
    failure,
    serving,
    tunnelling,
    wiring,
)


def proxy_of(url: str, user: str = "") -> str:
    return url.replace("http://", f"http://{user}")


async def test_a_proxy_is_asked_for_a_tunnel_also_to_http_origins(
    authority: Authority,
) -> None:
    heads: list[bytes] = []
    opened = b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"
    async with (
        serving(tunnelling(heads, opened)) as proxy,
        serving(answering(OK)) as plain,
        serving(answering(OK), tls=authority.server) as secure,
        wiring(
            proxy=proxy_of(proxy.url, "us%20er:pa%3Ass@"), tls=tls_context(authority.ca)
        ) as wire,
    ):
        for server in (plain, secure):
            for reused in (False, True):
                exchange = await wire.exchange(server.get())
                assert exchange.failure is None
                assert exchange.response().body == b"ok"
                assert exchange.reused is reused
                assert exchange.peer == proxy.url.removeprefix("http://")
                assert exchange.times is None or exchange.times.proxy_s > 0
            assert not any(b"Proxy" in asked for asked in server.requests)
        assert [head.split()[:2] for head in heads] == [
            [b"CONNECT", Origin.of(server.url).authority.encode()]
            for server in (plain, secure)
        ]
        # "us er:pa:ss"
        assert b"\r\nProxy-Authorization: Basic dXMgZXI6cGE6c3M=\r\n" in heads[0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "answered 407"),
        (b"hello\r\n\r\n", "did not speak HTTP"),
        (b"", "did not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "answered 200"),
    ],
)
async def test_a_proxy_that_refuses_is_a_connect_error_without_the_password(
    answer: bytes, said: str
) -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        await client.request()
        writer.write(answer)

    async with (
        serving(script) as proxy,
        wiring(proxy=proxy_of(proxy.url, "me:secret@")) as wire,
    ):
        kind, detail = failure(
            await wire.exchange(request("GET", "http://upstream.example/x"))
        )
        assert kind == "connect_error"
        assert said in detail
        assert "UPSTREAM_PROXY" in detail
        assert "secret" not in detail


@pytest.mark.parametrize("proxy", ["socks5://a:1", "a:1", "https://u:secret@a"])
async def test_a_proxy_that_is_not_plain_http_is_refused_at_the_start(
    proxy: str,
) -> None:
    with pytest.raises(ValueError, match="http://") as caught:
        async with wiring(proxy=proxy):
            pass
    assert "secret" not in str(caught.value)


async def test_a_wire_ignores_the_proxies_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with serving(answering(OK)) as server, wiring() as wire:
        assert (await wire.exchange(server.get())).failure is None
