"""One call upstream for somebody who waits for it, and what to say when it fails."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from math import ceil

from api.errors import Problem
from api.stream import LOOK_S
from shared import tracing
from shared.answer import Ask, Reply, StreamReader, read_exchange
from shared.answer.dialects.chat import Dialect
from shared.clock import wall_s
from shared.sample import Outcome
from shared.settings import Settings
from shared.settings.address import Upstream
from shared.wire import Exchange, Wire, caps_for, request

_KINDS: dict[Outcome, str] = {
    Outcome.DROPPED: "overloaded",
    Outcome.CANCELLED: "stopping",
    Outcome.UNFINISHED: "stopping",
    Outcome.CONNECT_ERROR: "upstream-unreachable",
    Outcome.TIMEOUT_CONNECT: "upstream-timeout",
    Outcome.DISCONNECTED: "upstream-disconnected",
    Outcome.TIMEOUT_FIRST_TOKEN: "upstream-timeout",
    Outcome.TIMEOUT_IDLE: "upstream-timeout",
    Outcome.TIMEOUT_TOTAL: "upstream-timeout",
    Outcome.RATE_LIMITED: "upstream-rate-limited",
    Outcome.REFUSED: "upstream-refused",
    Outcome.NO_CREDIT: "upstream-no-credit",
    Outcome.UPSTREAM_ERROR: "upstream-error",
    Outcome.PROTOCOL_ERROR: "upstream-garbage",
    Outcome.ERROR_IN_200: "upstream-error-in-answer",
    Outcome.TRUNCATED: "upstream-truncated",
    Outcome.EMPTY: "upstream-empty",
    Outcome.NO_TEXT: "upstream-empty",
}
"""Of every outcome but `ok`."""

_KINDS_OF_REFUSAL = {
    401: "upstream-bad-key",
    403: "upstream-forbidden",
    404: "upstream-no-model",
}
_DEADLINES = {
    Outcome.TIMEOUT_CONNECT: "CONNECT_TIMEOUT_S",
    Outcome.TIMEOUT_FIRST_TOKEN: "FIRST_TOKEN_TIMEOUT_S",
    Outcome.TIMEOUT_IDLE: "IDLE_TIMEOUT_S",
    Outcome.TIMEOUT_TOTAL: "TOTAL_TIMEOUT_S",
}
_REMEDIES = {
    "overloaded": "Ask again in a moment.",
    "stopping": "Ask again.",
    "upstream-unreachable": "Check OPENROUTER_BASE_URL and the network.",
    "upstream-timeout": "Try again or another model, or raise {deadline}.",
    "upstream-disconnected": "Ask again; this one may have been billed.",
    "upstream-rate-limited": "Wait as long as Retry-After says, if it is there, or ask"
    " another model.",
    "upstream-refused": "Change the request; asking the same again will not help.",
    "upstream-bad-key": "Put a valid OPENROUTER_API_KEY into .env, and start again.",
    "upstream-forbidden": "Ask something else or another model, or look at the limits"
    " and the guardrails of the key.",
    "upstream-no-model": "GET /models lists what can be asked{privacy}.",
    "upstream-no-credit": "Add credit, or lower max_tokens: it is reserved beforehand.",
    "upstream-error": "Try again, or ask another model.",
    "upstream-garbage": "Check that OPENROUTER_BASE_URL is an API and not a web page.",
    "upstream-error-in-answer": "Try again, or ask another model.",
    "upstream-truncated": "Try again; the text may lack its end.",
    "upstream-empty": "Try again, raise max_tokens, or ask another model.",
}


_PRIVACY = "; your account's privacy settings may exclude more"


@dataclass(frozen=True, slots=True)
class Ended:
    """A call that is over."""

    reply: Reply
    sent_s: float | None
    """When its request was sent, on the clock of the reply; None: it never was."""


Conversation = AsyncGenerator[str | Ended | None, None]


KINDS = tuple(_REMEDIES)
"""Every kind of problem that a call upstream can end as."""


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


def problem(reply: Reply, now_s: float, upstream: Upstream) -> Problem:
    """Why a reply is no answer; `now_s` is the wall clock. Advice that only
    OpenRouter's accounts can follow is given there alone.

    The status is for *our* caller: a key that the upstream does not accept is our
    fault (502), what it says of the request, the credit and the rate is passed on.
    """
    kind = _KINDS[reply.outcome]
    if reply.outcome is Outcome.REFUSED and reply.status is not None:
        kind = _KINDS_OF_REFUSAL.get(reply.status, kind)
    headers = {}
    if reply.limit is not None and reply.limit.opens_at is not None:
        headers["Retry-After"] = str(max(1, ceil(reply.limit.opens_at - now_s)))
    deadline = _DEADLINES.get(reply.outcome, "")
    privacy = _PRIVACY if upstream.dialect == "openrouter" else ""
    said = (reply.error or "It did not say why.").rstrip(".")
    return Problem(
        kind,
        f"{said}. {_REMEDIES[kind].format(deadline=deadline, privacy=privacy)}",
        headers=headers,
        outcome=reply.outcome,
        upstream_status=reply.status,
    )
