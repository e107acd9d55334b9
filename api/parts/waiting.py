"""What a benchmark waits for, in words, as far as the store tells."""

from collections.abc import Callable

from redis.asyncio import Redis

from shared.clock import utc_label
from shared.run import Run, Status
from shared.store import workers
from shared.store.run import leases, reduces, runs

_LIMIT = "the upstream's limit"


Sees = Callable[[Run], bool]


async def waiting_for(
    redis: Redis, run: Run, *, lease_s: float, sees: Sees = lambda run: True
) -> str | None:
    """What has to happen before it goes on; None where somebody is at it, or where it
    has ended.

    sees: which other benchmarks may be named to who asks.
    """
    match run.status:
        case Status.WAITING:
            return waits_for(run)
        case Status.PAUSED:
            return "somebody to resume it"
        case Status.QUEUED:
            return await _alive(redis, lease_s) or await _its_turn(redis, run, sees)
        case Status.RUNNING if run.stalled_s is not None:
            return await _alive(redis, lease_s) or "a worker to take it over"
        case Status.REDUCING:
            return await _its_results(redis, run, lease_s)
    return None


def waits_for(run: Run) -> str | None:
    """What a run that is `waiting` waits for; None for one that is not."""
    if run.status is not Status.WAITING or run.until is None:
        return None
    at = utc_label(run.until)
    if run.down is not None:
        return f"the upstream, which is down ({run.down}); it is tried again at {at}"
    return f"{run.shut or _LIMIT}, until {at}"


async def _alive(redis: Redis, lease_s: float) -> str | None:
    """None where a worker is alive."""
    if await workers.alive(redis, lease_s=lease_s):
        return None
    return "a worker: none is alive; start one with `python -m worker`"


async def _its_turn(redis: Redis, run: Run, sees: Sees) -> str:
    """What keeps a run back that is queued while workers are alive."""
    others = [one for one in await runs.open_runs(redis) if one.job_id != run.job_id]
    under_way = [one for one in others if one.status is Status.RUNNING]
    if run.exclusive and under_way:
        return f"the end of {_number(under_way, sees)}: it is measured alone"
    for one in others:
        first = one.status is Status.QUEUED and one.job_id < run.job_id
        if one.exclusive and (first or one in under_way):
            which = f"benchmark {one.job_id}" if sees(one) else "another benchmark"
            return f"{which}, which is measured alone"
    if under_way:
        return f"a worker to take it, beside {_number(under_way, sees)}"
    return "a worker to take it"


async def _its_results(redis: Redis, run: Run, lease_s: float) -> str | None:
    if run.judging and run.to_judge is not None:
        return (
            f"what judges say of its answers: {run.judged} of up to {run.to_judge}"
            " opinions are there"
        )
    if run.blocked is not None:
        return "its results, which could not be written; it is tried again by itself"
    if await leases.is_held(redis, run):
        return "the calls that are open to end"
    if run.judging:
        return await _alive(redis, lease_s) or "a worker to have its answers judged"
    if await reduces.is_under_way(redis, run.job_id):
        return None
    return await _alive(redis, lease_s) or "a worker to make its results"


def _number(others: list[Run], sees: Sees) -> str:
    if len(others) == 1 and not sees(others[0]):
        return "another benchmark, which is under way"
    if len(others) == 1:
        return f"benchmark {others[0].job_id}, which is under way"
    return f"{len(others)} other benchmarks, which are under way"
