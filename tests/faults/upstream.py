"""An upstream on raw sockets that does as a call's model says, and keeps the truth.

It lives in a thread, so that a test which blocks does not slow it down.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from tests.children import CANARY
from tests.faults.scripts import GARBAGE, SCRIPTS, a_bomb, ok
from tests.faults.talk import (
    CHUNKED,
    COST_USD,
    TOKENS,
    Called,
    Fault,
    Talk,
    answer,
    framed,
)

_MIB = 2**20


@contextmanager
def fault_upstream(gap_s: float = 0.002) -> Iterator[Fault]:
    """An upstream for as long as the block lasts; `gap_s` between two events."""
    fault = Fault(gap_s)
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    stop = asyncio.Event()

    async def serve() -> None:
        server = await asyncio.start_server(
            lambda reader, writer: serve_one(fault, reader, writer),
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


async def serve_one(
    fault: Fault, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """The calls of one connection; more than one where a script keeps it."""
    read: bytes | None = b""
    try:
        while read is not None:
            read = await _one(fault, reader, writer, read)
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # a connection that was opened ahead, or a client that left
    except asyncio.CancelledError:
        pass  # the end of this server, which nobody awaits
    finally:
        writer.close()


async def _one(
    fault: Fault,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    read: bytes,
) -> bytes | None:
    """One call, of which `read` has been read; what has been read of the next one.
    None: the connection is over."""
    head = read + await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"POST"):  # the catalogue, which is not there
        writer.write(answer(503, b"{}"))
        return None
    length, key = _headers(head)
    asked = json.loads(await reader.readexactly(length))
    number = len(fault.ledger)
    call = Called(
        id=f"gen-{number:06}",
        model=asked["model"],
        prompt=asked["messages"][-1]["content"],
        key=key,
        connection=writer.get_extra_info("peername")[1],
        # of one length, and not all alike: no call passes for another
        cost_usd=COST_USD + Decimal("0.000001") * (number % 5),
    )
    fault.ledger.append(call)
    fault.open += 1
    name, _, said = call.model.removeprefix("fault/").partition("/")
    talk = Talk(fault, call, writer)
    talking = asyncio.ensure_future(SCRIPTS[name](talk, said))
    more = asyncio.ensure_future(reader.read(1))
    tasks: tuple[asyncio.Future[Any], ...] = (talking, more)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if more.done() and more.result():  # the next call is there already
            await asyncio.wait((talking,))
        if talking.done():
            talking.result()
            call.whole = True
        if not talk.keeps:
            return None
        return more.result() or None if more.done() else b""
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        fault.open -= 1


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


__all__ = [
    "CANARY",
    "CHUNKED",
    "COST_USD",
    "GARBAGE",
    "SCRIPTS",
    "TOKENS",
    "Called",
    "Fault",
    "Talk",
    "a_bomb",
    "fault_upstream",
    "framed",
    "keys_seen",
    "ok",
]
