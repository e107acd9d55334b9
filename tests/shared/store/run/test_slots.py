"""Slots against a real server: taken, closed, offered again."""

import asyncio

import pytest
from redis.asyncio import Redis

from shared.plan import Finished, steps
from shared.plan.loads import Concurrency
from shared.run import Ending, Status
from shared.store.client import now_s
from shared.store.run import leases, runs, slots, states
from shared.store.run.slots import Entry
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


async def test_a_row_that_is_not_final_keeps_its_slot_open_until_its_time(
    redis: Redis,
) -> None:
    plan = a_plan(prompts=1, runs_=1)
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    await slots.take(redis, lease, 1, "t1")
    opens = 4_102_444_800_000  # the year 2100
    barred = [row(0, "again", at=opens)]
    done = await slots.commit(redis, lease, barred, max_answers_bytes=CAP)
    assert done.accepted == (True,)
    done = await slots.commit(redis, lease, barred, max_answers_bytes=CAP)
    assert done.accepted == (False,), "the same attempt again is the same row"
    taken = await slots.take(redis, lease, 1, "t2")
    assert taken is not None
    assert (taken.slots, taken.next_at_ms) == ((), opens)
    seen = await runs.load(redis, run.job_id)
    assert (seen.closed, seen.failed) == (0, 0)
    done = await slots.commit(redis, lease, [row(0, attempt=1)], max_answers_bytes=CAP)
    assert done.step_over


async def test_a_retry_is_offered_again_and_counted_apart_from_the_attempts(
    redis: Redis,
) -> None:
    plan = a_plan(prompts=1, runs_=1)
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])

    async def taken(ticket: str) -> tuple[tuple[int, int, int], ...]:
        got = await slots.take(redis, lease, 1, ticket)
        assert got is not None
        return got.slots

    async def committed(entry: Entry) -> tuple[bool, ...]:
        # the answer was lost on its way: the same again
        once = await slots.commit(redis, lease, [entry], max_answers_bytes=CAP)
        again = await slots.commit(redis, lease, [entry], max_answers_bytes=CAP)
        assert again.accepted == (False,)
        return once.accepted

    assert await taken("t1") == ((0, 0, 0),)
    assert await committed(row(0, "again", 0)) == (True,)
    assert await taken("t2") == ((0, 1, 0),), "turned away: no retry"
    assert await committed(row(0, "retry", 1)) == (True,)
    assert await taken("t3") == await taken("t3") == ((0, 2, 1),)
    assert await committed(row(0, "retry", 2)) == (True,)
    assert await taken("t4") == ((0, 3, 2),)
    seen = await runs.load(redis, run.job_id)
    assert (seen.closed, seen.failed) == (0, 0), "no retry counts as a failure"
    assert await committed(row(0, "failed", 3)) == (True,)
    seen = await runs.load(redis, run.job_id)
    assert (seen.closed, seen.failed) == (1, 1)


async def test_a_retry_waits_for_its_time_with_whoever_is_there_then(
    redis: Redis,
) -> None:
    plan = a_plan(prompts=2, runs_=1)
    run = await runs.create(redis, plan)
    [step] = steps(plan)
    dead = await leases.claim(
        redis, run.job_id, step, owner="dead", shards=1, lease_s=0.05
    )
    assert dead is not None
    await slots.take(redis, dead, 2, "t1")
    soon = int(await now_s(redis) * 1000) + 400
    await slots.commit(redis, dead, [row(0, "retry", at=soon)], max_answers_bytes=CAP)
    await asyncio.sleep(0.1)
    live = await claimed(redis, run.job_id, step, owner="live")
    first = await slots.take(redis, live, 2, "t1")
    assert first is not None
    assert first.slots == ((1, 0, 0),), "in hand of the dead one; the other waits"
    nothing = await slots.take(redis, live, 2, "t2")
    assert nothing is not None
    assert (nothing.slots, nothing.next_at_ms) == ((), soon)
    await asyncio.sleep(0.5)
    then = await slots.take(redis, live, 2, "t3")
    assert then is not None
    assert then.slots == ((0, 1, 1),)
    # the dead one's own row of that call, brought late, is the same row
    late = await slots.commit(redis, dead, [row(0, "retry")], max_answers_bytes=CAP)
    assert late.accepted == (False,)


async def test_a_slot_handed_back_keeps_its_retries(redis: Redis) -> None:
    plan = a_plan(prompts=1, runs_=1)
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    await slots.take(redis, lease, 1, "t1")
    await slots.commit(redis, lease, [row(0, "retry")], max_answers_bytes=CAP)
    await slots.take(redis, lease, 1, "t2")
    await slots.hand_back(redis, lease, [(0, 0)])
    taken = await slots.take(redis, lease, 1, "t3")
    assert taken is not None
    assert taken.slots == ((0, 1, 1),)


async def test_only_what_is_offered_again_can_be_asked_for(redis: Redis) -> None:
    plan = a_plan()
    run = await runs.create(redis, plan)
    lease = await claimed(redis, run.job_id, steps(plan)[0])
    await slots.take(redis, lease, 1, "t1")
    none = await slots.take(redis, lease, 5, "t2", fresh=False)
    assert none is not None
    assert none.slots == ()
    await slots.commit(redis, lease, [row(0, "retry")], max_answers_bytes=CAP)
    one = await slots.take(redis, lease, 5, "t3", fresh=False)
    assert one is not None
    assert one.slots == ((0, 1, 1),)
    fresh = await slots.take(redis, lease, 1, "t4")
    assert fresh is not None
    assert fresh.slots == ((1, 0, 0),), "the cursor has not moved"


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
