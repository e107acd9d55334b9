"""The way to the store: a bounded number of requests at once, each with a deadline.

A client hears which of three things happened: the store does not answer (StoreDown),
this process has too much to do (Busy), or a write was sent and its outcome is not known
(OutcomeUnknown).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.errors import Busy, OutcomeUnknown, StoreDown
from shared.store.client import AWAY, UNCHANGED, Unwilling, now_s, reachable, refused

STORE_S = 2.5
"""The deadline of all that one request reads of the store."""

PLACES = 32
"""Requests at the store at once; fewer than its pool has connections."""

LINE_S = 10.0
"""A request waits so long for a place, while others get answers."""

T = TypeVar("T")


class StoreAccess:
    """The requests that may be at the store at once, and when it last answered."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(PLACES)
        self._answered_s = float("-inf")
        """When it last did all that a request asked."""
        self._silent_s = float("-inf")
        """When it last did not do so in time."""
        self._writes: set[asyncio.Task[Any]] = set()

    @asynccontextmanager
    async def deadline(self, changed: str = UNCHANGED) -> AsyncIterator[None]:
        """All that is asked in this block is answered within `STORE_S`.

        Raises StoreDown otherwise, and Busy where the store answered other requests
        meanwhile. Without this a store that hangs would cost each command its timeout
        and its retries.

        changed: what the request has changed before, for the sentence of the error.
        """
        async with self._place(changed):
            began_s = monotonic_s()
            try:
                async with reachable(STORE_S, changed):
                    yield
            except StoreDown as error:
                if not isinstance(error.__cause__, TimeoutError):
                    raise
                if self._answered_s > began_s:
                    raise Busy(changed) from None
                self._silent_s = monotonic_s()
                raise
            self._answered_s = monotonic_s()

    async def write(
        self, redis: Redis, work: Callable[[], Coroutine[Any, Any, T]], unknown: str
    ) -> T:
        """What `work` gives. Neither a deadline nor a client that leaves cuts it off:
        a write that was sent may be done, whatever is said of it.

        Raises StoreDown before it begins, where the store is silent. Its commands have
        timeouts of their own; where the store falls silent in the middle, it raises
        OutcomeUnknown with the sentence `unknown`.
        """
        async with self.deadline():
            await now_s(redis)
        async with self._place(UNCHANGED):
            task = asyncio.create_task(work())
            self._writes.add(task)
            task.add_done_callback(self._over)
            try:
                done = await asyncio.shield(task)
            except Unwilling as error:
                raise refused(error, UNCHANGED) from error
            except AWAY as error:
                raise OutcomeUnknown(unknown) from error
        self._answered_s = monotonic_s()
        return done

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._writes.discard(task)
        if not task.cancelled():
            task.exception()  # the request has it, unless its client left

    @asynccontextmanager
    async def _place(self, changed: str) -> AsyncIterator[None]:
        """One of the places, in turn. Raises Busy; StoreDown at once when others found
        meanwhile that the store is silent."""
        came_s = monotonic_s()
        try:
            async with asyncio.timeout(LINE_S):
                await self._places.acquire()
        except TimeoutError:
            raise Busy(changed) from None
        try:
            if self._silent_s > max(came_s, self._answered_s):
                raise StoreDown(
                    f"The store does not answer. Check REDIS_URL and that the server"
                    f" runs; {changed}."
                )
            yield
        finally:
            self._places.release()
