"""Runs in the store: made once, moved legally, forgotten together, run again."""

import asyncio

import pytest
from redis.asyncio import Redis

from shared.errors import KeyReused, NoSuchRun, NotReady, WrongState
from shared.plan import Finished, Plan, Target, steps
from shared.plan.loads import Concurrency, Constant
from shared.plan.prompts import InlinePrompts
from shared.run import NEXT, Ending, Run, Status, before, created_at, new_job_id
from shared.sample import Outcome, Sample, encode
from shared.store import keys
from shared.store.client import now_s
from shared.store.run import leases, reruns, runs, slots, states
from shared.store.run.runs import IdempotencyKey
from shared.store.run.slots import Entry

PLAN = Plan(
    targets=(Target(model="acme/a"),),
    prompts=InlinePrompts(prompts=("x", "y", "z", "ü")),
    runs=3,  # 12 slots
    load=Concurrency(concurrency=2),
)


async def ended(redis: Redis, plan: Plan, bad: set[int]) -> str:
    """A finished run of 12 slots, of which `bad` failed."""
    run = await runs.create(redis, plan)
    lease = await leases.claim(
        redis, run.job_id, steps(plan)[0], owner="w", shards=1, lease_s=15
    )
    assert lease is not None
    entries = []
    for slot in range(12):
        outcome = Outcome.EMPTY if slot in bad else Outcome.OK
        row = encode(Sample(step=0, slot=slot, target=0, prompt=0, outcome=outcome))
        entries.append(Entry(slot, 0, "failed" if slot in bad else "ok", 0, row))
    done = await slots.commit(redis, lease, entries, max_answers_bytes=1)
    assert done.step_over
    await states.advance(redis, run.job_id, Finished(0), None, Ending.COMPLETED)
    run = await runs.load(redis, run.job_id)
    assert await states.finish(redis, run, {"avg": 1.5}, keep_s=60)
    return run.job_id


def test_every_way_between_states_can_be_walked_back_from_before() -> None:
    for status in Status:
        assert set(before(status)) == {s for s in Status if status in NEXT[s]}


async def test_the_same_key_and_body_make_one_run_however_often_they_come(
    redis: Redis,
) -> None:
    key = IdempotencyKey("me", "k1", "hash")
    made = await asyncio.gather(*(runs.create(redis, PLAN, key=key) for _ in range(50)))
    assert len({run.job_id for run in made}) == 1
    assert len(await runs.listing(redis, limit=100)) == 1


async def test_the_same_key_with_another_body_is_refused(redis: Redis) -> None:
    await runs.create(redis, PLAN, key=IdempotencyKey("me", "k1", "hash"))
    with pytest.raises(KeyReused, match="k1"):
        await runs.create(redis, PLAN, key=IdempotencyKey("me", "k1", "other"))


async def test_two_submitters_may_use_the_same_key(redis: Redis) -> None:
    one = await runs.create(redis, PLAN, key=IdempotencyKey("me", "k1", "hash"))
    two = await runs.create(redis, PLAN, key=IdempotencyKey("you", "k1", "hash"))
    assert one.job_id != two.job_id


async def test_an_illegal_way_is_refused_with_the_state(redis: Redis) -> None:
    run = await runs.create(redis, PLAN)
    with pytest.raises(WrongState, match="queued"):
        await states.move(redis, run.job_id, Status.WAITING)
    with pytest.raises(NoSuchRun):
        await states.move(redis, "0" * 26, Status.PAUSED)
    assert await states.move(redis, run.job_id, Status.PAUSED)
    again = await states.move(redis, run.job_id, Status.PAUSED)
    assert not again, "it is paused already"


async def test_an_ended_run_is_published_once_and_all_its_keys_expire(
    redis: Redis,
) -> None:
    job_id = await ended(redis, PLAN, bad=set())
    run = await runs.load(redis, job_id)
    assert run.status is Status.DONE
    assert not await states.finish(redis, run, {"avg": 2.0}, keep_s=60)
    assert await runs.result_of(redis, job_id) == {"avg": 1.5}
    async for key in redis.scan_iter(keys.run(job_id) + "*"):
        assert 0 < await redis.pttl(key) <= 60_000, key
    assert await redis.zscore(keys.OPEN, job_id) is None


async def test_where_a_run_stands_in_a_trace_is_in_its_record(redis: Redis) -> None:
    place = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    assert (await runs.create(redis, PLAN)).traceparent is None
    job_id = await ended(redis, PLAN, bad={3})
    again = [
        await runs.create(redis, PLAN, traceparent=place),
        await reruns.whole(redis, job_id, traceparent=place),
        await reruns.failed(redis, job_id, traceparent=place),
    ]
    assert [run.traceparent for run in again] == [place] * 3
    [first, *_] = await runs.open_runs(redis)
    assert first.traceparent is None


async def test_the_list_is_paged_newest_first(redis: Redis) -> None:
    ids = []
    for _ in range(5):
        ids.append((await runs.create(redis, PLAN)).job_id)
        await asyncio.sleep(0.002)
    first = await runs.listing(redis, limit=3)
    rest = await runs.listing(redis, limit=3, before_id=first[-1].job_id)
    assert [run.job_id for run in first + rest] == ids[::-1]


async def test_pages_leave_out_no_run_whose_id_was_made_before_it_was_written(
    redis: Redis,
) -> None:
    now = await now_s(redis)
    ids = [new_job_id(now - 0.005 * age) for age in range(4)]
    for job_id in ids:  # the newest id is written first, as a busy server does
        await runs.create(redis, PLAN, job_id=job_id)
        await asyncio.sleep(0.002)
    found: list[Run] = []
    while page := await runs.listing(
        redis, limit=2, before_id=found[-1].job_id if found else None
    ):
        found += page
    assert [run.job_id for run in found] == ids
    assert [run.job_id for run in await runs.open_runs(redis)] == ids[::-1]
    assert found[1].created_at == created_at(ids[1])


async def test_a_rerun_of_what_failed_offers_those_slots_and_no_others(
    redis: Redis,
) -> None:
    job_id = await ended(redis, PLAN, bad={0, 7, 11})
    again = await reruns.failed(redis, job_id)
    assert (again.rerun_of, again.total) == (job_id, 3)
    lease = await leases.claim(
        redis, again.job_id, steps(PLAN)[0], owner="w", shards=1, lease_s=15
    )
    assert lease is not None
    taken = await slots.take(redis, lease, 100, "t1")
    assert taken is not None
    assert sorted(slot for slot, *_ in taken.slots) == [0, 7, 11]
    done = await slots.commit(
        redis,
        lease,
        [Entry(slot, 0, "ok", 0, b"row") for slot in (0, 7, 11)],
        max_answers_bytes=1,
    )
    assert done.step_over
    assert (await runs.load(redis, again.job_id)).closed == 3


async def test_a_rerun_of_what_failed_works_for_an_open_load_too(redis: Redis) -> None:
    plan = PLAN.model_copy(update={"load": Constant(rate_per_s=10)})
    again = await reruns.failed(redis, await ended(redis, plan, bad={5, 6}))
    held = [
        await leases.claim(
            redis, again.job_id, steps(plan)[0], owner="w", shards=2, lease_s=15
        )
        for _ in range(2)
    ]
    assert held[0] is not None
    assert held[0].elapsed_ms == 0, "its slots keep their places in time"
    taken = [await slots.take(redis, lease, 9, "t") for lease in held if lease]
    assert sorted(s for t in taken if t for s, *_ in t.slots) == [5, 6]


async def test_a_rerun_needs_an_end_and_something_that_failed(redis: Redis) -> None:
    run = await runs.create(redis, PLAN)
    with pytest.raises(NotReady, match="queued"):
        await reruns.failed(redis, run.job_id)
    with pytest.raises(WrongState, match="ended ok"):
        await reruns.failed(redis, await ended(redis, PLAN, bad=set()))
    timed = PLAN.model_copy(update={"load": Concurrency(duration_s=5, count=12)})
    with pytest.raises(WrongState, match="fixed number"):
        await reruns.failed(redis, await ended(redis, timed, bad={1}))


async def test_a_whole_rerun_is_the_same_plan_under_a_new_id(redis: Redis) -> None:
    job_id = await ended(redis, PLAN, bad=set())
    again = await reruns.whole(redis, job_id)
    assert again.job_id != job_id
    assert await runs.plan_of(redis, again.job_id) == PLAN
