"""Leases of shards against a real server."""

import asyncio

from redis.asyncio import Redis

from shared.plan import Finished, Plan, steps
from shared.run import Ending, Status
from shared.store.run import leases, runs, slots, states
from shared.store.run.leases import Lease
from tests.shared.store.run.steps_in_hand import CAP, a_plan, claimed, row


async def test_what_a_silent_worker_had_in_hand_is_offered_to_the_next(
    redis: Redis,
) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    dead = await leases.claim(
        redis, run.job_id, step, owner="dead", shards=1, lease_s=0.05
    )
    assert dead is not None
    await leases.ready(redis, dead, 0.05, is_ready=True)
    await slots.take(redis, dead, 4, "t1")
    await slots.commit(redis, dead, [row(1)], max_answers_bytes=CAP)
    await asyncio.sleep(0.1)
    next_ = await claimed(redis, run.job_id, step, owner="next")
    assert next_.epoch == dead.epoch + 1
    assert next_.segment == 1
    taken = await slots.take(redis, next_, 4, "t1")
    assert taken is not None
    assert [slot for slot, *_ in taken.slots] == [0, 2, 3, 4]
    assert (await runs.load(redis, run.job_id)).interrupted == 1


async def after_a_silence(redis: Redis, plan: Plan) -> tuple[str, Lease]:
    """A run of two shards: one live, and one whose worker went silent with nothing in
    hand, so that nobody has to take it over."""
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    live = await claimed(redis, run.job_id, step, owner="live", shards=2)
    await leases.claim(redis, run.job_id, step, owner="dead", shards=2, lease_s=0.05)
    await slots.take(redis, live, 10, "t1")
    await asyncio.sleep(0.1)
    return run.job_id, live


async def test_a_worker_that_was_silent_when_the_step_ended_is_counted_once(
    redis: Redis,
) -> None:
    job_id, live = await after_a_silence(redis, a_plan())
    ten = [row(i) for i in range(10)]
    assert (await slots.commit(redis, live, ten, max_answers_bytes=CAP)).step_over
    assert (await runs.load(redis, job_id)).interrupted == 0, "a step that goes on"
    for _ in range(2):
        await states.advance(redis, job_id, Finished(0), None, Ending.COMPLETED)
        assert (await runs.load(redis, job_id)).interrupted == 1


async def test_a_worker_that_was_silent_at_a_cancel_is_counted(redis: Redis) -> None:
    job_id, _ = await after_a_silence(redis, a_plan())
    assert await states.end(redis, job_id, Ending.CANCELLED)
    assert (await runs.load(redis, job_id)).interrupted == 1


async def test_a_worker_that_was_silent_at_the_last_failure_is_counted(
    redis: Redis,
) -> None:
    job_id, live = await after_a_silence(redis, a_plan())
    failed = [row(i, "failed") for i in range(3)]
    done = await slots.commit(
        redis, live, failed, max_answers_bytes=CAP, max_error_share=0.2
    )
    assert done.status is Status.REDUCING
    assert (await runs.load(redis, job_id)).interrupted == 1


async def test_a_released_lease_gives_back_what_was_not_closed(redis: Redis) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    lease = await claimed(redis, run.job_id, step)
    await slots.take(redis, lease, 10, "t1")
    await slots.commit(redis, lease, [row(i) for i in range(8)], max_answers_bytes=CAP)
    assert not await leases.release(redis, lease)
    again = await claimed(redis, run.job_id, step)
    taken = await slots.take(redis, again, 10, "t1")
    assert taken is not None
    assert [slot for slot, *_ in taken.slots] == [8, 9]
    assert (await runs.load(redis, run.job_id)).interrupted == 0


async def test_three_takeovers_without_a_row_end_the_run_as_poison(
    redis: Redis,
) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    for _ in range(4):
        await leases.claim(redis, run.job_id, step, owner="w", shards=1, lease_s=0.03)
        await asyncio.sleep(0.06)
    seen = await runs.load(redis, run.job_id)
    assert (seen.status, seen.ending) == (Status.REDUCING, Ending.POISON)


async def test_workers_that_fall_silent_together_count_once_as_poison(
    redis: Redis,
) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    [step] = steps(plan)

    async def all_claimed(lease_s: float) -> int:
        got = [
            await leases.claim(
                redis, run.job_id, step, owner=f"w{i}", shards=4, lease_s=lease_s
            )
            for i in range(4)
        ]
        return sum(lease is not None for lease in got)

    assert await all_claimed(0.05) == 4
    await asyncio.sleep(0.1)
    assert await all_claimed(0.05) == 4, "four shards of the dead were taken over"
    seen = await runs.load(redis, run.job_id)
    assert (seen.status, seen.interrupted) == (Status.RUNNING, 4)
    await asyncio.sleep(0.1)
    assert await all_claimed(0.05) == 4
    await asyncio.sleep(0.1)
    assert await all_claimed(0.05) == 0, "the third silence in a row"
    assert (await runs.load(redis, run.job_id)).ending is Ending.POISON


async def hmgets(redis: Redis) -> int:
    """How often fields of a record were read so far, scripts included."""
    told = await redis.info("commandstats")
    return int(told["cmdstat_hmget"]["calls"])


async def test_who_finds_all_shards_alive_walks_through_them_once(
    redis: Redis,
) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    for j in range(50):
        await claimed(redis, run.job_id, step, owner=f"w{j}", shards=50)
    seen = []
    for _ in range(3):
        before = await hmgets(redis)
        assert not await leases.claim(
            redis, run.job_id, step, owner="waits", shards=50, lease_s=15
        )
        seen.append(await hmgets(redis) - before)
    assert seen == [51, 1, 1]  # the run's record, and at first each shard


async def test_a_shard_that_is_released_or_lapses_is_free_for_who_has_just_looked(
    redis: Redis,
) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    [step] = steps(plan)

    async def claim(lease_s: float = 15) -> Lease | None:
        return await leases.claim(
            redis, run.job_id, step, owner="w", shards=2, lease_s=lease_s
        )

    one, short = await claim(), await claim(0.3)
    assert one is not None
    assert short is not None
    assert await claim() is None
    await leases.release(redis, one)
    again = await claim()
    assert again is not None
    assert again.shard == one.shard
    assert await claim() is None
    await asyncio.sleep(0.35)
    taken_over = await claim()
    assert taken_over is not None
    assert taken_over.shard == short.shard
