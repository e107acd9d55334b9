"""Who reduces which run now, and whose turn it is."""

from redis.asyncio import Redis

from shared.run import Run
from shared.store import keys
from shared.store.client import call, reply

_TURNS_KEPT_MS = 24 * 3_600_000


async def claim(redis: Redis, run: Run, ticket: str, *, lease_s: float) -> bool:
    """Take a run's reduce, which is a turn of its submitter; False where another has
    it, a try has just failed, or the run has ended.

    ticket: a new one for each try, so that a repeated command is told from a new try.
    """
    names = [keys.run(run.job_id), _lock(run.job_id), keys.REDUCE_TURNS]
    args = [ticket, int(lease_s * 1000), run.submitter, _TURNS_KEPT_MS]
    return bool(await call(redis, "claim_reduce", names, args))


async def keep(redis: Redis, job_id: str, *, lease_s: float) -> None:
    """It goes on: nobody else shall begin with it for another `lease_s`."""
    await redis.pexpire(_lock(job_id), int(lease_s * 1000))


async def leave(redis: Redis, job_id: str) -> None:
    """Whoever comes next may take it at once."""
    await redis.delete(_lock(job_id))


async def turns(redis: Redis) -> dict[str, float]:
    """Submitter -> when a reduce of theirs was last begun, ms of the store."""
    found = await reply(redis.hgetall(keys.REDUCE_TURNS))
    return {name.decode(): float(at_ms) for name, at_ms in found.items()}


def _lock(job_id: str) -> str:
    return keys.run(job_id, ":reduce")
