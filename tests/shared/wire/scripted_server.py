"""A raw server whose every byte is written by the test."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from shared.wire.wire import Caps, Deadlines, Exchange, Request, Wire, request

Script = Callable[["Visitor", asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@dataclass
class Server:
    """Where it listens, and what happened to it."""

    url: str
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)

    def get(self, path: str = "/") -> Request:
        return request("GET", self.url + path)


@asynccontextmanager
async def serving(
    script: Script, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Run `script` for every connection; `hung_up` is set when a client leaves one."""
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        try:
            await script(Visitor(reader, server), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            server.hung_up.set()
        finally:
            writer.close()
            with suppress(OSError):  # ssl.SSLError is one
                await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        task = asyncio.ensure_future(serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, host, 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    server = Server(f"{'https' if tls else 'http'}://{shown}:{port}")
    try:
        yield server
    finally:
        listener.close()
        for writer in writers:
            writer.transport.abort()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


class Visitor:
    """The client of one connection, as its script sees it."""

    def __init__(self, reader: asyncio.StreamReader, server: Server) -> None:
        self.reader = reader
        self._server = server

    async def request(self) -> bytes:
        head = await self.reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        body = b""
        if b"content-length:" in lower:
            length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
            body = await self.reader.readexactly(length)
        self._server.requests.append(head + body)
        return head + body

    async def hang_up(self) -> None:
        """Wait until the client has closed the connection."""
        while await self.reader.read(65_536):
            pass
        self._server.hung_up.set()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def answering(*parts: bytes, gap_s: float = 0.004, close: bool = False) -> Script:
    """Answer each request with these parts, apart enough to be reads of their own."""

    async def script(client: Visitor, writer: asyncio.StreamWriter) -> None:
        while True:
            await client.request()
            for index, part in enumerate(parts):
                if index and gap_s:
                    await asyncio.sleep(gap_s)
                writer.write(part)
                await writer.drain()
            if close:
                return

    return script


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


@asynccontextmanager
async def wiring(
    *,
    deadlines: Deadlines | None = None,
    caps: Caps | None = None,
    tls: ssl.SSLContext | None = None,
    proxy: str | None = None,
    kernel_stamps: bool = True,
) -> AsyncIterator[Wire]:
    """A wire that is closed, and has nothing open, when the test is over."""
    wire = Wire(
        deadlines=deadlines or Deadlines(),
        caps=caps or Caps(),
        tls=tls,
        proxy=proxy,
        kernel_stamps=kernel_stamps,
    )
    try:
        yield wire
    finally:
        await wire.aclose()
        assert (wire.open_calls, wire.idle_connections) == (0, 0)


def failure(exchange: Exchange) -> tuple[str, str]:
    """The kind and the sentence of a call that failed."""
    assert exchange.failure is not None
    return exchange.failure.kind, exchange.failure.detail
