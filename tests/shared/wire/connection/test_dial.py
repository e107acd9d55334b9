"""Opening connections: addresses, TLS, proxies, and what is said when it fails."""

import asyncio
import errno
import socket
from contextlib import suppress
from typing import Any

import pytest

from shared.wire.wire import Deadlines, Exchange, Origin, request, tls_context
from tests.shared.own_authority import Authority
from tests.shared.wire.scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Visitor,
    answering,
    serving,
    tunnelling,
    wiring,
)


def ipv6_loopback() -> bool:
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


def failure(exchange: Exchange) -> tuple[str, str]:
    assert exchange.failure is not None
    return exchange.failure.kind, exchange.failure.detail


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


async def test_a_port_where_nobody_listens_is_a_connect_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with wiring() as wire:
            exchange = await wire.exchange(request("GET", url))
            kind, detail = failure(exchange)
            assert kind == "connect_error"
            assert "refused" in detail
            assert url.removeprefix("http://") in detail
            assert exchange.sent_s is None
            assert exchange.ended_s is not None


async def test_a_name_without_an_address_is_a_connect_error() -> None:
    async with wiring() as wire:
        asked = request("GET", "http://no-such-host.invalid")
        kind, detail = failure(await wire.exchange(asked))
        assert kind == "connect_error"
        assert "no-such-host.invalid" in detail


async def test_a_name_is_tried_at_its_other_addresses_and_asked_for_once() -> None:
    async with serving(answering(OK, close=True)) as server, wiring() as wire:
        asked = []
        loop = asyncio.get_running_loop()
        port = Origin.of(server.url).port
        dialer = wire._dialer

        class Names:
            """A loop whose resolver answers with a dead address first."""

            def __getattr__(self, name: str) -> object:
                return getattr(loop, name)

            async def getaddrinfo(self, host: str, at: int, **_: object) -> object:
                asked.append(host)
                kind = socket.AF_INET, socket.SOCK_STREAM, 6, ""
                return [(*kind, ("127.0.0.1", 1)), (*kind, ("127.0.0.1", port))]

        dialer._names._loop = Names()  # type: ignore[assignment]
        for _ in range(2):
            exchange = await wire.exchange(request("GET", f"http://twice.test:{port}"))
            assert exchange.failure is None
        assert asked == ["twice.test"]


class Resolver:
    """A loop whose resolver answers with these hosts of one port, when it may."""

    def __init__(self, port: int, *hosts: str) -> None:
        self._loop = asyncio.get_running_loop()
        self.asked = 0
        self.may = asyncio.Event()
        self._found = [
            (
                socket.AF_INET6 if ":" in host else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (host, port, 0, 0) if ":" in host else (host, port),
            )
            for host in hosts
        ]

    def __getattr__(self, name: str) -> object:
        return getattr(self._loop, name)

    async def getaddrinfo(self, host: str, at: int, **_: object) -> object:
        self.asked += 1
        await self.may.wait()
        return self._found


async def test_a_name_that_many_want_at_once_is_asked_for_once() -> None:
    ends: list[Exchange] = []
    async with serving(answering(OK)) as server, wiring() as wire:
        port = Origin.of(server.url).port
        names = Resolver(port, "127.0.0.1")
        wire._dialer._names._loop = names  # type: ignore[assignment]
        asked = request("GET", f"http://many.test:{port}")
        calls = [wire.start(asked, ends.append) for _ in range(50)]
        await asyncio.sleep(0.01)
        calls[0].cancel()  # the one that asked; the others wait on
        names.may.set()
        while len(ends) < 50:
            await asyncio.sleep(0.001)
        assert names.asked == 1
        assert sum(end.failure is None for end in ends) == 49


async def test_a_resolver_that_hangs_is_named_at_the_deadline() -> None:
    async with wiring(deadlines=Deadlines(connect_s=0.05)) as wire:
        names = Resolver(1)
        wire._dialer._names._loop = names  # type: ignore[assignment]
        for _ in range(3):
            ended = await wire.exchange(request("GET", "http://slow.test"))
            kind, detail = failure(ended)
            assert kind == "timeout_connect"
            assert "still waiting for the address of slow.test" in detail
        assert names.asked == 1, "each took a thread, of which there are few"


async def test_families_are_tried_in_turn_and_what_works_is_tried_first() -> None:
    tried: list[str] = []
    async with serving(answering(OK, close=True)) as server, wiring() as wire:
        port = Origin.of(server.url).port
        names = Resolver(port, "2001:db8::1", "2001:db8::2", "127.0.0.2", "127.0.0.1")
        names.may.set()
        dialer = wire._dialer
        connect = dialer._connect_one
        dialer._names._loop = names  # type: ignore[assignment]

        async def connect_one(family: int, at: Any) -> socket.socket:
            tried.append(at[0])
            if at[0] != "127.0.0.1":
                raise OSError(errno.ENETUNREACH, "not here")
            return await connect(family, at)

        dialer._connect_one = connect_one  # type: ignore[method-assign]
        for _ in range(2):
            ended = await wire.exchange(request("GET", f"http://four.test:{port}"))
            assert ended.failure is None
        in_turn = ["2001:db8::1", "127.0.0.2", "2001:db8::2", "127.0.0.1"]
        assert tried == [*in_turn, "127.0.0.1"]


@pytest.mark.parametrize(
    ("hosts", "worked", "kind", "word"),
    [
        # no IPv6 on this machine, as in most containers: `localhost` begins with ::1
        (("::1", "127.0.0.1"), "127.0.0.1", None, ""),
        (("::1",), "", "connect_error", "Cannot assign"),
        (("127.0.0.1",), "", "not_sent", "no port left"),
        (("::1", "127.0.0.1"), "", "not_sent", "no port left"),
    ],
)
async def test_an_address_family_that_is_not_there_is_no_want_of_ports(
    hosts: tuple[str, ...], worked: str, kind: str | None, word: str
) -> None:
    async with serving(answering(OK)) as server, wiring() as wire:
        port = Origin.of(server.url).port
        names = Resolver(port, *hosts)
        names.may.set()
        dialer = wire._dialer
        connect = dialer._connect_one
        dialer._names._loop = names  # type: ignore[assignment]

        async def connect_one(family: int, at: Any) -> socket.socket:
            if at[0] != worked:
                raise OSError(errno.EADDRNOTAVAIL, "not here")
            return await connect(family, at)

        dialer._connect_one = connect_one  # type: ignore[method-assign]
        ended = await wire.exchange(request("GET", f"http://mixed.test:{port}"))
        assert (ended.failure and ended.failure.kind) == kind
        assert word in str(ended.failure)


@pytest.mark.skipif(not ipv6_loopback(), reason="no IPv6 loopback on this machine")
async def test_ipv6_is_spoken() -> None:
    async with serving(answering(OK), host="::1") as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert exchange.peer == server.url.removeprefix("http://")
        assert b"Host: [::1]:" in server.requests[0]


@pytest.mark.skipif(not ipv6_loopback(), reason="no IPv6 loopback on this machine")
async def test_ipv6_is_spoken_over_tls_too(authority: Authority) -> None:
    async with (
        serving(answering(OK), host="::1", tls=authority.server) as server,
        wiring(tls=tls_context(authority.ca)) as wire,
    ):
        assert (await wire.exchange(server.get())).failure is None


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
