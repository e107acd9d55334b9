"""What the store tells of a run."""

from redis.asyncio import Redis

from shared.run import Run, Status
from shared.sample import Sample, decode
from shared.store.run import runs, samples
from tests.children import until


async def reaches(redis: Redis, job_id: str, *statuses: Status) -> Run:
    """The run, once it is in one of these states."""

    async def there() -> bool:
        return (await runs.load(redis, job_id)).status in statuses

    await until(there, f"{statuses} of {job_id}")
    return await runs.load(redis, job_id)


async def rows_of(redis: Redis, job_id: str) -> list[Sample]:
    """Its rows, in the order of their arrival."""
    return [decode(row) async for row in samples.each_row(redis, job_id)]
