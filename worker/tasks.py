"""Tasks that talk to the store: they outlive its absence, and they end for certain."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from shared.clock import sleep
from shared.errors import BenchError
from shared.store import away
from shared.store.client import AWAY

log = logging.getLogger("worker")


async def attempt(doing: Awaitable[None]) -> bool:
    """Whether it was done; what went wrong is logged, and is tried again later."""
    try:
        await doing
        return True
    except AWAY as error:
        away.say(error)
    except BenchError as error:
        log.error("%s", error)
    except Exception:
        log.exception("a look at the runs failed; it is made again")
    return False


async def repeat(do: Callable[[], Awaitable[None]], *, every_s: float) -> NoReturn:
    """Do it now and again and again, with this pause between, whatever goes wrong."""
    while True:
        await attempt(do())
        await sleep(every_s)


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
