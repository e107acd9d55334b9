"""Which dialect the calls of a run speak: agreed between its workers."""

from redis.asyncio import Redis

from shared.settings.address import Dialect
from shared.standards.units import DAY_S
from shared.store import keys

_KEPT_S = 90 * DAY_S
"""From the last claim of a shard; the end of the run ends it sooner."""


async def agree(redis: Redis, job_id: str, dialect: Dialect) -> Dialect:
    """What the first worker of the run has found; `dialect` where that is us."""
    key = keys.run(job_id, ":dialect")
    async with redis.pipeline(transaction=True) as pipe:
        pipe.set(key, dialect, nx=True, ex=_KEPT_S)
        pipe.expire(key, _KEPT_S)
        pipe.get(key)
        *_, agreed = await pipe.execute()
    return "openrouter" if agreed == b"openrouter" else "openai"
