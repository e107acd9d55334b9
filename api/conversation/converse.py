"""One call upstream for somebody who waits for it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from api.live import LOOK_S
from shared import tracing
from shared.answer import Ask, Reply, StreamReader, read_exchange
from shared.answer.dialects.chat import Dialect
from shared.clock import wall_s
from shared.settings import Settings
from shared.wire import Exchange, Wire, caps_for, request


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over."""

    reply: Reply
    sent_s: float | None
    """When its request was sent, on the clock of the reply; None: it never was."""


Conversation = AsyncGenerator[str | Ended | None, None]


async def converse(
    wire: Wire,
    dialect: Dialect,
    settings: Settings,
    key: str | None,
    ask: Ask,
    traceparent: str | None = None,
) -> Conversation:
    """Text as it comes, and None when nothing has for a while; at last what ended it.

    Closing the generator closes the connection.
    """
    news = asyncio.Event()
    caps = caps_for(ask.max_tokens)
    most_bytes = caps.body_bytes

    def changed(_: Exchange) -> None:
        news.set()

    def token_came(exchange: Exchange) -> bool:
        reply = read_exchange(exchange, dialect, True, most_bytes, now_s=wall_s())
        return reply.first_token_s is not None

    call = wire.start(
        request(
            "POST",
            settings.openrouter_base_url + dialect.PATH,
            dialect.headers(key, settings) | tracing.headers(traceparent),
            dialect.build(ask),
        ),
        changed,
        caps=caps,
        on_read=changed,
        has_token=token_came if ask.stream else None,
    )
    exchange = call.exchange
    reader = StreamReader(dialect, most_bytes, streamed=ask.stream)
    fed = 0
    try:
        while True:
            news.clear()
            over = exchange.ended_s is not None
            response = exchange.response()
            for stamp_s, piece in response.pieces[fed:]:
                for text in reader.feed(stamp_s, piece):
                    yield text
            fed = len(response.pieces)
            if over:
                reply = reader.end(exchange, response, now_s=wall_s())
                yield Ended(reply, exchange.sent_s)
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await news.wait()
            if not news.is_set():
                yield None
    finally:
        call.cancel()
