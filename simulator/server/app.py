"""The routes: OpenRouter's under `/api/v1`, plain OpenAI's under `/v1`, ours on `/sim`.

`build(config)` returns the whole upstream as one Starlette application.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from simulator.bodies.refusals import REFUSALS
from simulator.calls import Upstream, decide
from simulator.config import Config
from simulator.ledger import Ledger, Record
from simulator.pace import Pacer
from simulator.pace.limits import FreeTier
from simulator.reply import Script, refuse
from simulator.server import routes
from simulator.server.play import perform

LARGEST_BODY = 32 << 20


def build(config: Config) -> Starlette:
    """A new upstream that knows nothing yet. Needs the lifespan of its server."""
    limited = config.free_per_day is not None
    upstream = Upstream(
        config,
        Ledger(config.ledger_cap),
        FreeTier(config.free_per_day or 0, config.free_per_minute) if limited else None,
    )
    chat, plain_chat = (
        Route("/chat/completions", Chat(upstream, plain=plain), methods=["POST"])
        for plain in (False, True)
    )
    app = Starlette(
        routes=[
            Mount("/api/v1", routes=[chat, *routes.OPENROUTER]),
            Mount("/v1", routes=[plain_chat, *routes.PLAIN]),
            Mount("/sim", routes=routes.OURS),
        ],
        lifespan=_lifespan,
    )
    app.state.upstream = upstream
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    pacer = Pacer()
    yield {"pacer": pacer}
    pacer.close()


class Chat:
    """`POST /chat/completions`, in OpenRouter's dialect or in the plain one."""

    def __init__(self, upstream: Upstream, *, plain: bool) -> None:
        self._upstream = upstream
        self._plain = plain
        self._deciding = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Our own server stamps a request's first bytes; elsewhere this is soonest.
        received_s = scope["state"].get("received_s") or monotonic()
        ledger = self._upstream.ledger
        record = ledger.begin(received_s, plain=self._plain)
        try:
            body = await _read_body(receive)
            # A script takes a fraction of a millisecond to write. One for each turn
            # of the loop, or the next requests of a burst would be read, and
            # stamped, only after all of these.
            async with self._deciding:
                script = self._decide(record, Headers(scope=scope), body)
                await asyncio.sleep(0)
            await perform(script, record, scope["state"]["pacer"], receive, send)
        finally:
            ledger.end(record)

    def _decide(self, record: Record, headers: Headers, body: bytes | None) -> Script:
        if body is None:
            refusal = REFUSALS["payload-too-large"]
            return refuse(refusal, record.id, "", plain=self._plain)
        return decide(self._upstream, record, headers, body, plain=self._plain)


async def _read_body(receive: Receive) -> bytes | None:
    """The request's body; None when it is too large."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        part: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)
