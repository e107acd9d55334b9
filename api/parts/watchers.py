"""The clients that follow runs: one blocked read per run, however many watch it.

A watcher only hears that there is something new, and reads it itself from the event
that it saw last. So a slow client costs nothing, misses nothing and finds progress
already added up.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from api.errors import Problem
from shared.clock import sleep
from shared.store.client import AWAY
from shared.store.run import events

log = logging.getLogger(__name__)

MOST_WATCHERS = 500
BLOCK_MS = 1000
_PAUSE_S = 1.0


class Watchers:
    """The bells of all watchers in this process."""

    def __init__(self, redis: Redis) -> None:
        """`redis` has a connection for every run that is watched at once."""
        self.redis = redis
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}

    def check_room(self) -> None:
        """Raises a Problem when there are as many watchers as there may be."""
        if sum(map(len, self._bells.values())) >= MOST_WATCHERS:
            raise Problem(
                "too-many-watchers",
                f"{MOST_WATCHERS} clients follow events of this server already. GET the"
                " benchmark now and then instead, or come back later.",
            )

    @asynccontextmanager
    async def watch(self, job_id: str) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever there may be something new of the run."""
        bell = asyncio.Event()
        bells = self._bells.setdefault(job_id, set())
        bells.add(bell)
        if job_id not in self._readers:
            self._readers[job_id] = asyncio.create_task(self._read(job_id, bells))
        try:
            yield bell
        finally:
            bells.discard(bell)
            if not bells:
                del self._bells[job_id]
                self._readers.pop(job_id).cancel()

    async def close(self) -> None:
        """End all readers."""
        readers = list(self._readers.values())
        for reader in readers:
            reader.cancel()
        await asyncio.gather(*readers, return_exceptions=True)

    async def _read(self, job_id: str, bells: set[asyncio.Event]) -> None:
        # From the beginning: a ring too many is harmless, one too few is not.
        after = "0-0"
        while True:
            seen = after
            try:
                async for event in events.since(
                    self.redis, job_id, after, block_ms=BLOCK_MS
                ):
                    after = event.id
            except AWAY:
                await sleep(_PAUSE_S)
            except Exception:  # a reader that has ended would ring for nobody
                log.exception("the events of %s cannot be read; trying again", job_id)
                await sleep(_PAUSE_S)
            if after != seen:
                for bell in bells:
                    bell.set()
