"""To whom a run belongs, which never changes: asked once, and kept."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from redis.asyncio import Redis

from shared import archive
from shared.errors import NewerRecord, NoSuchRun, Unreadable
from shared.store.run import runs

_MOST_KEPT = 100_000


class Owners:
    """Run -> the id of the token that made it, from the store and the results folder.

    A run that no record tells of belongs to nobody, so admins alone see it.
    """

    def __init__(self, redis: Redis, results_dir: Path) -> None:
        self._redis = redis
        self._results_dir = results_dir
        self._kept: OrderedDict[str, str | None] = OrderedDict()

    async def of(self, job_id: str) -> str | None:
        """Raises NoSuchRun, NewerRecord, Unreadable, StoreDown."""
        if job_id in self._kept:
            return self._kept[job_id]
        try:
            owner = await runs.owner_of(self._redis, job_id)
        except NoSuchRun:
            old = await asyncio.to_thread(archive.load, self._results_dir, job_id)
            owner = old.owner
        self._kept[job_id] = owner
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return owner

    async def of_all(self, job_ids: Iterable[str]) -> dict[str, str | None]:
        """Those of them that can be told."""
        found = {}
        for job_id in job_ids:
            try:
                found[job_id] = await self.of(job_id)
            except (NoSuchRun, NewerRecord, Unreadable):
                continue
        return found

    def forget(self, job_id: str) -> None:
        """It was purged."""
        self._kept.pop(job_id, None)
