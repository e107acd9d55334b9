"""Names, addresses and ports: which are tried, and what is said of those that fail."""

import asyncio
import errno
import socket
from contextlib import suppress
from typing import Any

import pytest

from shared.wire.wire import Deadlines, Exchange, Origin, request, tls_context
from tests.shared.own_authority import Authority
from tests.shared.wire.scripted_server import (
    OK,
    answering,
    failure,
    serving,
    wiring,
)


def ipv6_loopback() -> bool:
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


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
