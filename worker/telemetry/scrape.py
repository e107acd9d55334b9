"""Where Prometheus asks a worker: `GET /metrics` on METRICS_HOST:METRICS_PORT.

Answered on the worker's own loop, a few lines of text at a time, and sockets are read
in between. The library's server is a thread that renders everything in one go (1.5 ms
with three targets, 17 ms with 32), and a loop that stamps answers waits for it 5 ms at
a time, the interpreter's switch interval.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    Metric,
    disable_created_metrics,
    generate_latest,
)

from shared.clock import sleep

log = logging.getLogger("worker.telemetry.scrape")

# Or each series would have a second one, which says when it began.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SLICE_LINES = 32
"""Rendered in some 0.3 ms."""
_EXCHANGE_S = 5.0
"""For one request and its response."""
_MOST_BYTES = 8192
_MOST_AT_ONCE = 8
"""Connections at a time: each takes a descriptor that a call might want."""

Collect = Callable[[], Iterable[Metric]]


async def serve(host: str, port: int, collect: Collect) -> asyncio.Server | None:
    """Answer from now on. port: 0 takes a free one, and the log says which.

    None where the address cannot be had; the worker then works without.
    """
    connections = 0

    async def respond(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        nonlocal connections
        connections += 1
        try:
            if connections <= _MOST_AT_ONCE:
                async with asyncio.timeout(_EXCHANGE_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(await _answer(head, collect))
                    await writer.drain()
        except (OSError, EOFError, asyncio.LimitOverrunError):
            pass  # it left, was too slow or spoke no HTTP
        finally:
            connections -= 1
            writer.close()

    try:
        server = await asyncio.start_server(respond, host, port, limit=_MOST_BYTES)
    except OSError as error:
        log.error(
            "METRICS_PORT=%d is not to be had on %s (%s): this worker works on"
            " unwatched. With METRICS_PORT=0 each worker takes a free one.",
            port,
            host,
            error.strerror,
        )
        return None
    for listener in server.sockets:
        where, taken = listener.getsockname()[:2]
        where = f"[{where}]" if ":" in where else where
        log.info("metrics at http://%s:%d/metrics", where, taken)
    return server


async def _answer(head: bytes, collect: Collect) -> bytes:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method != b"GET":
        return _http("405 Method Not Allowed", b"GET it.\n", "Allow: GET\r\n")
    if path != b"/metrics":
        return _http("404 Not Found", b"GET /metrics\n")
    return _http("200 OK", await text(collect()))


def _http(status: str, body: bytes, more: str = "") -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE_PLAIN_0_0_4}\r\n{more}"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


async def text(families: Iterable[Metric]) -> bytes:
    """Metrics in Prometheus' text format; the loop runs between two slices of it."""
    pieces = []
    for family in families:
        for piece in _slices(family):
            pieces.append(piece)
            await sleep(0)
    return b"".join(pieces)


def _slices(family: Metric) -> Iterator[bytes]:
    """The text of one metric, 32 lines at a time; HELP and TYPE stand before the first
    alone."""
    for start in range(0, max(1, len(family.samples)), _SLICE_LINES):
        part = Metric(family.name, family.documentation, family.type)
        part.samples = family.samples[start : start + _SLICE_LINES]
        lines = generate_latest(_Only(part))
        yield lines.split(b"\n", 2)[2] if start else lines


@dataclass(frozen=True, slots=True)
class _Only:
    """A collector of one metric."""

    metric: Metric

    def collect(self) -> Iterable[Metric]:
        return (self.metric,)
