"""What the upstream of the faults does with a call, by the name of its model.

The model's name is the script: `ok`, `fin/120`, `rst/120`, `silence`, ... Bodies are
those of `simulator.bodies`.
"""

import asyncio
import gzip
from functools import lru_cache

from simulator import bodies
from tests.faults.talk import (
    CHUNKED,
    KEPT,
    MIB,
    STREAM,
    TOKENS,
    Script,
    Talk,
    answer,
    events,
    framed,
)


async def ok(talk: Talk, _: str) -> None:
    if talk.fault.down == 0:
        return
    if talk.fault.down is not None:
        body = bodies.encode(bodies.plain_error(talk.fault.down, "Loading model"))
        await talk.send(answer(talk.fault.down, body))
        return
    await talk.send(CHUNKED)
    for chunk in framed(talk.call):
        await talk.send(chunk)
        await asyncio.sleep(talk.fault.gap_s)


async def kept(talk: Talk, said: str) -> None:
    """A whole answer on a connection that is kept; `fin/3` and `rst/3`: each third call
    of a connection is read and worked on, and then the connection ends."""
    how, _, every = said.partition("/")
    mine = [c for c in talk.fault.ledger if c.connection == talk.call.connection]
    if len(mine) % int(every) == 0:
        if how == "rst":
            talk.reset()
        return
    await talk.send(KEPT)
    for chunk in framed(talk.call):
        await talk.send(chunk)
        await asyncio.sleep(talk.fault.gap_s)
    talk.keeps = True


async def hangs_on(talk: Talk, _: str) -> None:
    """All of an answer but its last chunk, and then nothing, for ever."""
    await talk.send(KEPT + b"".join(framed(talk.call)[:-1]))
    talk.call.whole = True
    await asyncio.sleep(3600)


async def refusing(talk: Talk, said: str) -> None:
    """This status, always; after a plus, only every so many-th call."""
    status, _, every = said.partition("+")
    if not _strikes(talk, int(every or 1)):
        await ok(talk, said)
        return
    body = bodies.encode(bodies.plain_error(int(status), "no server is there"))
    await talk.send(answer(int(status), body))


async def hanging(talk: Talk, said: str) -> None:
    """No answer at all to every so many-th call."""
    await (silence if _strikes(talk, int(said)) else ok)(talk, "")


def _strikes(talk: Talk, every: int) -> bool:
    calls = talk.fault.of(talk.call.model)
    place = next(i for i, call in enumerate(calls) if call is talk.call)
    return (place + 1) % every == 0


def cut(*, reset: bool) -> Script:
    """Ends after so many bytes of the answer's body, chunks' sizes counted."""

    async def script(talk: Talk, said: str) -> None:
        await talk.send(CHUNKED)
        await talk.send(b"".join(framed(talk.call))[: int(said)])
        if reset:
            await asyncio.sleep(0.02)  # so that the bytes are read before the reset
            talk.reset()

    return script


async def silence(talk: Talk, said: str) -> None:
    if said == "headers":
        await talk.send(STREAM)
    if said == "token":
        await talk.send(STREAM + events(talk.call)[0])
    await asyncio.sleep(3600)


async def drip(talk: Talk, _: str) -> None:
    """A comment now and then, for ever: alive, and no progress."""
    await talk.send(STREAM)
    while True:
        await talk.send(bodies.COMMENT)
        await asyncio.sleep(0.2)


async def endless(talk: Talk, _: str) -> None:
    head = bodies.Head(talk.call.id, 1_760_000_000, talk.call.model)
    many = bodies.event(bodies.chunk(head, {"content": "x" * 4096})) * 64
    await talk.send(STREAM)
    while True:
        await talk.send(many)


async def huge_line(talk: Talk, _: str) -> None:
    await talk.send(STREAM + b"data: ")
    while True:
        await talk.send(b"x" * (MIB // 4))


async def tiny(talk: Talk, _: str) -> None:
    """Events without end, as small as they get."""
    await talk.send(STREAM)
    while True:
        await talk.send(b"data: {}\n\n" * 4096)


@lru_cache(maxsize=1)
def a_bomb() -> bytes:
    """256 MiB of blanks in 261 KB of gzip; takes a second the first time."""
    return gzip.compress(b" " * (256 * MIB), compresslevel=9)


async def bomb(talk: Talk, _: str) -> None:
    """A bomb, although nobody asked for gzip."""
    body = a_bomb()
    await talk.send(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    await talk.send(body)


GARBAGE: dict[str, bytes] = {
    "html": b"<!DOCTYPE html><html><body>502</body></html>",
    "not-utf8": b"data: \xff\xfe\xfa\n\n",
    "nul": b"\x00" * 64 + b"\n\n",
    "u2028": b'data: {"choices": [\xe2\x80\xa8\n\ndata: ]}\n\n',
    "cr": b"data: {\r\rdata: }\r\n\r\n",
    "bom": b"\xef\xbb\xbfdata: {bad}\n\n",
    "deep": b"data: " + b"[" * 5000 + b"\n\n",
    "numbers": b'data: {"choices": [{"index": 1e999, "delta": 7}]}\n\n',
}


async def garbage(talk: Talk, said: str) -> None:
    await talk.send(STREAM + GARBAGE[said])


async def not_http(talk: Talk, _: str) -> None:
    await talk.send(b"SSH-2.0-OpenSSH_9.9\r\n\x00\x01\x02")


async def late_error(talk: Talk, said: str) -> None:
    """An error event in the middle; `finished`: even after the finish_reason."""
    head = bodies.Head(talk.call.id, 1_760_000_000, talk.call.model)
    told = events(talk.call)[: 2 if said == "middle" else TOKENS + 1]
    error = bodies.event(bodies.error_chunk(head, delta={"content": ""}))
    await talk.send(STREAM + b"".join(told) + error + bodies.DONE)


async def error_in_200(talk: Talk, _: str) -> None:
    body = bodies.encode(bodies.error(502, "Provider returned error"))
    await talk.send(answer(200, body))


_LIMITED = {"none": b"", "zero": b"0", "soon": b"1", "far": b"1000000000"}
_LIMITED |= {"minus": b"-1", "text": b"soon", "date": b"Wed, 21 Oct 2015 07:28:00 GMT"}


async def limited(talk: Talk, said: str) -> None:
    """429 of a provider, with this Retry-After."""
    metadata = {"provider_name": "Harbor", "raw": "slow down"}
    body = bodies.encode(bodies.error(429, "Provider returned error", metadata))
    more = b"Retry-After: " + _LIMITED[said] + b"\r\n" if _LIMITED[said] else b""
    await talk.send(answer(429, body, more))


async def in_flight(talk: Talk, said: str) -> None:
    """402 of the in-flight budget, until the prompt has been asked twice."""
    seen = [c for c in talk.fault.of(talk.call.model) if c.prompt == talk.call.prompt]
    if len(seen) > 1:
        await ok(talk, said)
        return
    metadata = {"limit_source": "openrouter_in_flight_budget"}
    body = bodies.encode(bodies.error(402, "Too much in flight", metadata))
    await talk.send(answer(402, body, b"Retry-After: 1\r\n"))


async def no_credit(talk: Talk, _: str) -> None:
    metadata = {"limit_source": "openrouter_credits"}
    body = bodies.encode(bodies.error(402, "Insufficient credits", metadata))
    await talk.send(answer(402, body))


async def echo_key(talk: Talk, _: str) -> None:
    """An error that repeats our key to us, as careless servers do."""
    body = bodies.encode(bodies.error(500, f"bad header: Bearer {talk.call.key}"))
    await talk.send(answer(500, body))


SCRIPTS: dict[str, Script] = {
    "ok": ok,
    "kept": kept,
    "hangs-on": hangs_on,
    "refusing": refusing,
    "hanging": hanging,
    "fin": cut(reset=False),
    "rst": cut(reset=True),
    "silence": silence,
    "drip": drip,
    "endless": endless,
    "huge-line": huge_line,
    "tiny": tiny,
    "bomb": bomb,
    "garbage": garbage,
    "not-http": not_http,
    "error": late_error,
    "error-in-200": error_in_200,
    "limited": limited,
    "in-flight": in_flight,
    "no-credit": no_credit,
    "echo-key": echo_key,
}
"""The first part of a model's name; the second is for the script to read."""
