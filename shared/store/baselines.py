"""The names of runs in the store: one hash, a field for each name."""

import logging

from redis.asyncio import Redis

from shared.baselines import Baseline, decode, encode
from shared.errors import NewerRecord
from shared.store import keys
from shared.store.client import reply

log = logging.getLogger("store.baselines")


async def put(redis: Redis, baseline: Baseline) -> None:
    """Let the name stand for this run from now on."""
    await reply(redis.hset(keys.BASELINES, baseline.name, encode(baseline).decode()))


async def remove(redis: Redis, name: str) -> None:
    """Let the name stand for nothing."""
    await reply(redis.hdel(keys.BASELINES, name))


async def known(redis: Redis) -> dict[str, Baseline]:
    """All that the store has, by name. What cannot be read is logged, and left out."""
    found = {}
    for name, text in (await reply(redis.hgetall(keys.BASELINES))).items():
        try:
            found[name.decode()] = decode(text)
        except (ValueError, TypeError, NewerRecord) as error:
            log.error("the baseline %s cannot be read: %s", name.decode(), error)
    return found
