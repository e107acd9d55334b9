"""Who reduces which run now, and whose turn it is."""

from typing import Literal

from redis.asyncio import Redis

from shared.run import Run
from shared.store import keys
from shared.store.client import call, reply

_ANSWERS: dict[int, "Claimed"] = {0: "no", 1: "ours", 2: "soon"}
_TURNS_KEPT_MS = 24 * 3_600_000


Claimed = Literal["ours", "no", "soon"]
"""`no`: another has it, a try has just failed, or the run has ended. `soon`: a worker
has still to say what it observed of itself."""


async def claim(
    redis: Redis, run: Run, ticket: str, *, lease_s: float, patient: bool = False
) -> Claimed:
    """Take a run's reduce, which is a turn of its submitter.

    ticket: a new one for each try, so that a repeated command is told from a new try.
    patient: let workers that hold a shard give it back first.
    """
    step, *_ = keys.step(run.job_id, run.step)
    names = [keys.run(run.job_id), _lock(run.job_id), keys.REDUCE_TURNS, step]
    args = [ticket, int(lease_s * 1000), run.submitter, _TURNS_KEPT_MS]
    answer = await call(redis, "claim_reduce", names, [*args, "1" if patient else ""])
    return _ANSWERS[answer]


async def renew(redis: Redis, job_id: str, ticket: str, *, lease_s: float) -> bool:
    """It goes on: nobody else shall begin with it for another `lease_s`. False: it is
    this ticket's no more, since that stalled for longer than its lease."""
    lease_ms = int(lease_s * 1000)
    return bool(await call(redis, "hold_reduce", [_lock(job_id)], [ticket, lease_ms]))


async def leave(redis: Redis, job_id: str, ticket: str) -> None:
    """Whoever comes next may take it at once; nothing where it is this ticket's no
    more."""
    await call(redis, "hold_reduce", [_lock(job_id)], [ticket, ""])


async def is_under_way(redis: Redis, job_id: str) -> bool:
    """Whether somebody makes its reduce now."""
    return bool(await redis.exists(_lock(job_id)))


async def turns(redis: Redis) -> dict[str, float]:
    """Submitter -> when a reduce of theirs was last begun, ms of the store."""
    found = await reply(redis.hgetall(keys.REDUCE_TURNS))
    return {name.decode(): float(at_ms) for name, at_ms in found.items()}


def _lock(job_id: str) -> str:
    return keys.run(job_id, ":reduce")
