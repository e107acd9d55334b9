"""The wire: an HTTP/1.1 client that dates every read.

Callbacks at its heart, so that a request costs neither a task nor a future; reads are
kept as (stamp, bytes) and parsed when the end has come. A request whose bytes were
handed to a socket is never sent again. Redirects are not followed, content is not
decoded, environment proxies are not looked at.

    limits                  Deadlines, Caps
    request                 Origin, Request, request()
    call                    the life of one exchange
    exchange                Exchange, Failure: what happened
    parse                   Response; llhttp, late: what the answer says
    head                    plain heads, without llhttp
    framing, done           where an answer ends, so that parsing can wait
    timer, pacer            timers, and waking at absolute times
    scheme                  TLS and plain HTTP taken for each other
    connection/dial         name, TCP, proxy, TLS (names, tls)
    connection/link         one open connection
    connection/stamps       when its bytes arrived
    connection/pool, keep   the idle ones, and for how long
    transport               httpx over the wire
"""

import asyncio
import ssl
import time
from dataclasses import dataclass

from shared.settings.called import SETTINGS, Called
from shared.wire.call import Call, HasToken, OnEnd, OnRead
from shared.wire.connection.dial import Await, CannotConnect, Dialer
from shared.wire.connection.keep import KEEP_S
from shared.wire.connection.link import Link, User
from shared.wire.connection.pool import Pool
from shared.wire.connection.stamps import Stamps
from shared.wire.connection.tls import tls_context
from shared.wire.exchange import (
    ConnectTimes,
    Exchange,
    Failure,
    FailureKind,
)
from shared.wire.limits import Caps, Deadlines
from shared.wire.parse import Response
from shared.wire.request import Origin, Request, request

__all__ = [
    "Call",
    "Caps",
    "ConnectTimes",
    "Deadlines",
    "Exchange",
    "Failure",
    "FailureKind",
    "Origin",
    "Request",
    "Response",
    "StampCounts",
    "Wire",
    "request",
    "tls_context",
]

_PRUNE_S = 0.5
_OPENING_AT_ONCE = 64  # fewer than the backlog of any server that is meant for load


@dataclass(frozen=True, slots=True)
class StampCounts:
    """How the reads so far were dated."""

    kernel: int
    """By the kernel, at the packet's arrival."""
    loop: int
    """By the loop, since the kernel gave no stamp."""
    clamped: int
    """By the loop, since the kernel's stamp could not be true."""


class Wire:
    """Sends requests and dates their answers, on the loop that runs when it is made.

    `tls` is a client context (`tls_context(ca_file)`), by default the system's
    authorities. `proxy` is `http://[user:password@]host:port`, used by CONNECT.
    Raises ValueError for a proxy that is anything else. `deadlines` hold for calls that
    bring none of their own. `called` are the names of what is set, for sentences.
    """

    def __init__(
        self,
        *,
        deadlines: Deadlines,
        caps: Caps,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
        kernel_stamps: bool = True,
        called: Called = SETTINGS,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self.deadlines = deadlines
        self._caps = caps
        self._open: set[Call] = set()
        self._pool = Pool()
        self._stamps = Stamps(self._loop, self._sweep)
        self._dialer = Dialer(
            self._stamps,
            tls=tls,
            proxy=proxy,
            kernel_stamps=kernel_stamps,
            called=called,
        )
        self._closed = False
        self._pruning: asyncio.TimerHandle | None = None

    @property
    def open_calls(self) -> int:
        """Calls that have been started and have not ended."""
        return len(self._open)

    @property
    def idle_connections(self) -> int:
        """Connections that wait for a call."""
        return len(self._pool)

    @property
    def stats(self) -> StampCounts:
        """Reads so far, by how they were dated."""
        stamps = self._stamps
        return StampCounts(stamps.kernel, stamps.loop_only, stamps.clamped)

    def start(
        self,
        request: Request,
        on_end: OnEnd,
        *,
        deadlines: Deadlines | None = None,
        caps: Caps | None = None,
        has_token: HasToken | None = None,
        on_read: OnRead | None = None,
        fresh: bool = False,
    ) -> Call:
        """Send at once on an idle connection, else open one first; `fresh` does so in
        any case.

        `on_end(exchange)` is called exactly once and never before this returns; it may
        start the next call. `on_read(exchange)` is called after each read.
        `has_token(exchange)` is asked once, when the first token is due; without it any
        byte will do, be it of the head. None of them may raise.
        Failures of the network do not raise here: they are `exchange.failure`.
        RuntimeError when the wire is closed.
        """
        if self._closed:
            raise RuntimeError("this wire is closed; make a new one")
        call = Call(
            self,
            request,
            caps or self._caps,
            deadlines or self.deadlines,
            on_end,
            on_read,
            has_token,
        )
        self._open.add(call)
        self._stamps.start()
        link = None if fresh else self._pool.take(request.origin)
        if link is None:
            call.connect()
        else:
            call.send(link)
        return call

    async def exchange(
        self,
        request: Request,
        *,
        deadlines: Deadlines | None = None,
        has_token: HasToken | None = None,
        on_read: OnRead | None = None,
    ) -> Exchange:
        """`start`, awaited. Cancelling it closes the connection."""
        ended: asyncio.Future[Exchange] = self._loop.create_future()

        def on_end(exchange: Exchange) -> None:
            if not ended.done():
                ended.set_result(exchange)

        call = self.start(
            request,
            on_end,
            deadlines=deadlines,
            has_token=has_token,
            on_read=on_read,
        )
        try:
            return await ended
        finally:
            call.cancel()

    async def warm(self, origin: Origin, n: int) -> int:
        """Open connections until `n` are idle, and say how many are.

        Fewer than `n` when some could not be opened within the connect deadline; the
        calls that then lack one will open it themselves, and say why they cannot.
        """
        gate = asyncio.Semaphore(_OPENING_AT_ONCE)

        async def open_one() -> None:
            async with gate:
                try:
                    async with asyncio.timeout(self.deadlines.connect_s):
                        link = await self._dialer.dial(origin, self._pool, str)
                except (CannotConnect, TimeoutError):
                    return
                self.keep_alive(link, KEEP_S)

        missing = n - self._pool.count(origin)
        await asyncio.gather(*(open_one() for _ in range(missing)))
        return self._pool.count(origin)

    async def aclose(self) -> None:
        """Cancel what is open, close what is idle. May be called twice."""
        if self._closed:
            return
        self._closed = True
        for call in list(self._open):
            call.cancel()
        self._pool.close()
        self._dialer.close()
        if self._pruning is not None:
            self._pruning.cancel()
        self._stamps.close()
        await asyncio.sleep(0)  # lets the cancelled openings close their sockets

    # For its calls

    async def dial(self, origin: Origin, user: User, awaits: Await) -> Link:
        """A new link to an origin."""
        return await self._dialer.dial(origin, user, awaits)

    def keep_alive(self, link: Link, keep_s: float) -> None:
        """Take back a link that is ready for another call within so many seconds."""
        if self._closed:
            return link.close()
        self._pool.give(link, keep_s)
        if self._pruning is None:
            self._pruning = self._loop.call_later(_PRUNE_S, self._prune)

    def _prune(self) -> None:
        """Close what was idle for too long, for as long as anything is idle."""
        self._pool.prune()
        more = len(self._pool) > 0
        self._pruning = self._loop.call_later(_PRUNE_S, self._prune) if more else None

    def lost(self, link: Link) -> None:
        """A kept link ended under a request."""
        self._pool.lost(link)

    def forget(self, call: Call) -> None:
        """A call has ended."""
        self._open.discard(call)

    def _sweep(self) -> None:
        """End what is overdue; called every 50 ms while calls are open."""
        if not self._open:
            return self._stamps.stop()
        now_s = time.monotonic()
        for call in [call for call in self._open if call.due_s <= now_s]:
            if call.exchange.ended_s is None:  # another one's end may have ended it
                call.check(now_s)
