"""Answers as they come, byte for byte, and what is read of them."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from pydantic_core import to_json

from shared.answer.dialects import DIALECTS
from shared.answer.reading import read_exchange
from shared.answer.reply import Reply
from shared.wire.exchange import Exchange, Failure, FailureKind

NOW_S = 1_795_420_800.0
ENDED_S = 99.0
PING = b": OPENROUTER PROCESSING\n\n"
DONE = b"data: [DONE]\n\n"
PAD = b"\n         \n"
USAGE = {"prompt_tokens": 17, "completion_tokens": 3, "total_tokens": 20, "cost": 0}
LOST = {"code": 502, "message": "Upstream connection lost"}


def chunk(delta: object = None, finish: object = None, **more: object) -> dict:
    return {
        "id": "gen-1",
        "model": "acme/orca:free",
        "provider": "DeepInfra",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    } | more


def sse(*events: dict) -> bytes:
    return b"".join(b"data: " + to_json(event) + b"\n\n" for event in events)


def text(*words: str) -> bytes:
    return sse(*(chunk({"role": "assistant", "content": word}) for word in words))


def thought(*words: str) -> bytes:
    return sse(*(chunk({"content": "", "reasoning": word}) for word in words))


STOP = sse(chunk({"content": ""}, "stop"))
TOLD = sse(chunk({"content": ""}, "stop", usage=USAGE))


def answer(**more: object) -> dict:
    message = {"role": "assistant", "content": "Lisbon.", "reasoning": None}
    choice = {"index": 0, "finish_reason": "stop", "message": message}
    return {"id": "gen-1", "provider": "DeepInfra", "choices": [choice]} | more


def exchange(
    body: bytes | Sequence[bytes],
    *,
    status: int = 200,
    headers: Iterable[str] = (),
    failure: FailureKind | None = None,
) -> Exchange:
    """An answer whose n-th piece of body, from 1, was read at n seconds."""
    head = "\r\n".join((f"HTTP/1.1 {status} X", "Connection: close", *headers))
    pieces = [body] if isinstance(body, bytes) else body
    reads = [(0.5, (head + "\r\n\r\n").encode())]
    reads += [(float(n), piece) for n, piece in enumerate(pieces, 1)]
    return Exchange(
        sent_s=0.0,
        reads=reads,
        slacks=[0.0] * len(reads),
        ended_s=ENDED_S,
        failure=Failure(failure, f"It was {failure}.") if failure else None,
    )


def read(
    body: bytes | Sequence[bytes],
    *,
    streamed: bool = True,
    max_text_bytes: int = 65_536,
    dialect: str = "openrouter",
    drained: bool = False,
    **how: object,
) -> Reply:
    return read_exchange(
        exchange(body, **how),  # type: ignore[arg-type]
        DIALECTS[dialect],
        streamed,
        max_text_bytes,
        now_s=NOW_S,
        drained=drained,
    )


def cut(body: bytes, places: Iterable[int]) -> list[bytes]:
    edges = [0, *sorted({place % (len(body) + 1) for place in places}), len(body)]
    return [body[a:b] for a, b in pairwise(edges) if a < b]


def unstamped(reply: Reply) -> tuple[object, ...]:
    """A reply without its stamps, which do depend on what came when."""
    return (
        reply.outcome,
        reply.error,
        reply.text,
        reply.reasoning,
        len(reply.token_events_s),
        reply.finish_reason,
        reply.output_tokens,
        reply.tokens_from,
        reply.provider,
        reply.limit,
        reply.error_code,
    )
