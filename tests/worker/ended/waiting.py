"""Runs that wait for their reduce, and the settings of who reduces them."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.prompts import InlinePrompts
from shared.run import Ending
from shared.sample import Outcome, Sample, encode
from shared.settings.settings import Settings
from shared.store.run import leases, runs, slots, states
from shared.store.run.slots import Entry


def settings_of(store_url: str, folder: Path) -> Settings:
    """A lease so short that a test can wait for its end."""
    return Settings(
        redis_url=store_url,
        results_dir=folder / "results",
        spool_dir=folder / "spool",
        log_file=folder / "log.txt",
        lease_s=1,
        heartbeat_s=0.2,
        drain_s=5,
    )


async def ended(redis: Redis, submitter: str) -> str:
    """A run without a row that waits for its reduce."""
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("x",)),
        runs=1,
        submitter=submitter,
    )
    run = await runs.create(redis, plan)
    await states.end(redis, run.job_id, Ending.CANCELLED)
    return run.job_id


async def with_a_row(redis: Redis, submitter: str) -> str:
    """A run of one row that waits for its reduce."""
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("x",)),
        runs=1,
        submitter=submitter,
    )
    job_id = (await runs.create(redis, plan)).job_id
    lease = await leases.claim(
        redis, job_id, steps(plan)[0], owner="x", shards=1, lease_s=15
    )
    assert lease is not None
    assert await slots.take(redis, lease, 1, ticket="t")
    row = encode(Sample(step=0, slot=0, target=0, prompt=0, outcome=Outcome.OK))
    await slots.commit(redis, lease, [Entry(0, 0, "ok", 0, row)], max_answers_bytes=9)
    await leases.release(redis, lease)
    await states.end(redis, job_id, Ending.COMPLETED)
    return job_id


def over(redis: Redis, *job_ids: str) -> Callable[[], Awaitable[bool]]:
    async def all_over() -> bool:
        found = [(await runs.load(redis, job_id)).status for job_id in job_ids]
        return all(status.terminal for status in found)

    return all_over
