"""A call: the state of one exchange, from the asking to the one callback at its end."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Protocol

from shared.wire.connection import scheme
from shared.wire.connection.dial import Await, CannotConnect, NoSocketLeft
from shared.wire.connection.link import Link, User
from shared.wire.connection.stamps import SLOP_S
from shared.wire.done import LINGER_S, done_s, hints
from shared.wire.exchange import Exchange, Failure, FailureKind
from shared.wire.framing import Frame
from shared.wire.limits import Caps, Deadlines
from shared.wire.request import Origin, Request

QUIET_S = 1.0
"""After so long without a byte, unparsed reads are parsed: a last chunk with bytes
behind it, or a broken one, is found then and not at a deadline. An answer that keeps
coming is never parsed by this, and one that is quiet disturbs nobody."""

OnEnd = Callable[[Exchange], object]
OnRead = Callable[[Exchange], object]
HasToken = Callable[[Exchange], bool]


class Owner(Protocol):
    """What a call needs of the wire that it belongs to."""

    async def dial(self, origin: Origin, user: User, awaits: Await) -> Link:
        """A new link to an origin. Raises CannotConnect."""

    def keep_alive(self, link: Link, keep_s: float) -> None:
        """Take back a link that is ready for another call within so many seconds."""

    def lost(self, link: Link) -> None:
        """A kept link ended under a request."""

    def forget(self, call: "Call") -> None:
        """A call has ended."""


class Call:
    """One open exchange. `cancel()` is for the caller, the rest is for the wire."""

    __slots__ = (
        "_awaited",
        "_deadlines",
        "_done_s",
        "_frame",
        "_has_token",
        "_linger",
        "_link",
        "_on_end",
        "_on_read",
        "_owner",
        "_request",
        "_task",
        "_token_due_s",
        "due_s",
        "exchange",
    )

    def __init__(
        self,
        owner: Owner,
        request: Request,
        caps: Caps,
        deadlines: Deadlines,
        on_end: OnEnd,
        on_read: OnRead | None,
        has_token: HasToken | None,
    ) -> None:
        self._owner = owner
        self._request = request
        self._deadlines = deadlines
        self._on_end = on_end
        self._on_read = on_read
        self._has_token = has_token
        self._link: Link | None = None
        self._task: asyncio.Task[None] | None = None
        self._frame = Frame(caps)
        self._awaited = "a connection"
        self._linger: asyncio.TimerHandle | None = None
        self._done_s: float | None = None
        self._token_due_s = math.inf
        self.due_s = math.inf
        self.exchange = Exchange(caps=caps)

    def cancel(self) -> None:
        """Close the connection; `on_end` is called before this returns.

        Nothing happens when the call has ended already.
        """
        if self.exchange.ended_s is None:
            self._fail("cancelled", "The call was cancelled on this side.")

    # Beginning

    def connect(self) -> None:
        """Open a connection of its own, then send."""
        self.due_s = time.monotonic() + self._deadlines.connect_s
        self._task = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            link = await self._owner.dial(self._request.origin, self, self._await)
        except CannotConnect as error:
            self._task = None
            ours = isinstance(error, NoSocketLeft)
            self._fail("not_sent" if ours else "connect_error", str(error))
        else:
            self._task = None
            self.send(link)

    def _await(self, what: str) -> None:
        self._awaited = what

    def send(self, link: Link) -> None:
        """Send on a connection that is ready: once, whatever becomes of it then."""
        self._link = link
        link.user = self
        exchange = self.exchange
        exchange.peer = link.peer
        exchange.reused = link.calls > 0
        exchange.times = None if exchange.reused else link.times
        link.calls += 1
        # Before the sending: a fast answer can be here before `send` returns.
        exchange.sent_s = sent_s = time.monotonic()
        link.send(self._request.head_and_body)
        self._token_due_s = sent_s + self._deadlines.first_token_s
        self.due_s = sent_s  # the next sweep sees what is due when

    # Reading

    def on_bytes(
        self, link: Link, stamp_s: float, data: bytes, slack_s: float, dated: bool
    ) -> None:
        exchange = self.exchange
        reads = exchange.reads
        if not reads and stamp_s < (exchange.sent_s or 0.0) - SLOP_S:
            return self._spoken_to_first(link)
        if not dated:
            exchange.own_up(stamp_s, slack_s)
        reads.append((stamp_s, data))
        exchange.slacks.append(slack_s)
        if self._on_read is not None:
            self._on_read(exchange)
            if exchange.ended_s is not None:
                return
        # A stream may end at its last event, without a last chunk.
        if self._frame.wants_parsing(reads) or (self._done_s is None and hints(reads)):
            self._parse_reads()

    def on_closed(self, link: Link, at_s: float, clean: bool, detail: str) -> None:
        exchange = self.exchange
        if not exchange.reads:
            return self._unanswered(link, detail)
        self._parse_reads()
        if exchange.ended_s is None:
            if exchange.parse().ends_by_close and clean:
                self._end(at_s)
            else:
                self._fail("cut", f"{detail} before the end of the answer")

    def on_broken(self, link: Link, detail: str) -> None:
        self._fail("protocol_error", f"The answer is {detail}.")

    def _parse_reads(self) -> None:
        """Parse what has come; ends the call if that was the end or is an error."""
        exchange = self.exchange
        parse = exchange.parse()
        if parse.error:
            why = f"The answer is not acceptable: {parse.error}."
            if scheme.is_tls(exchange.reads[0][1]):
                why = scheme.WANTS_TLS
            self._fail("protocol_error", why)
        elif fault := self._frame.fault(parse, exchange.reads):
            self._fail("protocol_error", f"The answer's {fault}.")
        elif parse.complete_s is not None:
            self._end(parse.complete_s, keep=parse.keep_alive and not parse.extra)
        elif self._done_s is None:
            self._done_s = done_s(parse.pieces)
            if self._done_s is not None:
                loop = asyncio.get_running_loop()
                self._linger = loop.call_later(LINGER_S, self._end, self._done_s)

    def _spoken_to_first(self, link: Link) -> None:
        """The bytes came before the request was sent, so they do not answer it."""
        if self.exchange.reused:
            self._unanswered(link, "the server was closing it already")
        else:
            self._fail("protocol_error", "The server spoke before it was asked.")

    def _unanswered(self, link: Link, detail: str) -> None:
        """The connection ended before any byte. Never sent again from here: it may have
        been worked on, and be billed."""
        kept = ""
        if self.exchange.reused:
            kept = "kept "
            self._owner.lost(link)
        why = f"The {kept}connection ended before any byte of the answer ({detail})."
        if not kept and self._request.origin.scheme == "http":
            why += " If this port expects TLS, the base URL must begin with https://."
        self._fail("disconnected", why)

    # Ending

    def check(self, now_s: float) -> None:
        """End the call if a deadline has passed; else say when to ask again.

        Called by the sweep once `due_s` is reached. No read moves a timer: what is due
        is worked out here from the last stamp.
        """
        exchange, deadlines = self.exchange, self._deadlines
        if exchange.sent_s is None:
            why = f"No connection within {deadlines.connect_s:g} s: still waiting for"
            return self._fail("timeout_connect", f"{why} {self._awaited}.")
        last_s = exchange.reads[-1][0] if exchange.reads else math.inf
        total_due_s = exchange.sent_s + deadlines.total_s
        idle_due_s = last_s + deadlines.idle_s
        if now_s >= min(last_s + QUIET_S, idle_due_s, total_due_s, self._token_due_s):
            if exchange.reads:
                self._parse_reads()
            if exchange.ended_s is not None:
                return
        if now_s >= self._token_due_s:
            self._token_due_s = math.inf
            if not self._token_came():
                return self._fail(
                    "timeout_first_token", f"No token in {deadlines.first_token_s:g} s."
                )
        if now_s >= idle_due_s:
            return self._fail("timeout_idle", f"No byte for {deadlines.idle_s:g} s.")
        if now_s >= total_due_s:
            return self._fail("timeout_total", f"No end in {deadlines.total_s:g} s.")
        self.due_s = min(now_s + QUIET_S, idle_due_s, total_due_s, self._token_due_s)

    def _token_came(self) -> bool:
        if not self.exchange.reads:
            return False
        return self._has_token is None or self._has_token(self.exchange)

    def _fail(self, kind: FailureKind, detail: str) -> None:
        if self._done_s is not None:  # nothing was left that could fail
            return self._end(self._done_s)
        self.exchange.failure = Failure(kind, detail)
        self._end(time.monotonic())

    def _end(self, ended_s: float, keep: bool = False) -> None:
        """The only way out: free the connection first, then tell, exactly once."""
        link, exchange = self._link, self.exchange
        exchange.end(ended_s)
        if keep and link is not None and link.all_sent and not link.is_over:
            self._link = None
            self._owner.keep_alive(link, exchange.parse().keep_s)
        else:
            self._close_link()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        self._owner.forget(self)
        self._on_end(exchange)

    def _close_link(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
