"""A TCP proxy before a store or an API: it delays, blackholes, cuts, refuses, and
remembers what it heard."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

Mode = Literal["pass", "blackhole", "refuse"]


class Proxy:
    """A running proxy; change `mode` and `delay_s` at any time."""

    def __init__(self, far: str) -> None:
        """far: the path of a unix socket, or `HOST:PORT`."""
        self._far = far
        self._loop = asyncio.new_event_loop()
        self._links: set[asyncio.StreamWriter] = set()
        self.mode: Mode = "pass"
        self.delay_s = 0.0
        self.url = ""
        self.port = 0
        self.swallowed = 0
        """Bytes that went nowhere: the fault was there."""
        self.refused = 0
        self.delayed = 0
        """Pieces that were held up."""
        self.heard = bytearray()
        """All that the far side has said."""

    def cut(self) -> int:
        """Reset every connection; how many there were."""
        links = list(self._links)
        for link in links:
            self._loop.call_soon_threadsafe(link.transport.abort)
        return len(links)

    async def _link(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.mode == "refuse":
            self.refused += 1
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await self._reach()
        except OSError:
            writer.transport.abort()
            return
        self._links |= {writer, far_writer}
        try:
            await asyncio.gather(
                self._pump(reader, far_writer),
                self._pump(far_reader, writer, heard=self.heard),
            )
        except ConnectionError:
            pass
        finally:
            self._links -= {writer, far_writer}
            writer.transport.abort()
            far_writer.transport.abort()

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._far.startswith("/"):
            return await asyncio.open_unix_connection(self._far)
        host, _, port = self._far.rpartition(":")
        return await asyncio.open_connection(host, int(port))

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        heard: bytearray | None = None,
    ) -> None:
        while data := await reader.read(65_536):
            if heard is not None:
                heard += data
            if self.mode == "blackhole":
                # As a route that is gone: bytes vanish, and never come later.
                self.swallowed += len(data)
                continue
            if self.delay_s:
                self.delayed += 1
                await asyncio.sleep(self.delay_s)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError

    @contextmanager
    def serving(self) -> Iterator["Proxy"]:
        """Serve while the block lasts."""
        ready, stop = threading.Event(), asyncio.Event()

        async def serve() -> None:
            server = await asyncio.start_server(self._link, "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            self.url = f"redis://127.0.0.1:{self.port}/0"
            ready.set()
            await stop.wait()
            server.close()
            links = asyncio.all_tasks() - {asyncio.current_task()}
            for link in links:
                link.cancel()
            await asyncio.gather(*links, return_exceptions=True)

        thread = threading.Thread(target=lambda: self._loop.run_until_complete(serve()))
        thread.start()
        ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            thread.join(10)
            self._loop.close()
