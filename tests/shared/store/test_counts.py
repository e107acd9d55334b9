"""What is counted over all runs."""

import asyncio

from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Run, Status
from shared.store import counts, keys
from shared.store.run import leases, runs, states

PLAN = Plan(targets=(Target(model="acme/a"),), prompts=InlinePrompts(prompts=("x",)))


async def claim(redis: Redis, run: Run, owner: str, lease_s: float) -> leases.Lease:
    [step] = steps(PLAN)
    lease = await leases.claim(
        redis, run.job_id, step, owner=owner, shards=1, lease_s=lease_s
    )
    assert lease is not None
    return lease


async def test_an_empty_store_has_zeros_and_no_holes(redis: Redis) -> None:
    found = await counts.read(redis)
    assert found.open == {
        Status.QUEUED: 0,
        Status.RUNNING: 0,
        Status.WAITING: 0,
        Status.PAUSED: 0,
        Status.REDUCING: 0,
    }
    assert found.ended == {Status.DONE: 0, Status.CANCELLED: 0, Status.FAILED: 0}
    assert found.takeovers == 0


async def test_open_runs_are_counted_by_state_and_ended_ones_once(redis: Redis) -> None:
    made = [await runs.create(redis, PLAN) for _ in range(5)]
    await claim(redis, made[0], "w", 15)
    await states.move(redis, made[1].job_id, Status.PAUSED)
    for run, ending in ((made[2], Ending.CANCELLED), (made[3], Ending.NO_CREDIT)):
        await states.end(redis, run.job_id, ending)
        reducing = await runs.load(redis, run.job_id)
        assert await states.finish(redis, reducing, {}, keep_s=60)
        assert not await states.finish(redis, reducing, {}, keep_s=60)
    found = await counts.read(redis)
    assert {s: n for s, n in found.open.items() if n} == {
        Status.RUNNING: 1,
        Status.PAUSED: 1,
        Status.QUEUED: 1,
    }
    assert found.ended == {Status.DONE: 0, Status.CANCELLED: 1, Status.FAILED: 1}


async def test_the_counts_stay_when_the_keys_of_a_run_expire(redis: Redis) -> None:
    run = await runs.create(redis, PLAN)
    await states.end(redis, run.job_id, Ending.CANCELLED)
    await states.finish(redis, await runs.load(redis, run.job_id), {}, keep_s=60)
    assert await redis.ttl(keys.run(run.job_id)) > 0
    assert await redis.ttl(keys.COUNTS) == -1


async def test_a_takeover_is_a_claim_after_silence_and_not_after_a_release(
    redis: Redis,
) -> None:
    run = await runs.create(redis, PLAN)
    await leases.release(redis, await claim(redis, run, "a", 15))
    await claim(redis, run, "b", 0.05)
    assert (await counts.read(redis)).takeovers == 0
    await asyncio.sleep(0.1)
    await claim(redis, run, "c", 15)
    assert (await counts.read(redis)).takeovers == 1
