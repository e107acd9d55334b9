"""What makes a worker look for work, and what tells its shards of theirs.

a push of a run          ──> its shards here obey, claim_work()
a push of a rest         ──> the shards here know of it
a shard has ended        ──> claim_work()
a run's wait is over     ──> claim_work()
a tick                   ──> claim_work(everything): what no ring, push or worker
                             has brought is found all the same

The doorbell (`worker.main`) calls `Station.claim_work` itself.

A worker whose looks fail sends no heartbeat: it could take no shard of a run, so no
shard must be kept for it.
"""

import asyncio
import logging
import os
from collections.abc import Collection, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from redis.asyncio import Redis

from shared.clock import monotonic_s, sleep
from shared.errors import BenchError
from shared.run import Run, Status
from shared.settings import Settings
from shared.store import away, keys, workers
from shared.store.client import AWAY, now_s
from shared.store.run import runs
from worker import collector
from worker.shard import Shard
from worker.tasks import attempt, cancel
from worker.telemetry import machine

log = logging.getLogger("worker")


class ClaimWork(Protocol):
    """`Station.claim_work`."""

    def __call__(self, *, everything: bool = False) -> Coroutine[Any, Any, None]:
        """Claim what there is to claim."""


class Inbox:
    """The inbox of one worker, from `start` until it is closed."""

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        *,
        name: str,
        shards: Collection[Shard],
        claim: ClaimWork,
    ) -> None:
        """name: the worker's. shards: those that are worked on, at any time."""
        self._redis = redis
        self._settings = settings
        self._name = name
        self._shards = shards
        self._claim = claim
        self._looked_s = monotonic_s()
        self._soon: asyncio.Task[bool] | None = None
        self._later: asyncio.TimerHandle | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False
        self._late_s: float | None = None
        """How late the loop came to the last heartbeat; None: there was none."""
        self._untouched = False
        """Whether HEARTBEAT_FILE could not be touched; said once."""

    def start(self) -> None:
        """Begin to listen, to look and to say that we live."""
        self._tasks = [
            asyncio.create_task(self._beat(), name="beat"),
            asyncio.create_task(self._listen(), name="listen"),
            asyncio.create_task(self._tick(), name="tick"),
        ]

    async def close(self) -> None:
        """Hear nothing more, and look no more."""
        self._closed = True
        await cancel(*self._tasks)
        if self._later is not None:
            self._later.cancel()
        if self._soon is not None:
            await cancel(self._soon)

    # -- looks ---------------------------------------------------------------------

    def claim_soon(self) -> None:
        """Claim beside what is done now; does nothing while that is under way."""
        if not self._closed and (self._soon is None or self._soon.done()):
            self._soon = asyncio.create_task(attempt(self._claim()), name="claim")

    async def claim_when_one_opens(self, found: Sequence[Run]) -> None:
        """Of the runs that wait for a moment before the next tick, the first goes on at
        that moment, and not at the tick after it."""
        waiting = [run for run in found if run.status is Status.WAITING]
        until = min((run.until for run in waiting if run.until), default=None)
        if until is None:
            return
        left_s = until - await now_s(self._redis)
        if 0 < left_s < self._settings.reaper_tick_s:
            if self._later is not None:
                self._later.cancel()
            loop = asyncio.get_running_loop()
            self._later = loop.call_later(left_s + 0.001, self.claim_soon)

    async def _tick(self) -> None:
        while True:
            if await attempt(self._claim(everything=True)):
                self._looked_s = monotonic_s()
            await sleep(self._settings.reaper_tick_s)

    # -- pushes --------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(keys.PUSH, keys.BARS)
                    while True:
                        message = await channel.get_message(
                            ignore_subscribe_messages=True, timeout=5
                        )
                        if message is None:
                            continue
                        if message["channel"] == keys.BARS.encode():
                            self._hear_of_rest(message["data"].decode())
                        else:
                            await self._hear_of_run(message["data"].decode())
            except AWAY as error:
                away.say(error, "the store's pushes are not heard")
                await sleep(1)

    def _hear_of_rest(self, text: str) -> None:
        """A target of an account rests, or is down: `ACCOUNT UNTIL_MS NAME`."""
        account, until_ms, name = text.split(" ", 2)
        for shard in self._shards:
            shard.hear(account, name, int(until_ms))

    async def _hear_of_run(self, job_id: str) -> None:
        """A run was made, cancelled, paused or moved on."""
        ours = [shard for shard in self._shards if shard.lease.job_id == job_id]
        with suppress(BenchError, *AWAY):
            run = await runs.load(self._redis, job_id)
            for shard in ours:
                shard.obey(run.status, run.step)
        await attempt(self._claim())

    # -- heartbeat -----------------------------------------------------------------

    async def beat(self) -> None:
        """Tell the store that this worker lives."""
        says = {
            **machine(),
            "pid": os.getpid(),
            "shards": len(self._shards),
            "runs": sorted({shard.lease.job_id for shard in self._shards}),
            "loop_lag_s": self._late_s,
        }
        lease_s = self._settings.lease_s
        await workers.beat(self._redis, self._name, says, lease_s=lease_s)
        if self._settings.heartbeat_file is not None:
            self._touch(self._settings.heartbeat_file)

    def _touch(self, file: Path) -> None:
        try:
            file.touch()
        except OSError as error:
            if not self._untouched:
                log.error("HEARTBEAT_FILE=%s: %s", file, error.strerror)
            self._untouched = True

    async def _beat(self) -> None:
        young = collector.Young()
        while True:
            due_s = monotonic_s() + self._settings.heartbeat_s
            await sleep(self._settings.heartbeat_s)
            self._late_s = max(0.0, monotonic_s() - due_s)
            if monotonic_s() - self._looked_s < self._settings.lease_s:
                await attempt(self.beat())
            young.collect()
