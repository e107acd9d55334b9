"""A run whose failed calls are made again, and its rows slot by slot."""

from itertools import groupby
from typing import Any

from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency, Load
from shared.plan.prompts import InlinePrompts
from shared.plan.retries import Retries
from shared.sample import Outcome, Sample, decode
from shared.store import keys
from shared.store.run import runs, samples
from tests.children import until

SWIFT, FAILS_TWICE, BUSY_ONCE = "acme/swift-8b", "fault/fails-twice", "fault/busy-once"
FAILED, OK = Outcome.UPSTREAM_ERROR, Outcome.OK


async def submit(
    redis: Redis,
    *models: str,
    prompts: int = 4,
    load: Load | None = None,
    backoff_s: float = 0.05,
    most: int = 2,
) -> str:
    plan = Plan(
        targets=tuple(Target(model=model) for model in models),
        prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(prompts))),
        runs=1,
        load=load or Concurrency(concurrency=4),
        retries=Retries(max=most, backoff_s=backoff_s),
        on_outage="count",  # each prompt fails at first: that is no outage
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


async def has_rows(redis: Redis, job_id: str, n: int) -> None:
    async def there() -> bool:
        return await redis.llen(keys.run(job_id, ":rows")) >= n

    await until(there, f"{n} rows of {job_id}")


async def by_slot(redis: Redis, job_id: str) -> dict[int, list[Sample]]:
    rows = [decode(row) async for row in samples.each_row(redis, job_id)]
    rows.sort(key=lambda row: (row.slot, row.attempt))
    return {slot: list(each) for slot, each in groupby(rows, lambda row: row.slot)}


async def result_of(redis: Redis, job_id: str) -> dict[str, Any]:
    result = await runs.result_of(redis, job_id)
    assert result is not None
    return result
