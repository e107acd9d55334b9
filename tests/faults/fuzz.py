"""Byte streams made by chance from a seed, read as the worker reads them.

Of nearly all the truth is known from how they were made: cut before its end is
`truncated`, with an error event of whatever form it is `error_in_200`, an event that is
no JSON makes it `protocol_error`, other letters give another text, pieces of another
size and events that are none of ours change nothing. Bytes flipped at random may mean
anything, and must raise nothing.
"""

import random
import string
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from shared.answer.dialects import DIALECTS
from shared.answer.reading import read_exchange
from shared.answer.reply import Reply
from shared.sample import Outcome
from shared.wire.exchange import Exchange, Failure
from simulator import bodies
from tests.faults.upstream import COST_USD, TOKENS

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
_OF = bodies.Head("gen-1", 1_760_000_000, "acme/a")


@dataclass
class Fuzzed:
    """What came of all streams."""

    tried: int = 0
    judged: int = 0
    """Those whose outcome was known beforehand."""
    crashed: int = 0
    misclassified: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    first: str = ""
    """The seed and kind of the first that went wrong."""


def fuzz(seed: int, streams: int) -> Fuzzed:
    """Try so many streams."""
    found = Fuzzed()
    for number in range(streams):
        chance = random.Random(f"{seed}:{number}")
        (kind,) = chance.choices(KINDS, WEIGHTS)
        name = kind.__name__.strip("_")
        found.tried += 1
        found.judged += kind is not _flipped
        found.kinds[name] += 1
        try:
            right = kind(chance)
        except Exception as error:
            found.crashed += 1
            found.first = found.first or f"{seed}:{number} {name}: {error!r}"
            continue
        if not right:
            found.misclassified += 1
            found.first = found.first or f"{seed}:{number} {name}"
    return found


def _cut(chance: random.Random) -> bool:
    body = b"".join(_events(chance, _words(chance))[:-1])
    reply = _read(chance, body[: chance.randrange(len(body))], failed=True)
    return reply.outcome is Outcome.TRUNCATED


def _with_an_error(chance: random.Random) -> bool:
    told = _events(chance, _words(chance))
    error = bodies.error_chunk(_OF, code=chance.choice((400, 429, 502, "server_error")))
    told.insert(chance.randrange(len(told) - 1), bodies.event(error))
    return _read(chance, b"".join(told)).outcome is Outcome.ERROR_IN_200


def _respelled(chance: random.Random) -> bool:
    """Any words, cut into reads anywhere: the text is just those words."""
    words = _words(chance)
    reply = _read(chance, b"".join(_events(chance, words)))
    return (
        (reply.outcome, reply.text) == (Outcome.OK, "".join(words))
        and (reply.finish_reason, reply.output_tokens) == ("stop", TOKENS)
        and reply.cost_usd == float(COST_USD)
    )


def _broken(chance: random.Random) -> bool:
    """One event is no JSON: its last bracket, or one of its first bytes, is gone."""
    told = _events(chance, _words(chance))
    with_data = [i for i, one in enumerate(told[:-1]) if one.startswith(b"data: {")]
    at = chance.choice(with_data)
    event = told[at]
    gone = event.rindex(b"}") if chance.random() < 0.5 else chance.choice((6, 7))
    told[at] = event[:gone] + event[gone + 1 :]
    return _read(chance, b"".join(told)).outcome is Outcome.PROTOCOL_ERROR


def _with_a_flat_error(chance: random.Random) -> bool:
    """An error that has no `error`, or whose event is named so: its words are told."""
    told = _events(chance, _words(chance))
    words = "".join(chance.choices(string.ascii_lowercase, k=8))
    code = chance.choice((400, 429, "429", 502, "server_error"))
    error = chance.choice(
        (
            {"code": code, "message": words},
            {"object": "error", "message": words, "code": code},
            {"detail": words},
            {"error": True, "message": words, "code": code},
            [{"error": {"code": code, "message": words}}],
        )
    )
    event = bodies.event(error)
    if chance.random() < 0.3:
        event = b"event: error\n" + chance.choice(
            (event, f"data: {words}\n\n".encode())
        )
    told.insert(chance.randrange(len(told) - 1), event)
    reply = _read(chance, b"".join(told))
    if reply.error_code != 429 and reply.throttled:
        return False
    return (reply.outcome, reply.error) == (Outcome.ERROR_IN_200, words)


def _with_odd_events(chance: random.Random) -> bool:
    """Events that are none of ours, and a usage of zeros after the real one: nothing is
    changed by them."""
    words = _words(chance)
    told = _events(chance, words)
    odd = (
        b"event: ping\ndata: ping\n\n",
        b"data: null\n\n",
        b'event: status\ndata: {"code":102,"message":"queued"}\n\n',
        b"event: ping\n\n",
    )
    for _ in range(chance.randrange(1, 6)):
        told.insert(chance.randrange(len(told)), chance.choice(odd))
    if chance.random() < 0.5:
        zeros = bodies.usage_chunk(_OF, bodies.usage(0, 0), shape="B")
        told.insert(-1, bodies.event(zeros))
    reply = _read(chance, b"".join(told))
    return (
        (reply.outcome, reply.text) == (Outcome.OK, "".join(words))
        and (reply.output_tokens, reply.tokens_from) == (TOKENS, "usage")
        and reply.cost_usd == float(COST_USD)
    )


def _in_halves(chance: random.Random) -> bool:
    """Emojis of which deltas have half each, as content, parts or reasoning."""
    emojis = "".join(chance.choices("😀😁🚀🧪", k=chance.randrange(1, 5)))
    halves = [f"\\u{unit:04x}" for unit in _utf16(emojis)]
    field = chance.choice(("content", "reasoning", "reasoning_content", "thinking"))
    chunks = [bodies.event(bodies.chunk(_OF, {field: "@"})) for _ in halves]
    told = [
        each.replace(b'"@"', f'"{half}"'.encode())
        for each, half in zip(chunks, halves, strict=True)
    ]
    reply = _read(chance, b"".join([*told, *_events(chance, ["a"])]))
    found = (reply.text, reply.reasoning)
    right = (emojis + "a", "") if field == "content" else ("a", emojis)
    return (reply.outcome, found) == (Outcome.OK, right)


def _utf16(text: str) -> list[int]:
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[i : i + 2], "big") for i in range(0, len(raw), 2)]


def _absurd(chance: random.Random) -> bool:
    """Counts and costs that cannot be are left out, and the row says so."""
    cost = chance.choice(("1e300", "1e20", "-1", "NaN", '"dear"', "1000.01", "[]"))
    count = chance.choice(("1e18", "-3", "2.5", '"7"', "true", "{}"))
    usage = bodies.usage(3, TOKENS, cost_usd=COST_USD)
    chunks = [bodies.event(bodies.chunk(_OF, {"content": w})) for w in "abcd"]
    last = bodies.event(bodies.usage_chunk(_OF, usage | {"cost": "@c"}))
    last = last.replace(b'"@c"', cost.encode())
    last = last.replace(b'"prompt_tokens":3', f'"prompt_tokens":{count}'.encode())
    reply = _read(chance, b"".join([*chunks, last, bodies.DONE]))
    notes = set((reply.notes or "").split())
    return (
        (reply.outcome, reply.cost_usd, reply.prompt_tokens) == (Outcome.OK, None, None)
        and reply.output_tokens == TOKENS
        and {"cost_not_believed", "tokens_not_believed"} <= notes
    )


def _not_utf8(chance: random.Random) -> bool:
    """One letter of the text is a byte that begins no letter."""
    told = _events(chance, ["~" * 8] * TOKENS)
    body = b"".join(told).split(b"~" * 8)
    at = chance.randrange(1, len(body))
    bad = bytes([chance.choice((0x80, 0xBF, 0xC0, 0xF8, 0xFF))])
    joined = b"~" * 8
    broken = joined.join(body[:at]) + b"~~~" + bad + b"~~~~" + joined.join(body[at:])
    return _read(chance, broken).outcome is Outcome.PROTOCOL_ERROR


def _flipped(chance: random.Random) -> bool:
    body = bytearray(b"".join(_events(chance, _words(chance))))
    for _ in range(chance.choice((1, 3, 30, 300))):
        body[chance.randrange(len(body))] = chance.randrange(256)
    reply = _read(chance, bytes(body), failed=chance.random() < 0.5)
    return isinstance(reply.outcome, Outcome)


KINDS: tuple[Callable[[random.Random], bool], ...] = (
    *(_cut, _with_an_error, _respelled, _broken, _not_utf8),
    *(_with_a_flat_error, _with_odd_events, _in_halves, _absurd),
    _flipped,
)
WEIGHTS = (12, 12, 12, 12, 12, 9, 9, 9, 8, 5)


def _words(chance: random.Random) -> list[str]:
    """Texts that a reader might stumble over."""
    alphabet = string.printable + "\u2028\u2029\x85\x00ё😀\ufeff"
    return [
        "".join(chance.choices(alphabet, k=chance.randrange(1, 12)))
        for _ in range(TOKENS)
    ]


def _events(chance: random.Random, words: list[str]) -> list[bytes]:
    """A proper answer, with comments and other ends of line where they may be."""
    usage = bodies.usage(3, TOKENS, cost_usd=COST_USD)
    chunks = [
        *(bodies.chunk(_OF, {"content": word}) for word in words),
        bodies.chunk(_OF, {"content": ""}, finish_reason="stop"),
        bodies.usage_chunk(_OF, usage),
    ]
    told = []
    for event in (*map(bodies.event, chunks), bodies.DONE):
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
