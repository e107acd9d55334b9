"""Events as sent, to clients that do not behave."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from starlette.types import Message

from api.live import EventStream, event

SCOPE: dict[str, Any] = {"type": "http", "asgi": {"spec_version": "2.3"}}


class Source:
    """A generator of events that tells how far it came and whether it was closed."""

    def __init__(self) -> None:
        self.asked = 0
        self.closed = False

    async def events(self) -> AsyncGenerator[bytes, None]:
        try:
            while True:
                self.asked += 1
                yield event("progress", {"n": self.asked})
                await asyncio.sleep(0)
        finally:
            self.closed = True


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_client_that_takes_nothing_is_left_and_nothing_is_queued() -> None:
    source = Source()

    async def send(message: Message) -> None:
        if message.get("body"):
            await never()

    async with asyncio.timeout(30):
        await EventStream(source.events(), send_s=0.05)(SCOPE, never, send)
    assert source.closed
    assert source.asked == 1


async def test_the_generator_is_closed_when_the_client_leaves() -> None:
    source = Source()
    gone = asyncio.Event()

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if source.asked == 3:
            gone.set()
            await never()

    async with asyncio.timeout(30):
        await EventStream(source.events())(SCOPE, receive, send)
    assert source.closed


async def test_a_stream_that_ends_says_so() -> None:
    async def two() -> AsyncGenerator[bytes, None]:
        yield event("state", {"status": "done"})
        yield event("done", {"text": "a\nb\u2028c"}, "1-0")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await EventStream(two())(SCOPE, never, send)
    body = b"".join(message.get("body", b"") for message in sent)
    assert body.count(b"\n\n") == 2
    assert body.endswith('data: {"text":"a\\nb\u2028c"}\n\n'.encode())
    assert sent[-1]["more_body"] is False
