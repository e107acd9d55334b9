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
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from shared.settings.called import Called
from shared.standards.http import PORTS
from shared.wire.connection import scheme
from shared.wire.connection.link import Link, User
from shared.wire.connection.names import Address, Names
from shared.wire.connection.stamps import Stamps, ask_for_stamps
from shared.wire.connection.tls import Tls, tls_context
from shared.wire.exchange import ConnectTimes
from shared.wire.request import Origin

SPARE = 32
"""Descriptors that calls leave alone: without one for the store a worker loses its
leases, and with them the run."""

_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)

ADDRESS_S = 3.0
"""For each address but the last: a dead IPv6 route must not eat the whole deadline."""

_PROXY_HEAD_BYTES = 65_536
_RECEIVE_BYTES = 16_384
_PERHAPS_HTTP = "If this port speaks plain HTTP, the base URL must begin with http://"
_STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})")
_TUNNEL_IS_OPEN = re.compile(rb"HTTP/1\.[01] 2(?s:(?!\r\n\r\n).)*\r\n\r\n")

Await = Callable[[str], object]
"""Told what is waited for, for whoever loses patience."""


class CannotConnect(Exception):
    """One sentence; becomes a `connect_error`."""


class NoSocketLeft(CannotConnect):
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
        called: Called,
    ) -> None:
        """called: what to tell people to change."""
        self._loop = asyncio.get_running_loop()
        self._stamps = stamps
        self._tls = tls
        self._proxy: Origin | None = None
        self._credentials = ""
        if proxy:
            self._proxy, self._credentials = _read_proxy(proxy)
        self._kernel_stamps = kernel_stamps
        self._called = called
        self._names = Names()

    def close(self) -> None:
        """Ask for no more names."""
        self._names.close()

    async def dial(self, origin: Origin, user: User, awaits: Await) -> Link:
        """An open link that belongs to `user`. Raises CannotConnect.

        Has no deadline of its own; cancelling it closes what was open.
        """
        begun_s = time.monotonic()
        first = self._proxy or origin
        awaits(f"the address of {first.host}")
        addresses = await self._resolve(first)
        named_s = time.monotonic()
        awaits(f"{first.authority} to take the connection")
        sock = await self._connect(first, addresses)
        try:
            connected_s = time.monotonic()
            if self._proxy is not None:
                awaits(f"the tunnel of the proxy {first.authority}")
                await self._tunnel(sock, self._proxy, origin)
            tunnelled_s = time.monotonic()
            tls = None
            if origin.scheme == "https":
                awaits(f"the TLS handshake of {origin.authority}. {_PERHAPS_HTTP}")
                tls = await self._shake(sock, origin)
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

    async def _resolve(self, origin: Origin) -> Sequence[Address]:
        try:
            return await self._names.addresses(origin.host, origin.port)
        except (OSError, ValueError) as error:  # UnicodeError is a ValueError
            raise CannotConnect(
                f"The name {origin.host} has no address ({_reason(error)})."
                f" Check {self._setting} and this machine's DNS."
            ) from None

    async def _connect(self, to: Origin, addresses: Sequence[Address]) -> socket.socket:
        why, no_port = "no address", False
        for address in addresses:
            patience_s = None if address is addresses[-1] else ADDRESS_S
            try:
                async with asyncio.timeout(patience_s):
                    sock = await self._connect_one(*address)
            except OSError as error:  # TimeoutError is one
                why = _reason(error)
                if error.errno in _NO_DESCRIPTOR:
                    raise _no_socket_left(why) from None
                # Of an IPv6 address that never worked it says that there is no IPv6.
                no_port = no_port or (
                    error.errno == errno.EADDRNOTAVAIL
                    and (
                        address[0] == socket.AF_INET
                        or self._names.has_worked(to.host, to.port, address)
                    )
                )
            else:
                self._names.worked(to.host, to.port, address)
                return sock
        self._names.forget(to.host, to.port)
        if no_port:
            raise _no_socket_left(why)
        raise CannotConnect(
            f"Could not connect to {to.authority} ({why}). Is the address in"
            f" {self._setting} right, and does something listen there?"
        )

    @property
    def _setting(self) -> str:
        """Where the address comes from that is connected to."""
        return self._called.base_url if self._proxy is None else self._called.proxy

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
                f" {to.authority}. Check {self._called.proxy}."
            )

    async def _shake(self, sock: socket.socket, origin: Origin) -> Tls:
        context = self._tls or tls_context()
        received, heard = b"", False
        remedy = "If its authority is your own, name the CA file in the settings."
        try:
            tls = Tls(context, origin.name)
            while True:
                answer, done = tls.shake(received)
                if answer:
                    await self._loop.sock_sendall(sock, answer)
                if done:
                    return tls
                received = await self._loop.sock_recv(sock, _RECEIVE_BYTES)
                if not heard and scheme.is_http(received):
                    raise CannotConnect(
                        f"TLS with {origin.authority} failed. {scheme.SPEAKS_HTTP}"
                    )
                heard = heard or bool(received)
                if not received:
                    raise ConnectionResetError(None, "the server hung up")
        except ssl.SSLCertVerificationError as error:
            why = f"certificate verify failed: {error.verify_message}"
        except ConnectionError as error:
            if heard:
                raise
            why = _reason(error)
            remedy = f"{_PERHAPS_HTTP}."
        except (ssl.SSLError, ValueError) as error:
            why = getattr(error, "reason", None) or "not TLS"
        raise CannotConnect(f"TLS with {origin.authority} failed ({why}). {remedy}")


def _socket(family: int) -> socket.socket:
    """A new socket, unless it takes a descriptor of those to spare: the system gives
    the lowest one that is free, so its number tells how many are in use."""
    sock = socket.socket(family, socket.SOCK_STREAM)
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and sock.fileno() >= most - SPARE:
        sock.close()
        raise NoSocketLeft(
            f"It was not sent: this worker may open {most} descriptors and has none to"
            " spare. Raise its limit (ulimit -n), or open fewer calls per worker."
        )
    return sock


def _no_socket_left(why: str) -> NoSocketLeft:
    return NoSocketLeft(
        f"It was not sent: this worker has no descriptor or no port left ({why})."
    )


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
    origin = Origin.of(f"http://{host}:{parts.port or PORTS['http']}")
    if parts.username is None:
        return origin, ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    basic = base64.b64encode(pair.encode("utf-8")).decode("ascii")
    return origin, f"Proxy-Authorization: Basic {basic}\r\n"
