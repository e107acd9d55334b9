"""Opening a connection: name, TCP, the proxy's tunnel, TLS; each timed on its own."""

import asyncio
import base64
import errno
import os
import re
import resource
import socket
import ssl
import time
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.upstream.wire_exchange import ConnectTimes
from shared.upstream.wire_link import Link, User
from shared.upstream.wire_request import Origin
from shared.upstream.wire_stamps import Stamps, ask_for_stamps
from shared.upstream.wire_tls import Tls, tls_context

NAMES_KEPT_S = 60.0
"""How long the addresses of a name are believed without asking again."""

SPARE = 32
"""Descriptors that calls leave alone: without one for the store a worker loses its
leases, and with them the run."""

_OURS = (errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL)

ADDRESS_S = 3.0
"""For each address but the last: a dead IPv6 route must not eat the whole deadline."""

_PROXY_HEAD_BYTES = 65_536
_RECEIVE_BYTES = 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_TUNNEL_IS_OPEN = re.compile(rb"HTTP/1\.[01] 2(?s:(?!\r\n\r\n).)*\r\n\r\n")

Address = tuple[int, Any]  # family, and the sockaddr that goes with it


class CannotConnect(Exception):
    """One sentence; becomes a `connect_error`."""


class NoRoom(CannotConnect):
    """It is this process that can open no more connections: no fault of the upstream.

    Becomes `not_sent`.
    """


class Dialer:
    """Opens links to origins, through a proxy if there is one."""

    def __init__(
        self,
        stamps: Stamps,
        *,
        tls: ssl.SSLContext | None,
        proxy: str | None,
        kernel_stamps: bool,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stamps = stamps
        self._tls = tls
        self._proxy: Origin | None = None
        self._credentials = ""
        if proxy:
            self._proxy, self._credentials = _read_proxy(proxy)
        self._kernel_stamps = kernel_stamps
        self._names: dict[tuple[str, int], tuple[float, list[Address]]] = {}

    async def dial(self, origin: Origin, user: User) -> Link:
        """An open link that belongs to `user`. Raises CannotConnect.

        Has no deadline of its own; cancelling it closes what was open.
        """
        begun_s = time.monotonic()
        first = self._proxy or origin
        addresses = await self._resolve(first)
        named_s = time.monotonic()
        sock = await self._connect(first, addresses)
        try:
            connected_s = time.monotonic()
            if self._proxy is not None:
                await self._tunnel(sock, self._proxy, origin)
            tunnelled_s = time.monotonic()
            tls = await self._shake(sock, origin) if origin.scheme == "https" else None
            times = ConnectTimes(
                dns_s=named_s - begun_s,
                tcp_s=connected_s - named_s,
                proxy_s=tunnelled_s - connected_s,
                tls_s=time.monotonic() - tunnelled_s,
            )
            return Link(self._stamps, sock, tls, origin, times, user)
        except OSError as error:
            sock.close()
            raise CannotConnect(
                f"The connection to {first.authority} broke while it was being opened"
                f" ({_reason(error)})."
            ) from None
        except BaseException:
            sock.close()
            raise

    async def _resolve(self, origin: Origin) -> list[Address]:
        key = (origin.host, origin.port)
        until_s, addresses = self._names.get(key, (0.0, []))
        if time.monotonic() < until_s:
            return addresses
        try:
            found = await self._loop.getaddrinfo(
                origin.host, origin.port, type=socket.SOCK_STREAM
            )
        except (OSError, UnicodeError) as error:
            raise CannotConnect(
                f"The name {origin.host} has no address ({_reason(error)})."
                " Check the URL and this machine's DNS."
            ) from None
        addresses = list(dict.fromkeys((family, at) for family, _, _, _, at in found))
        self._names[key] = (time.monotonic() + NAMES_KEPT_S, addresses)
        return addresses

    async def _connect(self, to: Origin, addresses: list[Address]) -> socket.socket:
        why = "no address"
        for address in addresses:
            patience_s = None if address is addresses[-1] else ADDRESS_S
            try:
                async with asyncio.timeout(patience_s):
                    return await self._connect_one(*address)
            except OSError as error:  # TimeoutError is one
                if error.errno in _OURS:
                    raise NoRoom(
                        "It was not sent: this worker has no descriptor or no port left"
                        f" ({_reason(error)})."
                    ) from None
                why = _reason(error)
        self._names.pop((to.host, to.port), None)  # the name may have moved
        raise CannotConnect(
            f"Could not connect to {to.authority} ({why})."
            " Is the address right, and does something listen there?"
        )

    async def _connect_one(self, family: int, at: Any) -> socket.socket:
        sock = _socket(family)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._kernel_stamps:
                ask_for_stamps(sock)
            await self._loop.sock_connect(sock, at)
        except BaseException:
            sock.close()
            raise
        return sock

    async def _tunnel(self, sock: socket.socket, proxy: Origin, to: Origin) -> None:
        """CONNECT, for http origins too: the proxy must not touch what is timed."""
        ask = (
            f"CONNECT {to.authority} HTTP/1.1\r\n"
            f"Host: {to.authority}\r\n{self._credentials}\r\n"
        )
        await self._loop.sock_sendall(sock, ask.encode("ascii"))
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _PROXY_HEAD_BYTES:
            part = await self._loop.sock_recv(sock, _RECEIVE_BYTES)
            if not part:
                break
            head += part
        # Nobody speaks first in a tunnel, so nothing may stand behind the head.
        if _TUNNEL_IS_OPEN.fullmatch(head) is None:
            status = _STATUS.match(head)
            said = f"answered {status[1].decode()}" if status else "did not speak HTTP"
            raise CannotConnect(
                f"The proxy {proxy.authority} {said} when asked for a tunnel to"
                f" {to.authority}. Check UPSTREAM_PROXY."
            )

    async def _shake(self, sock: socket.socket, origin: Origin) -> Tls:
        context = self._tls or tls_context()
        received = b""
        try:
            tls = Tls(context, origin.host)
            while True:
                answer, done = tls.shake(received)
                if answer:
                    await self._loop.sock_sendall(sock, answer)
                if done:
                    return tls
                received = await self._loop.sock_recv(sock, _RECEIVE_BYTES)
                if not received:
                    raise ConnectionResetError(None, "the server hung up")
        except ssl.SSLCertVerificationError as error:
            why = f"certificate verify failed: {error.verify_message}"
        except (ssl.SSLError, ValueError) as error:
            why = getattr(error, "reason", None) or "not TLS"
        raise CannotConnect(
            f"TLS with {origin.authority} failed ({why})."
            " If its authority is your own, name the CA file in the settings."
        )


def _socket(family: int) -> socket.socket:
    """A new socket, unless it takes a descriptor of those to spare: the system gives
    the lowest one that is free, so its number tells how many are in use."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and sock.fileno() >= most - SPARE:
        sock.close()
        raise NoRoom(
            f"It was not sent: this worker may open {most} descriptors and has none to"
            " spare. Raise its limit (ulimit -n), or open fewer calls per worker."
        )
    return sock


def _reason(error: Exception) -> str:
    """The system's words for an error; asyncio's own hold no more than the address."""
    if isinstance(error, TimeoutError) and not error.args:
        return f"no answer within {ADDRESS_S:g} s"
    number = getattr(error, "errno", None)
    if number and not isinstance(error, socket.gaierror):
        return os.strerror(number)
    return getattr(error, "strerror", None) or type(error).__name__


def _read_proxy(url: str) -> tuple[Origin, str]:
    """The proxy's origin and its Proxy-Authorization line, or an empty one."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        # The URL may hold a password, so it is not shown.
        raise ValueError("the proxy must be given as http://[user:password@]host:port")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    origin = Origin.of(f"http://{host}:{parts.port or 80}")
    if parts.username is None:
        return origin, ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    basic = base64.b64encode(pair.encode("utf-8")).decode("ascii")
    return origin, f"Proxy-Authorization: Basic {basic}\r\n"
