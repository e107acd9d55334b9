"""A run's events for one client: a snapshot, what changes, and the end."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import Any, NamedTuple

from api.errors import of_error
from api.live.stream import KEEP_ALIVE, KEEP_ALIVE_S, LOOK_S, event
from api.parts import Store, progress, waits_for
from api.schemas import Job
from shared.clock import monotonic_s, utc_label
from shared.errors import BenchError, StoreDown
from shared.run import Status
from shared.store.client import now_s
from shared.store.run import events, runs

PROGRESS_EVERY_S = 0.25
"""At most four a second; what happens in between is in the next."""


class Pieces(NamedTuple):
    """Events to send, each as its bytes."""

    events: list[bytes]
    last: bool = False
    """Whether the stream ends with them."""


async def follower_of(store: Store, job_id: str, last_seen: str | None) -> "Follower":
    """A follower that goes on after the event `last_seen`.

    Its first event is the whole run where nothing was seen, or what came after
    `last_seen` is trimmed, or the run has ended. Raises NoSuchRun, StoreDown.
    """
    async with store.access.deadline():
        # The id first: an event between the two readings is sent twice, and not never.
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
    """One client that follows a run, and what was sent to it so far."""

    def __init__(self, store: Store, job: Job, newest: str, after: str | None) -> None:
        """newest: the last event before `job` was read. after: the last that the client
        saw; None: the whole run is sent first."""
        self._store = store
        self._job = job
        self._newest = newest
        self._resumes = after is not None
        self._after = after or newest
        self._behind = True
        """Whether there may be more to read; true until a reading has succeeded."""
        self._held_back: str | None = None
        """The id of a progress that came too soon after the last one that was sent."""
        self._progress_sent_s = -inf

    async def events(self, stopping: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
        """Events as sent, until the run has ended or the server is stopping."""
        if not self._resumes:
            yield event("snapshot", self._job, self._newest)
        if self._job.status.terminal:
            yield event("done", self._job, self._newest)
            return
        async with self._store.watchers.watch(self._job.job_id) as bell:
            sent_s = monotonic_s()
            while not stopping():
                pieces = Pieces([])
                if bell.is_set():
                    bell.clear()
                    self._behind = True
                if self._behind:
                    pieces = await self._or_wait(self._read())
                elif monotonic_s() - sent_s >= KEEP_ALIVE_S:
                    pieces = await self._or_wait(self._keep_alive())
                for piece in pieces.events:
                    yield piece
                    sent_s = monotonic_s()
                if pieces.last:
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._patience_s()):
                        await bell.wait()

    def _patience_s(self) -> float:
        """Seconds to wait for news of the run before looking again."""
        if self._held_back is None:
            return LOOK_S
        return max(0.0, self._progress_sent_s + PROGRESS_EVERY_S - monotonic_s())

    async def _or_wait(self, asked: Awaitable[Pieces]) -> Pieces:
        """What was asked for; a comment while the store is away, and an `error` that
        ends the stream where the run cannot be read."""
        try:
            async with self._store.access.deadline():
                return await asked
        except StoreDown:
            self._progress_sent_s = monotonic_s()  # not again at once
            return Pieces([KEEP_ALIVE])
        except BenchError as error:
            return Pieces([event("error", of_error(error).body())], last=True)

    async def _read(self) -> Pieces:
        """Every change of state, and the last progress behind it."""
        store, job_id = self._store, self._job.job_id
        found = [
            new
            async for new in events.since(store.redis, job_id, self._after, block_ms=1)
        ]
        now = await self._now() if found or self._held_back else {}
        pieces: list[bytes] = []
        held_back = self._held_back
        for new in found:
            if new.status is None:
                held_back = new.id
                continue
            held_back = None  # a `state` has the progress in it
            ended = Status(new.status).terminal
            # Only `done` has the id of the end: a client that is cut off between the
            # two asks for it again.
            event_id = None if ended else new.id
            pieces.append(event("state", {**now, "status": new.status}, event_id))
            if ended:
                pieces.append(event("done", await store.views.job(job_id), new.id))
                return Pieces(pieces, last=True)
        if held_back and monotonic_s() >= self._progress_sent_s + PROGRESS_EVERY_S:
            pieces.append(event("progress", now, held_back))
            self._progress_sent_s, held_back = monotonic_s(), None
        self._held_back, self._behind = held_back, held_back is not None
        if found:
            self._after = found[-1].id
        return Pieces(pieces)

    async def _keep_alive(self) -> Pieces:
        """A comment; or the end, should its event have been lost."""
        job = await self._store.views.job(self._job.job_id)
        if job.status.terminal:
            return Pieces([event("done", job)], last=True)
        return Pieces([KEEP_ALIVE])

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
            "live": await self._store.views.live(run),
            "error": run.error,
        }
