"""Server-sent events as we send them."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_json
from starlette.responses import StreamingResponse
from starlette.types import Send

KEEP_ALIVE_S = 15.0
KEEP_ALIVE = b": keep-alive\n\n"
SEND_S = 10.0
"""A client that takes nothing for so long is left."""

LOOK_S = 0.5
"""How often a stream with nothing to say looks whether the server is stopping."""

log = logging.getLogger(__name__)


def event(name: str, data: BaseModel | dict[str, Any], id: str | None = None) -> bytes:
    """One event on the wire. JSON has no line ends, so `data` is one line.

    >>> event("delta", {"text": "a\\nb"})
    b'event: delta\\ndata: {"text":"a\\\\nb"}\\n\\n'
    """
    head = b"" if id is None else f"id: {id}\n".encode()
    return b"%sevent: %s\ndata: %s\n\n" % (head, name.encode(), to_json(data))


class EventStream(StreamingResponse):
    """Sends what a generator yields, and closes the generator when the client left.

    Nothing is queued: a generator is asked for more when the last piece was taken.
    """

    media_type = "text/event-stream"

    def __init__(
        self, events: AsyncGenerator[bytes, None], *, send_s: float = SEND_S
    ) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, headers=headers)
        self._events = events
        self._send_s = send_s

    async def stream_response(self, send: Send) -> None:
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        # Closed here and now: left to the collector, the upstream call would go on.
        async with aclosing(self._events) as events:
            await send(start)
            async for piece in events:
                body = {"type": "http.response.body", "body": piece, "more_body": True}
                try:
                    async with asyncio.timeout(self._send_s):
                        await send(body)
                except TimeoutError:
                    log.warning(
                        "A client took no events for %g s; it is left.", self._send_s
                    )
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})
