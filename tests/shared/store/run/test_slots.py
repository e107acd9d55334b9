"""Slots against a real server: taken, closed, counted."""

import asyncio

import pytest
from redis.asyncio import Redis

from shared.plan import Finished, steps
from shared.plan.loads import Concurrency
from shared.run import Ending, Status
from shared.store.run import leases, runs, slots, states
from tests.shared.store.run.steps_in_hand import CAP, a_plan, claimed, row


async def test_every_slot_is_handed_out_once_and_the_last_row_ends_the_step(
    redis: Redis,
) -> None:
    plan = a_plan()  # 5 prompts x 2 runs x 1 target = 10 slots
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    lease = await claimed(redis, run.job_id, step)
    first = await slots.take(redis, lease, 7, "t1")
    rest = await slots.take(redis, lease, 7, "t2")
    assert first is not None
    assert rest is not None
    assert [slot for slot, *_ in first.slots + rest.slots] == list(range(10))
    done = await slots.commit(
        redis, lease, [row(i) for i in range(9)], max_answers_bytes=CAP
    )
    assert done.accepted == (True,) * 9
    assert not done.step_over
    done = await slots.commit(redis, lease, [row(9, "failed")], max_answers_bytes=CAP)
    assert done.step_over
    seen = await runs.load(redis, run.job_id)
    assert (seen.closed, seen.failed, seen.total) == (10, 1, 10)
    assert await states.advance(redis, run.job_id, Finished(0), None, Ending.COMPLETED)
    assert not await states.advance(
        redis, run.job_id, Finished(0), None, Ending.COMPLETED
    )
    assert (await runs.load(redis, run.job_id)).status is Status.REDUCING


async def test_a_take_says_whether_another_shard_could_take_more(redis: Redis) -> None:
    run = await runs.create(redis, a_plan())  # 10 slots
    lease = await claimed(redis, run.job_id, steps(a_plan())[0])
    most = await slots.take(redis, lease, 9, "t1")
    assert most is not None
    assert most.left
    last = await slots.take(redis, lease, 1, "t2")
    assert last == slots.Taken(((9, 0, 0),), None, left=False)
    assert await slots.take(redis, lease, 0, "t3") == slots.Taken((), None, left=False)
    await slots.hand_back(redis, lease, [(9, 0)])
    asked = await slots.take(redis, lease, 0, "t4")  # which gives none
    assert asked is not None
    assert (asked.slots, asked.left) == ((), True)


async def test_a_repeated_take_gives_the_same_slots_again(redis: Redis) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    assert await slots.take(redis, lease, 4, "t1") == await slots.take(
        redis, lease, 4, "t1"
    )


async def test_a_row_of_a_closed_slot_is_refused_and_counted_as_a_duplicate(
    redis: Redis,
) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    await slots.commit(redis, lease, [row(3)], max_answers_bytes=CAP)
    done = await slots.commit(redis, lease, [row(3), row(4)], max_answers_bytes=CAP)
    assert done.accepted == (False, True)
    seen = await runs.load(redis, run.job_id)
    assert (seen.closed, seen.duplicates) == (2, 1)


async def test_a_stale_worker_may_take_nothing_and_still_fills_an_open_slot(
    redis: Redis,
) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    stale = await leases.claim(
        redis, run.job_id, step, owner="stale", shards=1, lease_s=0.05
    )
    assert stale is not None
    await slots.take(redis, stale, 2, "t1")
    await asyncio.sleep(0.1)
    live = await claimed(redis, run.job_id, step)
    assert await slots.take(redis, stale, 2, "t2") is None
    assert await leases.renew(redis, stale, 15) == (False, "running", 0)
    late = [row(0), row(1), row(2)]
    done = await slots.commit(redis, stale, late, max_answers_bytes=CAP)
    assert done.accepted == (True,) * 3
    done = await slots.commit(redis, stale, [row(3)], max_answers_bytes=CAP)
    assert done.accepted == (True,)
    done = await slots.commit(redis, live, [row(0)], max_answers_bytes=CAP)
    assert done.accepted == (False,)
    # one share of the work was carried twice, whatever it brought
    assert (await runs.load(redis, run.job_id)).overlaps == 1


async def test_open_shards_divide_the_indexes_by_their_remainder(redis: Redis) -> None:
    from shared.plan.loads import Constant

    plan = a_plan().model_copy(update={"load": Constant(rate_per_s=100)})
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    one = await claimed(redis, run.job_id, step, shards=2)
    two = await claimed(redis, run.job_id, step, shards=2)
    assert {one.shard, two.shard} == {0, 1}
    taken = [await slots.take(redis, lease, 100, "t") for lease in (one, two)]
    indexes = [[slot for slot, *_ in t.slots] for t in taken if t is not None]
    assert indexes == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]


async def test_no_row_is_accepted_after_a_cancel(redis: Redis) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    await slots.take(redis, lease, 2, "t1")
    assert await states.end(redis, run.job_id, Ending.CANCELLED)
    done = await slots.commit(redis, lease, [row(0)], max_answers_bytes=CAP)
    assert (done.accepted, done.status) == ((), Status.REDUCING)
    assert await slots.take(redis, lease, 2, "t2") is None


async def test_a_row_is_there_before_its_slot_is_marked(redis: Redis) -> None:
    from redis.exceptions import ResponseError

    from shared.store import keys

    plan = a_plan()
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    await redis.set(keys.run(run.job_id, ":rows"), "not a list")
    with pytest.raises(ResponseError):
        await slots.commit(redis, lease, [row(0)], max_answers_bytes=CAP)
    assert (await runs.load(redis, run.job_id)).closed == 0
    assert await redis.getbit(keys.step(run.job_id, 0)[3], 0) == 0


async def test_a_script_that_the_server_forgot_is_loaded_again(redis: Redis) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    await redis.script_flush()
    assert await claimed(redis, run.job_id, steps(plan)[0])


async def test_more_failures_than_the_plan_accepts_end_the_run(redis: Redis) -> None:
    plan = a_plan()  # 10 slots; a share of 0.2 is 2 of them
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    for slot, expected in (
        (0, Status.RUNNING),
        (1, Status.RUNNING),
        (2, Status.REDUCING),
    ):
        done = await slots.commit(
            redis,
            lease,
            [row(slot, "failed")],
            max_answers_bytes=CAP,
            max_error_share=0.2,
        )
        assert (done.accepted, done.status) == ((True,), expected)
    assert (await runs.load(redis, run.job_id)).ending is Ending.ERROR_LIMIT


async def test_warm_up_rows_are_kept_and_not_counted(redis: Redis) -> None:
    plan = a_plan(warmup=3)
    run = await runs.create(redis, plan)
    warm, main = steps(plan)
    lease = await claimed(redis, run.job_id, warm)
    done = await slots.commit(
        redis, lease, [row(i) for i in range(3)], max_answers_bytes=CAP
    )
    assert done.step_over
    assert (await runs.load(redis, run.job_id)).closed == 0
    assert await states.advance(redis, run.job_id, Finished(0), 1, Ending.COMPLETED)
    late = await slots.commit(redis, lease, [row(7)], max_answers_bytes=CAP)
    assert late.accepted == (), "a row of a step that is over"
    assert await claimed(redis, run.job_id, main)


async def test_rows_of_calls_that_a_pause_let_finish_are_taken_after_a_resume(
    redis: Redis,
) -> None:
    plan = a_plan(prompts=1, runs_=1)
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    await slots.take(redis, lease, 1, "t1")
    await states.move(redis, run.job_id, Status.PAUSED)
    await states.move(redis, run.job_id, Status.QUEUED)
    done = await slots.commit(redis, lease, [row(0)], max_answers_bytes=CAP)
    assert (done.accepted, done.step_over) == ((True,), True)
    assert await states.advance(redis, run.job_id, Finished(0), None, Ending.COMPLETED)


async def test_a_step_is_over_when_the_time_of_all_its_shards_is(redis: Redis) -> None:
    load = Concurrency(concurrency=4, duration_s=60)
    plan = a_plan().model_copy(update={"load": load})
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    assert not await slots.is_over(redis, run.job_id, step)
    held = [await claimed(redis, run.job_id, step, shards=2) for _ in range(2)]
    for lease, last in zip(held, (False, True), strict=True):
        assert not await slots.is_over(redis, run.job_id, step)
        assert await leases.release(redis, lease, finished=True) is last
    assert await slots.is_over(redis, run.job_id, step)


async def told(redis: Redis) -> int:
    """Bytes that the store has said so far."""
    return int((await redis.info("stats"))["total_net_output_bytes"])


async def test_a_look_does_not_read_what_is_in_hand(redis: Redis) -> None:
    plan = a_plan(prompts=1000)  # 2,000 slots, all in one hand
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    lease = await claimed(redis, run.job_id, step)
    await slots.take(redis, lease, 2000, "t1")
    before = await told(redis)
    await redis.get("nothing")
    asked = await told(redis)
    assert not await slots.is_over(redis, run.job_id, step)
    assert (await runs.load(redis, run.job_id)).stalled_s is None
    both = await told(redis) - asked - (asked - before)
    assert both < 2_000  # the numbers of 2,000 slots take 8,889 bytes
