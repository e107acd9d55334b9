"""Byte streams made by chance from a seed, read as the worker reads them.

Of each kind the truth is known: cut before its end is `truncated`, with an error event
it is `error_in_200`, pieces of another size change nothing. Bytes flipped at random
may mean anything, and must raise nothing.
"""

import random
from dataclasses import dataclass

from shared.sample import Outcome
from shared.upstream import DIALECTS
from shared.upstream.reading import read_exchange
from shared.upstream.reply import Reply
from shared.upstream.wire_exchange import Exchange, Failure
from simulator import bodies
from tests.faults.upstream import Called, events

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


@dataclass
class Fuzzed:
    """What came of all streams."""

    tried: int = 0
    crashed: int = 0
    misclassified: int = 0
    first: str = ""
    """The seed and kind of the first that went wrong."""


def fuzz(seed: int, streams: int) -> Fuzzed:
    """Try so many streams."""
    found = Fuzzed()
    for number in range(streams):
        chance = random.Random(f"{seed}:{number}")
        kind = chance.choice((_cut, _with_an_error, _in_pieces, _flipped))
        found.tried += 1
        try:
            right = kind(chance)
        except Exception as error:
            found.crashed += 1
            found.first = found.first or f"{seed}:{number} {kind.__name__}: {error!r}"
            continue
        if not right:
            found.misclassified += 1
            found.first = found.first or f"{seed}:{number} {kind.__name__}"
    return found


def _cut(chance: random.Random) -> bool:
    body = b"".join(_events(chance)[:-1])
    reply = _read(chance, body[: chance.randrange(len(body))], failed=True)
    return reply.outcome is Outcome.TRUNCATED


def _with_an_error(chance: random.Random) -> bool:
    told = _events(chance)
    head = bodies.Head("gen-1", 1_760_000_000, "acme/a")
    error = bodies.error_chunk(
        head, code=chance.choice((400, 429, 502, "server_error"))
    )
    told.insert(chance.randrange(len(told) - 1), bodies.event(error))
    return _read(chance, b"".join(told)).outcome is Outcome.ERROR_IN_200


def _in_pieces(chance: random.Random) -> bool:
    body = b"".join(_events(chance))
    one, other = _read(chance, body), _read(chance, body)
    same = ("outcome", "text", "output_tokens", "cost_usd", "finish_reason")
    return one.outcome is Outcome.OK and all(
        getattr(one, name) == getattr(other, name) for name in same
    )


def _flipped(chance: random.Random) -> bool:
    body = bytearray(b"".join(_events(chance)))
    for _ in range(chance.choice((1, 3, 30, 300))):
        body[chance.randrange(len(body))] = chance.randrange(256)
    reply = _read(chance, bytes(body), failed=chance.random() < 0.5)
    return isinstance(reply.outcome, Outcome)


def _events(chance: random.Random) -> list[bytes]:
    """A proper answer, with comments and other ends of line where they may be."""
    call = Called("gen-1", "acme/a", "", "", 0)
    told = []
    for event in events(call):
        if chance.random() < 0.3:
            told.append(bodies.COMMENT)
        told.append(event.replace(b"\n", b"\r\n") if chance.random() < 0.1 else event)
    return told


def _read(chance: random.Random, body: bytes, *, failed: bool = False) -> Reply:
    reads, at = [(0.1, _HEAD)], 0
    while at < len(body):
        size = chance.choice((1, 2, 7, 60, 400, 4000))
        reads.append((0.1 + len(reads) / 1000, body[at : at + size]))
        at += size
    exchange = Exchange(
        sent_s=0.0,
        reads=reads,
        slacks=[0.0] * len(reads),
        ended_s=99.0,
        failure=Failure("cut", "It was cut.") if failed else None,
    )
    return read_exchange(exchange, DIALECTS["openrouter"], True, 65_536, now_s=1.8e9)
