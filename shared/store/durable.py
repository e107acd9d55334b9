"""Whether the store persists its data, and whether it has lost data.

A store that does not write to disk, or that forgets keys when it is full, cannot keep
the promise that a counted row stays counted. Asked by INFO, since a user with an ACL
may have no CONFIG.
"""

import logging
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, RedisError

from shared.clock import utc_label
from shared.errors import LostRun, Misconfigured, NoSuchRun
from shared.run import created_at
from shared.store import keys
from shared.store.client import AWAY, now_s, reply

log = logging.getLogger("store")

FIX = (
    "Set `appendonly yes` and `maxmemory-policy noeviction` there, or ALLOW_VOLATILE=1"
    " here."
)


async def check(redis: Redis, *, allow_volatile: bool) -> None:
    """Note when this store was first seen, and refuse one that cannot keep rows.

    Raises Misconfigured, unless `allow_volatile`; what the store does not tell is one
    warning. Raises what the library raises when the store is away.
    """
    await redis.set(keys.BORN, int(await now_s(redis) * 1000), nx=True)
    try:
        told = await redis.info()
    except RedisError as error:
        if isinstance(error, AWAY) and not isinstance(error, NoPermissionError):
            raise
        _warn_once(
            f"the store does not tell whether it writes to disk ({error}): see that"
            " AOF is on and maxmemory-policy is noeviction"
        )
        return
    lossy = wrong(told)
    if lossy and not allow_volatile:
        raise Misconfigured(f"The store {lossy}. Counted rows could be lost. {FIX}")
    if lossy:
        _warn_once(f"the store {lossy}: counted rows may be lost (ALLOW_VOLATILE)")


def wrong(told: Mapping[str, Any]) -> str | None:
    """How rows could be lost in a store that tells this of itself (INFO), if at all."""
    said = []
    if str(told.get("aof_enabled", "1")) == "0":
        said.append("does not write what it is told to disk (AOF is off)")
    policy = str(told.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        said.append(f"forgets keys when it is full (maxmemory-policy {policy})")
    return " and ".join(said) or None


@lru_cache(maxsize=16)
def _warn_once(sentence: str) -> None:
    log.warning("%s", sentence)


async def missing(redis: Redis, job_id: str) -> NoSuchRun:
    """Why nobody knows this run: LostRun where it is older than the store's data."""
    born_ms = await reply(redis.get(keys.BORN))
    if born_ms is not None and created_at(job_id) * 1000 >= float(born_ms):
        return NoSuchRun(job_id)
    since = None if born_ms is None else utc_label(float(born_ms) / 1000)
    return LostRun(job_id, since)
