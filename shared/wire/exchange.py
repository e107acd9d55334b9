"""One call on the wire: what was sent when, what came when, and how it ended."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from shared.wire.limits import Caps
from shared.wire.parse import Parse, Read, Response

_LINE_ENDS = b"\r\n"

FailureKind = Literal[
    "not_sent",
    "connect_error",
    "timeout_connect",
    "disconnected",
    "timeout_first_token",
    "timeout_idle",
    "timeout_total",
    "protocol_error",
    "cut",
    "cancelled",
]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a call did not end properly; `cut` is a connection closed before the end of
    the answer, `disconnected` one closed before a byte of it: whether the request was
    worked on, and billed, is unknown. `not_sent` is a connection for which this process
    had no room."""

    kind: FailureKind
    detail: str
    """A sentence without secrets or content."""


class ConnectTimes(NamedTuple):
    """What the opening of one connection was spent on, seconds."""

    dns_s: float
    tcp_s: float
    proxy_s: float
    tls_s: float

    @property
    def total_s(self) -> float:
        return self.dns_s + self.tcp_s + self.proxy_s + self.tls_s


class LateRead(NamedTuple):
    """A read of which something may have come before its stamp."""

    slack_s: float
    """By so much at most."""
    data: bytes | None
    """What it holds of the body, whose end came at the stamp. None: the stamp is the
    loop's, and nothing of it is exact."""


@dataclass(slots=True, eq=False)
class Exchange:
    """A request and its answer. Times are absolute seconds of `time.monotonic()`."""

    caps: Caps = field(default_factory=Caps)
    """How much of it is read at most."""
    sent_s: float | None = None
    """Just before the first byte of the request was handed to a connection that was
    ready; None when there never was one."""
    times: ConnectTimes | None = None
    """The opening of the connection, by this call or ahead of it (`warm`); None when it
    had carried a call before, or never was open."""
    reused: bool = False
    """The connection had carried a call before."""
    peer: str | None = None
    """`address:port` of the other end; that of the proxy where there is one."""
    reads: list[Read] = field(default_factory=list)
    """(stamp, bytes) as they came from the socket, TLS removed, nothing else."""
    slacks: list[float] = field(default_factory=list)
    """Per read: its stamp minus the last moment when the socket was known empty."""
    loop_slacks: dict[float, float] = field(default_factory=dict)
    """Stamp -> slack of the reads without a kernel stamp."""
    ended_s: float | None = None
    """The stamp of the read that completed the answer, or the moment of the failure;
    None while the call is open."""
    failure: Failure | None = None
    """None while the call is open, and after a complete answer of whatever status."""
    _parse: Parse | None = None

    @property
    def connect_s(self) -> float | None:
        """Name, TCP, proxy and TLS; None on one that had carried a call before."""
        return None if self.times is None else self.times.total_s

    @property
    def first_byte_s(self) -> float | None:
        """Stamp of the first read, of the head or not; None when nothing came."""
        return self.reads[0][0] if self.reads else None

    def slack_s(self, used: Container[float] | None = None) -> float | None:
        """How much later than true a stamp of this answer may be, at most, seconds.

        The largest slack among reads that complete more than one event of an event
        stream, and all reads without a kernel stamp; None where there is no such read.
        used: the stamps on which a number depends; reads with others do not count, such
        as the last one, in which the usage and the end come together. None: all.
        """
        return max(
            (
                late.slack_s
                for stamp_s, late in self.late_reads().items()
                if used is None or stamp_s in used or late.data is None
            ),
            default=None,
        )

    def late_reads(self) -> dict[float, LateRead]:
        """Stamp -> the read: of those that complete more than one event of an event
        stream, and of those without a kernel stamp. Every other stamp is exact."""
        response = self.response()
        found = {
            stamp_s: LateRead(slack_s, None)
            for stamp_s, slack_s in self.loop_slacks.items()
        }
        if not response.headers.get("content-type", "").startswith("text/event-stream"):
            return found
        before_s, tail = self.sent_s or 0.0, b""
        slacks = self._parse.slacks if self._parse else ()
        for (stamp_s, data), slack_s in zip(response.pieces, slacks, strict=True):
            if data[0] in _LINE_ENDS or b"\r" in data:
                ends = (tail[-1:] + data).count(b"\n\n")
                ends += (tail[-3:] + data).count(b"\r\n\r\n")
            else:
                ends = data.count(b"\n\n")
            if ends > 1 and stamp_s not in found:
                # What the read before this one left behind was nothing.
                found[stamp_s] = LateRead(min(slack_s, stamp_s - before_s), data)
            before_s, tail = stamp_s, data
        return found

    def own_up(self, stamp_s: float, slack_s: float) -> None:
        """The next read will have the loop's stamp only."""
        slack_s = min(slack_s, stamp_s - self._last_s())
        self.loop_slacks[stamp_s] = max(self.loop_slacks.get(stamp_s, 0.0), slack_s)

    def _last_s(self) -> float:
        """When its socket was surely empty: at the last read, or the sending."""
        return self.reads[-1][0] if self.reads else self.sent_s or 0.0

    def parse(self) -> Parse:
        """Parse what has come since the last time."""
        parse = self._parse
        if parse is None:
            parse = self._parse = Parse()
        if parse.released:
            return parse
        parse.feed(self.reads, self.slacks)
        if self.ended_s is not None:
            parse.release()
        return parse

    def end(self, ended_s: float) -> None:
        """No more will come."""
        self.ended_s = ended_s
        if self._parse is not None:
            self.parse()

    def response(self) -> Response:
        """What has come so far, parsed; costs the parsing of what is new."""
        return self.parse().response()
