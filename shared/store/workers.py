"""Who is alive: each worker tells the store, and its word expires with its silence."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import now_s


async def beat(
    redis: Redis, name: str, says: Mapping[str, Any], *, lease_s: float
) -> None:
    """This worker is alive for another `lease_s`."""
    now = await now_s(redis)
    async with redis.pipeline(transaction=False) as pipe:
        pipe.zadd(keys.WORKERS, {name: now * 1000})
        pipe.zremrangebyscore(keys.WORKERS, "-inf", (now - lease_s) * 1000)
        pipe.set(keys.worker(name), to_json(dict(says)), px=int(lease_s * 1000))
        pipe.expire(keys.WORKERS, DAY_S)
        pipe.set(keys.BORN, int(now * 1000), nx=True)
        await pipe.execute()


async def gone(redis: Redis, name: str) -> None:
    """This worker leaves in good order."""
    await redis.zrem(keys.WORKERS, name)
    await redis.delete(keys.worker(name))


async def alive(redis: Redis, *, lease_s: float) -> list[str]:
    """Names of the workers heard of within `lease_s`."""
    now = await now_s(redis)
    names = await redis.zrangebyscore(
        keys.WORKERS, (now - lease_s) * 1000, "+inf", start=0, num=10_000
    )
    return [name.decode() for name in names]


async def how_many(redis: Redis, *, lease_s: float) -> int:
    """Workers heard of within `lease_s`."""
    since_ms = (await now_s(redis) - lease_s) * 1000
    return int(await redis.zcount(keys.WORKERS, since_ms, "+inf"))


async def says(redis: Redis, name: str) -> dict[str, Any] | None:
    """What the worker last said of itself; None when it is silent."""
    text = await redis.get(keys.worker(name))
    return from_json(text) if text else None


async def all_say(redis: Redis, *, lease_s: float) -> dict[str, dict[str, Any]]:
    """What each worker that is alive last said of itself, by its name."""
    names = sorted(await alive(redis, lease_s=lease_s))
    texts = await redis.mget([keys.worker(name) for name in names]) if names else []
    return {
        name: from_json(text) for name, text in zip(names, texts, strict=True) if text
    }
