"""An upstream on raw sockets that does as a call's model says, and keeps the truth.

The model's name is the script: `ok`, `fin/120`, `rst/120`, `silence`, ... Bodies are
those of `simulator/bodies.py`. It lives in a thread, so that a test which blocks does
not slow it down.
"""

import asyncio
import gzip
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from simulator import bodies
from tests.children import CANARY

COST_USD = Decimal("0.000125")
TOKENS = 4
_STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
)
_CHUNKED = _STREAM[:-2] + b"Transfer-Encoding: chunked\r\n\r\n"
_MIB = 2**20


@dataclass
class Called:
    """One call, as it truly was."""

    id: str
    model: str
    prompt: str
    key: str
    connection: int
    at_s: float = field(default_factory=time.monotonic)
    whole: bool = False
    """Everything was sent that this script has."""
    sent: int = 0
    """Bytes."""


@dataclass
class Fault:
    """A running upstream."""

    gap_s: float
    ledger: list[Called] = field(default_factory=list)
    open: int = 0
    """Calls whose connection is open now."""
    url: str = ""

    def of(self, model: str) -> list[Called]:
        return [call for call in self.ledger if call.model == model]


class Talk:
    """One connection's call, for its script."""

    def __init__(self, fault: Fault, call: Called, writer: asyncio.StreamWriter):
        self.fault, self.call, self._writer = fault, call, writer

    async def send(self, data: bytes) -> None:
        self.call.sent += len(data)
        self._writer.write(data)
        await self._writer.drain()

    def reset(self) -> None:
        """Close with RST: what is unread at the other side is gone."""
        self._writer.transport.abort()


Script = Callable[[Talk, str], Awaitable[None]]


def events(call: Called) -> list[bytes]:
    """A proper answer, event by event."""
    head = bodies.Head(call.id, 1_760_000_000, call.model)
    words = [bodies.chunk(head, {"content": f"w{i} "}) for i in range(TOKENS)]
    usage = bodies.usage(3, TOKENS, cost_usd=COST_USD)
    last = bodies.chunk(head, {"content": ""}, finish_reason="stop")
    told = [*words, last, bodies.usage_chunk(head, usage)]
    return [*map(bodies.event, told), bodies.DONE]


def framed(call: Called) -> list[bytes]:
    """The proper answer as HTTP sends it: in chunks, so that its end can be told."""
    return [*(b"%x\r\n%b\r\n" % (len(e), e) for e in events(call)), b"0\r\n\r\n"]


async def ok(talk: Talk, _: str) -> None:
    await talk.send(_CHUNKED)
    for chunk in framed(talk.call):
        await talk.send(chunk)
        await asyncio.sleep(talk.fault.gap_s)


def cut(*, reset: bool) -> Script:
    """Ends after so many bytes of the answer's body, chunks' sizes counted."""

    async def script(talk: Talk, said: str) -> None:
        await talk.send(_CHUNKED)
        await talk.send(b"".join(framed(talk.call))[: int(said)])
        if reset:
            await asyncio.sleep(0.02)  # so that the bytes are read before the reset
            talk.reset()

    return script


async def silence(talk: Talk, said: str) -> None:
    if said == "headers":
        await talk.send(_STREAM)
    if said == "token":
        await talk.send(_STREAM + events(talk.call)[0])
    await asyncio.sleep(3600)


async def drip(talk: Talk, _: str) -> None:
    """A comment now and then, for ever: alive, and no progress."""
    await talk.send(_STREAM)
    while True:
        await talk.send(bodies.COMMENT)
        await asyncio.sleep(0.2)


async def endless(talk: Talk, _: str) -> None:
    head = bodies.Head(talk.call.id, 1_760_000_000, talk.call.model)
    many = bodies.event(bodies.chunk(head, {"content": "x" * 4096})) * 64
    await talk.send(_STREAM)
    while True:
        await talk.send(many)


async def huge_line(talk: Talk, _: str) -> None:
    await talk.send(_STREAM + b"data: ")
    while True:
        await talk.send(b"x" * (_MIB // 4))


async def tiny(talk: Talk, _: str) -> None:
    """Events without end, as small as they get."""
    await talk.send(_STREAM)
    while True:
        await talk.send(b"data: {}\n\n" * 4096)


async def bomb(talk: Talk, _: str) -> None:
    """256 MiB of blanks in 261 KB of gzip, although nobody asked for gzip."""
    body = gzip.compress(b" " * (256 * _MIB), compresslevel=9)
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
    await talk.send(_STREAM + GARBAGE[said])


async def not_http(talk: Talk, _: str) -> None:
    await talk.send(b"SSH-2.0-OpenSSH_9.9\r\n\x00\x01\x02")


async def late_error(talk: Talk, said: str) -> None:
    """An error event in the middle; `finished`: even after the finish_reason."""
    head = bodies.Head(talk.call.id, 1_760_000_000, talk.call.model)
    told = events(talk.call)[: 2 if said == "middle" else TOKENS + 1]
    error = bodies.event(bodies.error_chunk(head, delta={"content": ""}))
    await talk.send(_STREAM + b"".join(told) + error + bodies.DONE)


async def error_in_200(talk: Talk, _: str) -> None:
    body = bodies.encode(bodies.error(502, "Provider returned error"))
    await talk.send(_answer(200, body))


_LIMITED = {"none": b"", "zero": b"0", "soon": b"1", "far": b"1000000000"}
_LIMITED |= {"minus": b"-1", "text": b"soon", "date": b"Wed, 21 Oct 2015 07:28:00 GMT"}


async def limited(talk: Talk, said: str) -> None:
    """429 of a provider, with this Retry-After."""
    metadata = {"provider_name": "Harbor", "raw": "slow down"}
    body = bodies.encode(bodies.error(429, "Provider returned error", metadata))
    more = b"Retry-After: " + _LIMITED[said] + b"\r\n" if _LIMITED[said] else b""
    await talk.send(_answer(429, body, more))


async def in_flight(talk: Talk, said: str) -> None:
    """402 of the in-flight budget, until the prompt has been asked twice."""
    seen = [c for c in talk.fault.of(talk.call.model) if c.prompt == talk.call.prompt]
    if len(seen) > 1:
        await ok(talk, said)
        return
    metadata = {"limit_source": "openrouter_in_flight_budget"}
    body = bodies.encode(bodies.error(402, "Too much in flight", metadata))
    await talk.send(_answer(402, body, b"Retry-After: 1\r\n"))


async def no_credit(talk: Talk, _: str) -> None:
    metadata = {"limit_source": "openrouter_credits"}
    body = bodies.encode(bodies.error(402, "Insufficient credits", metadata))
    await talk.send(_answer(402, body))


async def echo_key(talk: Talk, _: str) -> None:
    """An error that repeats our key to us, as careless servers do."""
    body = bodies.encode(bodies.error(500, f"bad header: Bearer {talk.call.key}"))
    await talk.send(_answer(500, body))


SCRIPTS: dict[str, Script] = {
    "ok": ok,
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


def _answer(status: int, body: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n" % status
    return head + more + b"Content-Length: %d\r\n\r\n" % len(body) + body


@contextmanager
def fault_upstream(gap_s: float = 0.002) -> Iterator[Fault]:
    """An upstream for as long as the block lasts; `gap_s` between two events."""
    fault = Fault(gap_s)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(
            lambda reader, writer: _serve(fault, reader, writer),
            "127.0.0.1",
            0,
            limit=_MIB,
            backlog=512,
        )
        port = server.sockets[0].getsockname()[1]
        fault.url = f"http://127.0.0.1:{port}/api/v1"
        ready.set()
        await stop.wait()
        server.close()
        scripts = asyncio.all_tasks(loop) - {asyncio.current_task(loop)}
        for script in scripts:
            script.cancel()
        await asyncio.gather(*scripts, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(10)
    try:
        yield fault
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()


async def _serve(
    fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    call: Called | None = None
    tasks: tuple[asyncio.Future[Any], ...] = ()
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"POST"):  # the catalogue, which is not there
            writer.write(_answer(503, b"{}"))
            return
        length, key = _headers(head)
        asked = json.loads(await reader.readexactly(length))
        call = Called(
            id=f"gen-{len(fault.ledger)}",
            model=asked["model"],
            prompt=asked["messages"][-1]["content"],
            key=key,
            connection=writer.get_extra_info("peername")[1],
        )
        fault.ledger.append(call)
        fault.open += 1
        name, _, said = call.model.removeprefix("fault/").partition("/")
        talk = asyncio.ensure_future(SCRIPTS[name](Talk(fault, call, writer), said))
        gone = asyncio.ensure_future(reader.read(1))
        tasks = (talk, gone)
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if talk.done():
            talk.result()
            call.whole = True
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # a connection that was opened ahead, or a client that left
    except asyncio.CancelledError:
        pass  # the end of this server, which nobody awaits
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        fault.open -= call is not None
        writer.close()


def _headers(head: bytes) -> tuple[int, str]:
    found = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        found[name.lower()] = value.strip()
    key = found.get("authorization", "").removeprefix("Bearer ")
    return int(found["content-length"]), key


def keys_seen(fault: Fault) -> set[str]:
    """The keys that calls came with; nothing but ours may be among them."""
    return {call.key for call in fault.ledger}


__all__ = ["CANARY", "Called", "Fault", "fault_upstream", "keys_seen"]
