"""When a segment begins, and what of the step's own time has passed by then."""

import asyncio
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from shared.plan import Plan, Step, Target, steps
from shared.plan.loads import Concurrency, Constant, Load
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.store import keys
from shared.store.client import now_s, reply
from shared.store.run import leases, runs, states
from shared.store.run.leases import Lease

CLOSED, OPEN = Concurrency(duration_s=60), Constant(rate_per_s=10, duration_s=60)


async def a_run(redis: Redis, load: Load) -> tuple[str, Step]:
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("p",)),
        runs=1,
        load=load,
    )
    return (await runs.create(redis, plan)).job_id, steps(plan)[0]


async def claimed(
    redis: Redis, run: tuple[str, Step], shards: int = 1, lease_s: float = 15
) -> Lease:
    lease = await leases.claim(redis, *run, owner="w", shards=shards, lease_s=lease_s)
    assert lease is not None
    return lease


async def begun(redis: Redis, lease: Lease, lease_s: float = 15) -> Lease:
    """The lease, once its start is fixed."""
    told = await leases.ready(redis, lease, lease_s, is_ready=True)
    assert told.start_ms, "its start is not fixed"
    return replace(
        lease, start_ms=told.start_ms, segment_start_ms=told.segment_start_ms
    )


async def store_ms(redis: Redis) -> int:
    return int(await now_s(redis) * 1000)


async def test_a_segment_begins_when_its_worker_is_ready_and_not_at_its_claim(
    redis: Redis,
) -> None:
    run = await a_run(redis, CLOSED)
    lease = await claimed(redis, run, lease_s=0.2)
    assert lease.start_ms == 0
    for _ in range(4):
        await asyncio.sleep(0.1)
        told = await leases.ready(redis, lease, 0.2, is_ready=False)
        assert (told.kept, told.start_ms) == (True, 0), "kept longer than its lease"
    before_ms = await store_ms(redis)
    lease = await begun(redis, lease)
    assert before_ms <= lease.start_ms == lease.segment_start_ms
    assert lease.start_ms <= await store_ms(redis)
    assert await begun(redis, lease) == lease, "it is fixed once"


async def test_due_times_begin_when_every_shard_is_ready(redis: Redis) -> None:
    run = await a_run(redis, OPEN)
    one, two = [await claimed(redis, run, shards=2) for _ in range(2)]
    waits = await leases.ready(redis, one, 15, is_ready=True)
    assert (waits.kept, waits.start_ms) == (True, 0)
    second = await begun(redis, two)
    first = await begun(redis, one)
    assert first.start_ms == second.start_ms
    assert first.start_ms > await store_ms(redis), "nobody has missed it"


async def test_a_shard_that_nobody_has_is_not_waited_for_without_an_end(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "PATIENCE_MS", 200)
    run = await a_run(redis, OPEN)
    one = await claimed(redis, run, shards=2)
    assert (await leases.ready(redis, one, 15, is_ready=True)).start_ms == 0
    await asyncio.sleep(0.25)
    one = await begun(redis, one)
    late = await claimed(redis, run, shards=2)
    assert (await begun(redis, late)).start_ms == one.start_ms


async def test_a_worker_whose_lease_has_lapsed_is_told_so(redis: Redis) -> None:
    lease = await claimed(redis, await a_run(redis, CLOSED), lease_s=0.05)
    await asyncio.sleep(0.1)
    assert not (await leases.ready(redis, lease, 15, is_ready=True)).kept


@pytest.mark.parametrize("load", [CLOSED, OPEN], ids=["closed", "open"])
async def test_after_a_gap_the_steps_own_time_goes_on_from_where_it_stood(
    redis: Redis, load: Load
) -> None:
    run = await a_run(redis, load)
    lease = await begun(redis, await claimed(redis, run))
    await states.move(redis, run[0], Status.PAUSED)
    # as if it had begun 9 s ago: 5 s of calls, and 4 s in which the last one ended
    start_ms = lease.start_ms - 9000
    at = {"start_ms": start_ms, "segment_start_ms": start_ms}
    await reply(redis.hset(keys.step(run[0], 0)[0], mapping=at))
    await leases.release(redis, lease, stopped_ms=start_ms + 5000)
    await states.move(redis, run[0], Status.QUEUED)
    again = await begun(redis, await claimed(redis, run))
    assert (again.segment, again.start_ms, again.elapsed_ms) == (1, start_ms, 5000)
    assert again.origin_ms == again.segment_start_ms - 5000
    gap_s = (await runs.load(redis, run[0])).gap_s
    assert gap_s == (again.segment_start_ms - start_ms - 5000) / 1000


async def test_of_a_worker_that_fell_silent_its_last_sign_of_life_counts(
    redis: Redis,
) -> None:
    run = await a_run(redis, CLOSED)
    lease = await begun(redis, await claimed(redis, run, lease_s=0.3), lease_s=0.3)
    await asyncio.sleep(0.15)
    await leases.renew(redis, lease, 0.3)
    await asyncio.sleep(0.35)
    again = await claimed(redis, run, lease_s=0.3)
    assert again.segment == 1
    assert 140 <= again.elapsed_ms <= 300


async def test_a_resume_begins_a_segment_also_while_an_old_call_is_still_open(
    redis: Redis,
) -> None:
    run = await a_run(redis, OPEN)
    one, two = [await claimed(redis, run, shards=2) for _ in range(2)]
    await leases.ready(redis, one, 15, is_ready=True)
    two = await begun(redis, two)
    await states.move(redis, run[0], Status.PAUSED)
    stopped_ms = two.segment_start_ms + 100
    await leases.release(redis, one, stopped_ms=stopped_ms)
    # the other one's last call has not ended yet
    await states.move(redis, run[0], Status.QUEUED)
    again = await claimed(redis, run, shards=2)
    assert (again.shard, again.segment, again.elapsed_ms) == (0, 1, 0)


async def test_a_gap_before_the_start_takes_nothing_of_the_step(redis: Redis) -> None:
    run = await a_run(redis, OPEN)
    lease = await begun(redis, await claimed(redis, run))
    # given back before its start, which is 300 ms ahead
    await leases.release(redis, lease, stopped_ms=await store_ms(redis))
    again = await claimed(redis, run)
    assert (again.segment, again.elapsed_ms) == (1, 0)
