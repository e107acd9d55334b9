"""Pictures of runs that go on, made as long as somebody looks, once for all who do.

Rows are read once by this process, and added up. A picture follows another after
`EVERY_S` at the earliest, when something happened; after `LOOK_S` in any case, since
time goes on.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress

from api.errors import Problem
from api.live import LOOK_S, event
from api.pages.live.bands import MOST_CALLS, Bands
from api.pages.live.calls import CallsSoFar
from api.pages.live.picture import Picture, picture_of, unix_s
from api.parts import MOST_WATCHERS, Store
from api.parts.live import is_warmup
from api.parts.newest import read_rows
from api.schemas import Job
from shared.clock import monotonic_s, sleep
from shared.errors import BenchError, StoreDown
from shared.store import workers
from shared.store.run import runs, samples

EVERY_S = 0.75
PATIENCE_S = 2.0
"""No picture waits longer for rows that are still to be read; the next has more."""
_MOST_FEEDS = 16
"""With their calls, while nobody looks."""

log = logging.getLogger("live")


class Feed:
    """One run."""

    def __init__(self, store: Store, job_id: str, lease_s: float) -> None:
        self._store = store
        self._job_id = job_id
        self._lease_s = lease_s
        self._turn = asyncio.Lock()
        self._calls: CallsSoFar | None = None
        self._targets: tuple[str, ...] = ()
        self._read = 0
        """Rows that are in `_calls`, warm-ups and attempts too."""
        self.followers = 0
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._event = b""

    async def picture(self) -> Picture:
        """As it is now. Raises BenchError."""
        async with self._turn:
            async with self._store.access.deadline():
                job = await self._store.views.job(self._job_id)
                says = await workers.all_say(self._store.redis, lease_s=self._lease_s)
                if not self._targets:
                    run = await runs.load(self._store.redis, self._job_id)
                    self._targets = run.targets
            if job.status.terminal:
                self._calls, self._read = None, 0
            elif job.started_at is not None:
                await self._read_on(job, unix_s(job.started_at))
            return await asyncio.to_thread(
                picture_of, job, self._targets, self._calls, says
            )

    async def _read_on(self, job: Job, began_at: float) -> None:
        if self._calls is None:
            self._calls = _calls_of(job, len(self._targets), began_at)
        until_s = monotonic_s() + PATIENCE_S
        while monotonic_s() < until_s:
            async with self._store.access.deadline():
                found = await samples.page(self._store.redis, self._job_id, self._read)
            if not found:
                return
            await asyncio.to_thread(_add, self._calls, found)
            self._read += len(found)

    async def events(self, stopping: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
        """A picture at once, and each one after it, until the run has ended."""
        self.followers += 1
        if self._task is None or self._task.done():
            self._event = b""
            self._task = asyncio.create_task(self._keep(), name=f"live {self._job_id}")
        task = self._task
        sent = b""
        try:
            yield b"retry: 1000\n\n"
            while not stopping():
                news = self._news
                if self._event is not sent:
                    sent = self._event
                    yield sent
                if task.done():
                    return
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await news.wait()
        finally:
            self.followers -= 1
            if not self.followers and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _keep(self) -> None:
        async with self._store.watchers.watch(self._job_id) as bell:
            while True:
                bell.clear()
                try:
                    made = await self.picture()
                except StoreDown:
                    self._publish(event("away", {"words": "The store is away."}))
                except BenchError as error:  # purged, or of a later build: ask anew
                    log.info("no picture of %s: %s", self._job_id, error)
                    return self._publish(event("end", {}))
                except Exception:  # one picture that fails is not the last
                    log.exception("no picture of %s; trying again", self._job_id)
                else:
                    self._publish(made.event)
                    if made.ended:
                        return
                await sleep(EVERY_S)
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await bell.wait()

    def _publish(self, said: bytes) -> None:
        self._event = said
        news, self._news = self._news, asyncio.Event()
        news.set()


def _calls_of(job: Job, targets: int, began_at: float) -> CallsSoFar:
    plan, total, bands = job.plan, job.progress.total, None
    one_step = not any(plan.get(name) for name in ("sweep", "find", "until"))
    if one_step and total is not None and targets > 1 and total <= MOST_CALLS:
        bands = Bands(targets, total // targets)
    return CallsSoFar(targets, began_at, lambda n: is_warmup(plan, n), bands)


def _add(calls: CallsSoFar, found: list[bytes]) -> None:
    for row in read_rows(found):
        if row is not None:
            calls.add(row)


class Feeds:
    """Those of one server."""

    def __init__(self) -> None:
        self._feeds: OrderedDict[str, Feed] = OrderedDict()

    def of(self, store: Store, job_id: str, lease_s: float) -> Feed:
        """The feed of a run."""
        found = self._feeds.setdefault(job_id, Feed(store, job_id, lease_s))
        self._feeds.move_to_end(job_id)
        for old, feed in [*self._feeds.items()][:-_MOST_FEEDS]:
            if not feed.followers:
                del self._feeds[old]
        return found

    def check_room(self) -> None:
        """Raises a Problem where as many look as may."""
        if sum(feed.followers for feed in self._feeds.values()) >= MOST_WATCHERS:
            raise Problem(
                "too-many-watchers",
                f"{MOST_WATCHERS} pages follow runs of this server already. Close some,"
                " or reload this one now and then.",
            )
