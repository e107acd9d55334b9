"""Workers in this process, on a real store, against the upstream of the faults."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from shared.plan import Plan
from shared.run import Run
from shared.settings.settings import Settings
from shared.store.client import connect
from shared.store.run import runs
from tests.children import CANARY
from tests.faults.upstream import Fault
from worker.ended.reduce_queue import ReduceQueue
from worker.station import Station

NEVER_S = 3600.0
"""A tick so long that nothing is found by it: what is to be heard has to be told."""


class Elsewhere(ReduceQueue):
    """Reduces are left to others: they are processes of their own."""

    def offer(self, open_runs: Iterable[Run]) -> None:
        pass

    def measure(self, run: Run) -> None:
        pass


class Worker(Station):
    """A worker that does not reduce."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        super().__init__(redis, settings)
        self._reduces = Elsewhere(redis, settings, self.name)


@asynccontextmanager
async def floor(
    store_url: str, upstream: Fault | str, folder: Path, n: int = 1, **given: object
) -> AsyncIterator[list[Worker]]:
    """`n` workers that have started; `given` are settings."""
    url = upstream if isinstance(upstream, str) else upstream.url
    settings = Settings.model_validate(
        {
            "redis_url": store_url,
            "openrouter_base_url": url,
            "upstream_kind": "openai",
            "openrouter_api_key": CANARY,
            "results_dir": folder / "results",
            "spool_dir": folder / "spool",
            "reaper_tick_s": NEVER_S,
            "drain_s": 1,
            **given,
        }
    )
    workers = [Worker(connect(store_url), settings) for _ in range(n)]
    for worker in workers:
        await worker.start()
    try:
        yield workers
    finally:
        await asyncio.gather(*(worker.drain() for worker in workers))
        for worker in workers:
            await worker.redis.aclose()


async def submit(workers: list[Worker], plan: Plan) -> str:
    """A new run, of which the workers have heard."""
    return (await runs.create(workers[0].redis, plan)).job_id
