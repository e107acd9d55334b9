"""Looks at the runs that are due before the next tick."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from redis.asyncio import Redis

from shared.run import Run, Status
from shared.store.client import now_s
from worker.tasks import cancel


class Looks:
    """Of one worker: one under way, and one that waits for its moment, at most."""

    def __init__(self, look: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """look: made as often as is asked for; it may not raise."""
        self._look = look
        self._now: asyncio.Task[None] | None = None
        self._later: asyncio.TimerHandle | None = None
        self._closed = False

    def soon(self) -> None:
        """Look beside what is done now; does nothing while that is under way."""
        if not self._closed and (self._now is None or self._now.done()):
            self._now = asyncio.create_task(self._look(), name="look")

    async def when_one_opens(
        self, redis: Redis, found: Sequence[Run], *, within_s: float
    ) -> None:
        """A run that waits goes on at its moment, where that is so near, and not at the
        tick after it."""
        waiting = [run for run in found if run.status is Status.WAITING]
        until = min((run.until for run in waiting if run.until), default=None)
        if until is None:
            return
        left_s = until - await now_s(redis)
        if 0 < left_s < within_s:
            if self._later is not None:
                self._later.cancel()
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(left_s + 0.001, self.soon)

    async def close(self) -> None:
        """Look no more."""
        self._closed = True
        if self._later is not None:
            self._later.cancel()
        if self._now is not None:
            await cancel(self._now)
