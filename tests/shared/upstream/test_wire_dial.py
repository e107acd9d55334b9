"""Opening connections: addresses, TLS, proxies, and what is said when it fails."""

import asyncio
import socket
import ssl
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from scripted_server import (
    CHUNKED,
    LAST_CHUNK,
    OK,
    Script,
    Visitor,
    answering,
    serving,
    wiring,
)

from shared.upstream.wire import Exchange, Origin, request, tls_context


def ipv6_loopback() -> bool:
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


@dataclass
class Authority:
    """A CA of our own and a certificate of it for 127.0.0.1."""

    ca: Path
    server: ssl.SSLContext


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    at = tmp_path_factory.mktemp("tls")
    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    usage = "basicConstraints=critical,CA:FALSE"
    for line in (
        f"{new} -keyout ca.key -out ca.pem -subj /CN=ca"
        " -addext keyUsage=critical,keyCertSign",
        f"{new} -keyout s.key -out s.pem -subj /CN=s -CA ca.pem -CAkey ca.key"
        f" -addext subjectAltName=IP:127.0.0.1 -addext {usage}",
    ):
        subprocess.run(
            ["openssl", *line.split()], cwd=at, check=True, capture_output=True
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(at / "s.pem", at / "s.key")
    return Authority(at / "ca.pem", context)


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
        assert (await wire.exchange(server.get())).reused


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


async def test_tls_to_a_plain_server_is_a_connect_error() -> None:
    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(script) as server, wiring() as wire:
        server.url = server.url.replace("http:", "https:")
        assert failure(await wire.exchange(server.get()))[0] == "connect_error"


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

        dialer._loop = Names()  # type: ignore[assignment]
        for _ in range(2):
            exchange = await wire.exchange(request("GET", f"http://twice.test:{port}"))
            assert exchange.failure is None
        assert asked == ["twice.test"]


@pytest.mark.skipif(not ipv6_loopback(), reason="no IPv6 loopback on this machine")
async def test_ipv6_is_spoken() -> None:
    async with serving(answering(OK), host="::1") as server, wiring() as wire:
        exchange = await wire.exchange(server.get())
        assert exchange.failure is None
        assert exchange.peer == server.url.removeprefix("http://")
        assert b"Host: [::1]:" in server.requests[0]


def tunnelling(heads: list[bytes], answer: bytes) -> Script:
    """A proxy that notes each CONNECT, answers it, and passes everything on if 2xx."""

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        head = await client.request()
        heads.append(head)
        writer.write(answer)
        if b" 200 " not in answer:
            return
        host, _, port = head.split()[1].decode().rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(port))

        async def pump(reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
            while data := await reader.read(65_536):
                to.write(data)
            to.close()

        await asyncio.gather(pump(client.reader, far_writer), pump(far_reader, writer))

    return script


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
