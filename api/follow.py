"""A run's events for one client: a snapshot, what changes, and the end."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import Any

from api.deps import Store
from api.errors import of_error
from api.schemas import Job
from api.stream import KEEP_ALIVE, KEEP_ALIVE_S, LOOK_S, event
from api.view import progress, waits_for
from shared.clock import monotonic_s, utc_label
from shared.errors import BenchError, StoreDown
from shared.run import Status
from shared.store.client import now_s
from shared.store.run import events, runs

PROGRESS_EVERY_S = 0.25
"""At most four a second; what happens in between is in the next."""

Told = tuple[list[bytes], bool]
"""Events to send, and whether they are the last."""


async def begin(store: Store, job_id: str, last_seen: str | None) -> "Follower":
    """A follower that goes on after the event `last_seen`.

    It tells the whole run first where nothing was seen, or what came after it is
    trimmed, or the run has ended. Raises NoSuchRun, StoreDown.
    """
    async with store.asking.promptly():
        # First the id: an event between the two is then told twice, and not never.
        newest = await events.last_id(store.redis, job_id)
        job = await store.views.job(job_id)
        resumes = (
            last_seen is not None
            and events.is_event_id(last_seen)
            and not job.status.terminal
            and await events.resumable(store.redis, job_id, last_seen)
        )
    return Follower(store, job, newest, last_seen if resumes else None)


class Follower:
    """What one client has been told of a run."""

    def __init__(self, store: Store, job: Job, newest: str, after: str | None) -> None:
        """newest: the last event before `job` was read. after: the last that the client
        saw; None tells it the whole run first."""
        self._store = store
        self._job = job
        self._newest = newest
        self._resumes = after is not None
        self._after = after or newest
        self._behind = True
        """Whether there may be more to read; true until a reading has succeeded."""
        self._untold: str | None = None
        """The event of a progress that came too soon after the last one told."""
        self._told_s = -inf

    async def events(self, stopping: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
        """Events as sent, until the run has ended or the server is stopping."""
        if not self._resumes:
            yield event("snapshot", self._job, self._newest)
        if self._job.status.terminal:
            yield event("done", self._job, self._newest)
            return
        async with self._store.feed.watch(self._job.job_id) as bell:
            sent_s = monotonic_s()
            while not stopping():
                over = False
                pieces: list[bytes] = []
                if bell.is_set():
                    bell.clear()
                    self._behind = True
                if self._behind:
                    pieces, over = await self._safely(self._read())
                elif monotonic_s() - sent_s >= KEEP_ALIVE_S:
                    pieces, over = await self._safely(self._look())
                for piece in pieces:
                    yield piece
                    sent_s = monotonic_s()
                if over:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience_s()):
                        await bell.wait()

    def _patience_s(self) -> float:
        """How long to wait for the bell."""
        if self._untold is None:
            return LOOK_S
        return max(0.0, self._told_s + PROGRESS_EVERY_S - monotonic_s())

    async def _safely(self, asked: Awaitable[Told]) -> Told:
        """What there is to tell; while the store is away that it is still to come."""
        try:
            async with self._store.asking.promptly():
                return await asked
        except StoreDown:
            self._told_s = monotonic_s()  # not again at once
            return [KEEP_ALIVE], False
        except BenchError as error:
            return [event("error", of_error(error).body())], True

    async def _read(self) -> Told:
        """Every change of state, and the last progress behind it."""
        store, job_id = self._store, self._job.job_id
        found = [
            new
            async for new in events.since(store.redis, job_id, self._after, block_ms=1)
        ]
        now = await self._now() if found or self._untold else {}
        pieces: list[bytes] = []
        untold = self._untold
        for new in found:
            if new.status is None:
                untold = new.id
                continue
            untold = None  # the state brings the progress
            ended = Status(new.status).terminal
            # Only `done` has the id of the end: who is cut off between the two comes
            # back for it.
            told_id = None if ended else new.id
            pieces.append(event("state", {**now, "status": new.status}, told_id))
            if ended:
                pieces.append(event("done", await store.views.job(job_id), new.id))
                return pieces, True
        if untold and monotonic_s() >= self._told_s + PROGRESS_EVERY_S:
            pieces.append(event("progress", now, untold))
            self._told_s, untold = monotonic_s(), None
        self._untold, self._behind = untold, untold is not None
        if found:
            self._after = found[-1].id
        return pieces, False

    async def _look(self) -> Told:
        """A comment; or the end, should its event have been lost."""
        job = await self._store.views.job(self._job.job_id)
        if job.status.terminal:
            return [event("done", job)], True
        return [KEEP_ALIVE], False

    async def _now(self) -> dict[str, Any]:
        """The data of `state` and `progress`."""
        redis = self._store.redis
        run = await runs.load(redis, self._job.job_id)
        return {
            "job_id": run.job_id,
            "status": run.status,
            "progress": progress(run, await now_s(redis)).model_dump(),
            "until": None if run.until is None else utc_label(run.until),
            "waiting_for": waits_for(run),
            "error": run.error,
        }
