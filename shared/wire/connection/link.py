"""A link: one open connection, TLS or not, that reads, dates and sends."""

import asyncio
import select
import socket
import ssl
import time
from typing import Protocol

from shared.wire.connection.stamps import READ_BYTES, Stamps
from shared.wire.connection.tls import Tls
from shared.wire.exchange import ConnectTimes
from shared.wire.request import Origin

_MOST_READS = 8
"""TLS sends tickets, in a read or two, and nothing else unasked."""


class User(Protocol):
    """Who has the link at the moment: a call, or the pool that keeps it."""

    def on_bytes(
        self, link: "Link", stamp_s: float, data: bytes, slack_s: float, dated: bool
    ) -> None:
        """Bytes came; `dated` is False when the stamp is only the loop's."""

    def on_closed(self, link: "Link", at_s: float, clean: bool, detail: str) -> None:
        """Nothing more will come; `clean` when the peer said so in its own words."""

    def on_broken(self, link: "Link", detail: str) -> None:
        """What came is not TLS."""


class Link:
    """An open connection to an origin. Reads as long as it is open, also when idle.

    One registration with the loop serves all its calls: that is two system calls less
    for each, and the death of a kept connection is seen at once.
    """

    __slots__ = (
        "_backlog_s",
        "_fd",
        "_loop",
        "_sock",
        "_stamps",
        "_tls",
        "_unsent",
        "calls",
        "is_over",
        "kept_until_s",
        "origin",
        "peer",
        "times",
        "user",
    )

    def __init__(
        self,
        stamps: Stamps,
        sock: socket.socket,
        tls: Tls | None,
        origin: Origin,
        times: ConnectTimes,
        user: User,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stamps = stamps
        self._sock = sock
        self._fd = sock.fileno()
        self._tls = tls
        self._unsent = b""
        self._backlog_s = 0.0
        self.origin = origin
        self.times = times
        self.user = user
        self.calls = 0
        """How many it has carried."""
        self.is_over = False
        """The peer has said that nothing more will come."""
        self.kept_until_s = 0.0
        """While idle: when it is to be closed, absolute."""
        host, port = sock.getpeername()[:2]
        self.peer = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._loop.add_reader(self._fd, self._readable)

    @property
    def all_sent(self) -> bool:
        return not self._unsent

    @property
    def closed(self) -> bool:
        return self._fd < 0

    def read_pending(self) -> None:
        """Read what has come by now, which the loop may not have seen; the user hears
        of it. What never stops coming closes the link."""
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        for _ in range(_MOST_READS):
            if not poll.poll(0):
                return
            self._readable()
            if self.closed:
                return
        self.user.on_broken(self, "more than anybody asked for")

    def send(self, data: bytes) -> None:
        """Hand bytes to the socket, the rest when it has room again.

        Never raises. On a connection that is dead the reader hears of it, and hears
        first what the peer had to say, such as a 413.
        """
        self._transmit(data if self._tls is None else self._tls.seal(data))

    def close(self) -> None:
        """Close the socket; nothing is called back any more. May be called twice."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            if self._unsent:
                self._loop.remove_writer(self._fd)
            self._fd = -1
            self._sock.close()

    def _transmit(self, data: bytes) -> None:
        if self._unsent:
            self._unsent += data
            return
        self._unsent = self._push(data)
        if self._unsent:
            self._loop.add_writer(self._fd, self._writable)

    def _push(self, data: bytes) -> bytes:
        """What the socket did not take."""
        try:
            return data[self._sock.send(data) :]
        except (BlockingIOError, InterruptedError):
            return data
        except OSError:
            return b""  # the reader will be told

    def _writable(self) -> None:
        self._unsent = self._push(self._unsent)
        if not self._unsent:
            self._loop.remove_writer(self._fd)

    def _readable(self) -> None:
        stamps = self._stamps
        # A full read may leave bytes behind which are older than the last poll.
        since_s = self._backlog_s or stamps.empty_s
        try:
            data, stamp_s, dated = stamps.receive(self._sock, since_s)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            return self._closed(False, error.strerror or "the connection broke")
        self._backlog_s = since_s if len(data) == READ_BYTES else 0.0
        if not data:
            return self._closed(self._tls is None, "the server closed the connection")
        if self._tls is not None:
            try:
                data, answer, self.is_over = self._tls.open(data)
            except ssl.SSLError as error:
                self.user.on_broken(self, f"broken TLS ({error.reason or 'record'})")
                return
            if answer:
                self._transmit(answer)
        if data:
            self.user.on_bytes(self, stamp_s, data, stamp_s - since_s, dated)
        if self.is_over:
            self._closed(True, "the server closed the connection")

    def _closed(self, clean: bool, detail: str) -> None:
        if self._fd >= 0:  # the last bytes may have ended its use
            self.user.on_closed(self, time.monotonic(), clean, detail)
