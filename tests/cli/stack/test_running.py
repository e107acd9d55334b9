"""A stack for as long as some work takes: with which code it ends."""

import asyncio
import os
import signal

from cli import exits
from cli.stack import Stack, run


class Nothing(Stack):
    """A stack without parts."""

    def __init__(self) -> None:
        pass

    async def start(self) -> None:
        """At once."""

    async def watch(self) -> None:
        """Nothing ends."""
        await asyncio.Event().wait()

    async def stop(self) -> None:
        """At once."""


async def _work(_: Stack) -> int:
    os.kill(os.getpid(), signal.SIGINT)
    await asyncio.Event().wait()
    return 0


def test_a_signal_is_how_it_ends() -> None:
    assert run(Nothing(), lambda _: None, _work) == exits.OK
