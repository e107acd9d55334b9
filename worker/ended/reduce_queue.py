"""Which run this worker reduces next: one at a time, by turns of their submitters.

Each worker has such a queue, and a claim in the store spreads the runs over them. The
steps of a search, which goes on only when they are measured, stand in the same queue.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Protocol

from redis.asyncio import Redis

from shared.clock import monotonic_s, sleep
from shared.run import Run, Status
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import reduces
from shared.store.run.reduces import Claimed
from worker.ended.reduce_process import ReduceProcess
from worker.tasks import cancel

log = logging.getLogger("worker.ended.reduce_queue")

_IDLE_S = 30.0
"""A process without work for so long is ended, to free its memory."""
REPORTS_S = 5.0
"""How long a worker that holds a shard of an ending run is waited for: a living one
needs some milliseconds, on a busy machine a second."""
_SOON_S = 0.02
_AGAIN_S = 1.0
"""After a store that did not answer, or a process that could not be started."""


class Process(Protocol):
    """What is asked of `ReduceProcess`."""

    async def run(self, job_id: str) -> int:
        """Reduce a run; 0, or the code with which that failed."""

    async def stop(self) -> None:
        """End it."""


def in_turn(waiting: Iterable[Run], turns: Mapping[str, float]) -> list[Run]:
    """Runs to be reduced in the order in which to do it: the submitter first whose
    last turn is longest ago; each one's own by age."""
    return sorted(
        waiting,
        key=lambda run: (turns.get(run.submitter, 0.0), run.created_at, run.job_id),
    )


class ReduceQueue:
    """The runs and steps that one worker reduces, until it is closed."""

    def __init__(
        self,
        redis: Redis,
        settings: Settings,
        name: str,
        process: Process | None = None,
    ) -> None:
        """name: the worker's. process: another one, for tests."""
        self._redis = redis
        self._settings = settings
        self._name = name
        self._process = process or ReduceProcess()
        self._waiting: dict[str, Run] = {}
        self._searching: dict[str, Run] = {}
        self._unreported: dict[str, float] = {}
        """Run -> since when its workers are waited for, monotonic."""
        self._now: tuple[str, str] | None = None
        """The run, and the ticket by which its reduce is ours."""
        self._tries = 0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def offer(self, open_runs: Iterable[Run]) -> None:
        """Reduce those of the open runs that are `reducing`."""
        self._waiting = {
            run.job_id: run for run in open_runs if run.status is Status.REDUCING
        }
        since_s = self._unreported
        self._unreported = {i: since_s[i] for i in since_s if i in self._waiting}
        self._wake()

    def measure(self, run: Run) -> None:
        """Measure the step of a search that is over, and go on after it."""
        self._searching[run.job_id] = run
        self._wake()

    def begin_no_more(self) -> None:
        """The one that is under way goes on; the others are left to other workers."""
        self._closing = True
        self._news.set()

    async def close(self) -> None:
        """Wait for the one that is under way, up to DRAIN_S; then leave it as well."""
        self.begin_no_more()
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=self._settings.drain_s)
            await cancel(self._task)
        await self._process.stop()
        if self._now is not None:
            with suppress(*AWAY):
                await reduces.leave(self._redis, *self._now)

    def _wake(self) -> None:
        if self._closing or not (self._waiting or self._searching):
            return
        self._news.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="reduces")

    async def _run(self) -> None:
        while not self._closing:
            self._news.clear()
            try:
                if not await self._one():
                    await self._wait_for_news()
            except AWAY as error:
                log.warning("the store does not answer: %s", error)
                await sleep(_AGAIN_S)
            except Exception:
                log.exception("a reduce could not be begun; it is made again")
                await sleep(_AGAIN_S)

    async def _wait_for_news(self) -> None:
        """Until there may be something to reduce."""
        if self._unreported:
            with suppress(TimeoutError):
                async with asyncio.timeout(_SOON_S):
                    await self._news.wait()
            return
        try:
            async with asyncio.timeout(_IDLE_S):
                await self._news.wait()
        except TimeoutError:
            await self._process.stop()
            await self._news.wait()

    async def _one(self) -> bool:
        """Reduce the next run that nobody reduces; False where there is none."""
        turns = await reduces.turns(self._redis)
        for run in in_turn({**self._waiting, **self._searching}.values(), turns):
            claimed = await self._claim(run)
            if claimed == "soon":
                continue
            # the next look offers it again, where it was not ours
            self._waiting.pop(run.job_id, None)
            self._searching.pop(run.job_id, None)
            self._unreported.pop(run.job_id, None)
            if claimed == "ours":
                await self._reduce(run.job_id, self._ticket)
                return True
        return False

    async def _claim(self, run: Run) -> Claimed:
        """Claim the run's reduce. Its workers give their shards back first, because
        what they observed is evidence for the verdict; a dead worker is not waited for
        until its lease lapses."""
        since_s = self._unreported.setdefault(run.job_id, monotonic_s())
        self._tries += 1
        return await reduces.claim(
            self._redis,
            run,
            self._ticket,
            lease_s=self._settings.lease_s,
            patient=monotonic_s() - since_s < REPORTS_S,
        )

    @property
    def _ticket(self) -> str:
        """Of the last try."""
        return f"{self._name}:{self._tries}"

    async def _reduce(self, job_id: str, ticket: str) -> None:
        """Reduce the run. After a failure the claim stays: the time until it lapses is
        the pause before the next try. Where it is lost meanwhile another reduces the
        run too, to the same files."""
        self._now = job_id, ticket
        work = asyncio.create_task(self._process.run(job_id))
        try:
            while not work.done():
                await asyncio.wait((work,), timeout=self._settings.heartbeat_s)
                if not work.done():
                    with suppress(*AWAY):
                        lease_s = self._settings.lease_s
                        await reduces.renew(
                            self._redis, job_id, ticket, lease_s=lease_s
                        )
        finally:
            await cancel(work)
        code = work.result()
        if code:
            log.error("the reduce of %s ended with %d", job_id, code)
        else:
            await reduces.leave(self._redis, job_id, ticket)
        self._now = None
