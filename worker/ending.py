"""The end of tasks that talk to the store."""

import asyncio
from typing import Any


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks until they have ended, whatever became of them.

    Once is not enough: the redis library swallows a cancellation that comes at the
    wrong moment of a command, and a loop around that command then goes on.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=0.1)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # looked at, so that nobody is told of it at exit
