"""Which dialect the calls of a run speak: agreed between its workers."""

from redis.asyncio import Redis

from shared.settings import DEFAULT
from shared.settings.address import Dialect
from shared.standards.units import DAY_S
from shared.store import keys

_KEPT_S = 90 * DAY_S
"""From the last claim of a shard; the end of the run ends it sooner."""


async def agree(
    redis: Redis, job_id: str, dialect: Dialect, *, name: str = DEFAULT
) -> Dialect:
    """What the first worker of the run has found of the upstream of this name;
    `dialect` where that is us."""
    if name != DEFAULT:
        return await _agree_on_named(redis, job_id, name, dialect)
    key = keys.run(job_id, ":dialect")
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(key, dialect, nx=True, ex=_KEPT_S)
        pipe.expire(key, _KEPT_S)
        pipe.get(key)
        *_, agreed = await pipe.execute()
    return _read(agreed)


async def _agree_on_named(
    redis: Redis, job_id: str, name: str, dialect: Dialect
) -> Dialect:
    key = keys.run(job_id, ":dialects")
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hsetnx(key, name, dialect)
        pipe.expire(key, _KEPT_S)
        pipe.hget(key, name)
        *_, agreed = await pipe.execute()
    return _read(agreed)


def _read(agreed: bytes | None) -> Dialect:
    return "openrouter" if agreed == b"openrouter" else "openai"
