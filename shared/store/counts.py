"""What is counted over all runs, for `GET /metrics`.

`claim.lua` and `finish.lua` count; the open runs are counted when they are asked for.
"""

from collections import Counter
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.run import Status
from shared.store import keys


@dataclass(frozen=True, slots=True)
class Tally:
    """One reading."""

    open: dict[Status, int]
    """Runs that have not ended, by state; 0 where there are none."""
    ended: dict[Status, int]
    """Runs that have ended since this store's data began; likewise."""
    takeovers: int
    """Shards taken over from a silent worker since then."""


async def read(redis: Redis) -> Tally:
    """The counts now."""
    async with redis.pipeline(transaction=False) as pipe:
        pipe.zrange(keys.OPEN, 0, -1)
        pipe.hgetall(keys.COUNTS)
        ids, counted = await pipe.execute()
    async with redis.pipeline(transaction=False) as pipe:
        for job_id in ids:
            pipe.hget(keys.run(job_id.decode()), "status")
        states = Counter(await pipe.execute())

    def ended(status: Status) -> int:
        return int(counted.get(f"ended:{status}".encode(), 0))

    return Tally(
        open={s: states[s.encode()] for s in Status if not s.terminal},
        ended={s: ended(s) for s in Status if s.terminal},
        takeovers=int(counted.get(b"takeovers", 0)),
    )
