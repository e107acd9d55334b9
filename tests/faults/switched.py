"""The upstream of the faults on a port that can be closed and opened again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.faults.talk import Fault
from tests.faults.upstream import serve_one

_MIB = 2**20


class Switched:
    """In this loop; `off` refuses connections and resets those that are open."""

    def __init__(self, gap_s: float) -> None:
        self.fault = Fault(gap_s)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def on(self) -> None:
        """Listen, always on the same port."""
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self._port, limit=_MIB, backlog=512
        )
        self._port = self._server.sockets[0].getsockname()[1]
        self.fault.url = f"http://127.0.0.1:{self._port}/api/v1"

    async def off(self) -> None:
        """Nobody listens, as after a kill."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        talk = asyncio.ensure_future(serve_one(self.fault, reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)
        await asyncio.wait((talk,))


@asynccontextmanager
async def switched(gap_s: float = 0.002) -> AsyncIterator[Switched]:
    """One that is on."""
    upstream = Switched(gap_s)
    await upstream.on()
    try:
        yield upstream
    finally:
        await upstream.off()
