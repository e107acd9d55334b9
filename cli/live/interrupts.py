"""Ctrl-C while a benchmark is shown, and the answer to what then."""

import asyncio
import signal
import sys
from types import TracebackType
from typing import Any


class Interrupts:
    """Each Ctrl-C of the block, as something to wait for.

    It takes SIGINT over from whoever had it; a loop's own handler must be added again
    afterwards.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pressed = asyncio.Queue[None]()
        self._before: Any = None

    def __enter__(self) -> "Interrupts":
        self._before = signal.getsignal(signal.SIGINT)
        self._loop.add_signal_handler(signal.SIGINT, self._pressed.put_nowait, None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, self._before)

    async def pressed(self) -> None:
        """Returns at the next one."""
        await self._pressed.get()


def can_ask() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty()


async def read_line() -> str:
    """What is typed, with the end of its line; empty where nothing more comes.

    By the loop and in no thread: a thread that reads would keep the process from
    ending."""
    loop = asyncio.get_running_loop()
    typed: asyncio.Future[str] = loop.create_future()
    fd = sys.stdin.fileno()

    def read() -> None:
        loop.remove_reader(fd)
        if not typed.done():
            typed.set_result(sys.stdin.readline())

    loop.add_reader(fd, read)
    try:
        return await typed
    finally:
        loop.remove_reader(fd)
