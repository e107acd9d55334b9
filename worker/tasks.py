"""Tasks that talk to the store: they outlive its absence, and they end for certain."""

import asyncio
from typing import Any


async def cancel(*tasks: asyncio.Task[Any]) -> None:
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
            task.exception()  # retrieved, or asyncio logs it at exit
