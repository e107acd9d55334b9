"""What the store tells of a run."""

from collections.abc import Collection

from redis.asyncio import Redis

from shared.run import Run, Status
from shared.sample import Sample, decode
from shared.store.run import runs, samples
from tests.children import until


async def reaches(redis: Redis, job_id: str, *statuses: Status) -> Run:
    """The run, once it is in one of these states; fails when it ends in another."""

    async def there() -> bool:
        return is_in(await runs.load(redis, job_id), statuses)

    await until(there, f"{statuses} of {job_id}")
    return await runs.load(redis, job_id)


def is_in(run: Run, statuses: Collection[Status]) -> bool:
    """Whether it is in one of these states. Nothing follows a terminal one, so another
    of those is not waited on."""
    there = run.status in statuses
    assert there or not run.status.terminal, f"it ended otherwise: {run}"
    return there


async def rows_of(redis: Redis, job_id: str) -> list[Sample]:
    """Its rows, in the order of their arrival."""
    return [decode(row) async for row in samples.each_row(redis, job_id)]
