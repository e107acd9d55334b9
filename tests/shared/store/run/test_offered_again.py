"""Slots that are offered again: retried, handed back, left open."""

import asyncio

from redis.asyncio import Redis

from shared.plan import steps
from shared.store.client import now_s
from shared.store.run import leases, runs, slots
from shared.store.run.slots import Entry
from tests.shared.store.run.steps_in_hand import CAP, a_plan, claimed, row


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
