"""Runs whose rows are still to be compared with the upstream's bills.

Each step is a single command of the store. The lease saves work and guards nothing:
who compares twice writes the same file twice.
"""

from redis.asyncio import Redis

from shared.store import keys
from shared.store.client import now_s

_MOST = 1000


async def ask(redis: Redis, job_id: str, *, in_s: float, keep_s: float) -> None:
    """Let a run be compared, not before `in_s` from now; asked twice it is once.

    What nobody has done within `keep_s` is forgotten.
    """
    now_ms = int(await now_s(redis) * 1000)
    async with redis.pipeline(transaction=False) as pipe:
        pipe.zremrangebyscore(keys.RECONCILE, "-inf", now_ms - int(keep_s * 1000))
        pipe.zadd(keys.RECONCILE, {job_id: now_ms + int(in_s * 1000)}, nx=True)
        pipe.pexpire(keys.RECONCILE, int((in_s + keep_s) * 1000))
        await pipe.execute()


async def due(redis: Redis) -> list[str]:
    """The runs that may be compared now, those first that have waited longest."""
    now_ms = int(await now_s(redis) * 1000)
    found = await redis.zrangebyscore(keys.RECONCILE, "-inf", now_ms, 0, _MOST)
    return [job_id.decode() for job_id in found]


async def waits(redis: Redis, job_id: str) -> bool:
    """Whether it has been asked for and not been done."""
    return await redis.zscore(keys.RECONCILE, job_id) is not None


async def claim(redis: Redis, job_id: str, worker: str, *, lease_s: float) -> bool:
    """Take or keep a run for this worker; False while another one has it."""
    lease, lease_ms = keys.run(job_id, ":reconcile"), int(lease_s * 1000)
    if await redis.set(lease, worker, nx=True, px=lease_ms):
        return True
    if await redis.get(lease) != worker.encode():
        return False
    await redis.pexpire(lease, lease_ms)
    return True


async def put_off(redis: Redis, job_id: str, worker: str, *, in_s: float) -> None:
    """Leave it to whoever comes first after `in_s`."""
    at_ms = int((await now_s(redis) + in_s) * 1000)
    await redis.zadd(keys.RECONCILE, {job_id: at_ms}, xx=True)
    await _let_go(redis, job_id, worker)


async def done(redis: Redis, job_id: str, worker: str) -> None:
    """Its file is there, or never will be."""
    await redis.zrem(keys.RECONCILE, job_id)
    await _let_go(redis, job_id, worker)


async def _let_go(redis: Redis, job_id: str, worker: str) -> None:
    lease = keys.run(job_id, ":reconcile")
    if await redis.get(lease) == worker.encode():
        await redis.delete(lease)
