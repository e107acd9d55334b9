"""One call at the upstream of the faults: what it was, and how its script answers."""

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal

from simulator import bodies

COST_USD = Decimal("0.000125")
TOKENS = 4
STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
)
CHUNKED = STREAM[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
KEPT = CHUNKED.replace(b"Connection: close\r\n", b"")
MIB = 2**20


@dataclass
class Called:
    """One call, as it truly was."""

    id: str
    model: str
    prompt: str
    key: str
    connection: int
    cost_usd: Decimal = COST_USD
    """What a whole answer says that it costs."""
    at_s: float = field(default_factory=time.monotonic)
    whole: bool = False
    """Everything was sent that this script has."""
    sent: int = 0
    """Bytes."""


@dataclass
class Fault:
    """A running upstream."""

    gap_s: float
    ledger: list[Called] = field(default_factory=list)
    open: int = 0
    """Calls whose connection is open now."""
    url: str = ""
    down: int | None = None
    """The status with which every `ok` is refused; 0: its connection ends without a
    byte; None: it is up."""

    def of(self, model: str) -> list[Called]:
        return [call for call in self.ledger if call.model == model]


class Talk:
    """One connection's call, for its script."""

    def __init__(self, fault: Fault, call: Called, writer: asyncio.StreamWriter):
        self.fault, self.call, self._writer = fault, call, writer
        self.keeps = False
        """Its connection is open for another call."""

    async def send(self, data: bytes) -> None:
        self.call.sent += len(data)
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Close with RST: what is unread at the other side is gone."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Script = Callable[[Talk, str], Awaitable[None]]


def events(call: Called) -> list[bytes]:
    """A proper answer, event by event."""
    head = bodies.Head(call.id, 1_760_000_000, call.model)
    words = [bodies.chunk(head, {"content": f"w{i} "}) for i in range(TOKENS)]
    usage = bodies.usage(3, TOKENS, cost_usd=call.cost_usd)
    last = bodies.chunk(head, {"content": ""}, finish_reason="stop")
    told = [*words, last, bodies.usage_chunk(head, usage)]
    return [*map(bodies.event, told), bodies.DONE]


def framed(call: Called) -> list[bytes]:
    """The proper answer as HTTP sends it: in chunks, so that its end can be told."""
    return [*(b"%x\r\n%b\r\n" % (len(e), e) for e in events(call)), b"0\r\n\r\n"]


def answer(status: int, body: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n" % status
    more += b"Connection: close\r\n"  # as it does: else calls are sent into the end
    return head + more + b"Content-Length: %d\r\n\r\n" % len(body) + body
