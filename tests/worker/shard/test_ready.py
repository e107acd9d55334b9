"""What is done before the first call of a shard, and when the load begins then."""

import asyncio
from dataclasses import replace

from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.loads import Burst, Concurrency, Constant, Load, Ramp
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.store import keys
from shared.store.client import now_s, reply
from shared.store.run import leases, runs, states
from shared.store.run.leases import Lease
from worker.shard.lanes import connections, fixed_lanes, lanes_at
from worker.shard.ready import ReadyShard, get_ready


def a_plan(load: Load, runs_: int = 1000) -> Plan:
    return Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("p",)),
        runs=runs_,
        load=load,
    )


def warm(load: Load, *, shard: int = 0, shards: int = 1, elapsed_ms: int = 0) -> int:
    plan = a_plan(load)
    lease = Lease("J", steps(plan)[0], shard, shards, 1, 0, 0, 0, elapsed_ms)
    return connections(plan, lease, most=4096)


def test_no_more_connections_are_opened_ahead_than_the_load_will_use() -> None:
    # one call each 2 s: one connection, and not 256
    assert warm(Constant(rate_per_s=0.5)) == 1
    # five a second over two workers: slots 0, 2, 4 and 1, 3 are due within a second
    assert warm(Constant(rate_per_s=5), shards=2) == 3
    assert warm(Constant(rate_per_s=5), shard=1, shards=2) == 2
    assert warm(Constant(rate_per_s=5), elapsed_ms=60_000) == 5
    assert warm(Constant(rate_per_s=5, max_in_flight=4)) == 4
    assert warm(Burst(size=50)) == 50
    assert warm(Constant(rate_per_s=10_000)) == 256
    assert warm(Concurrency(concurrency=8)) == 8
    assert warm(Concurrency(concurrency=9), shard=1, shards=2) == 4
    assert warm(Concurrency(concurrency=64, count=10), shards=2) == 5


def test_lanes_are_kept_where_no_time_changes_them() -> None:
    def lease(load: Load, shard: int) -> Lease:
        return Lease("J", steps(a_plan(load))[0], shard, 3, 1, 0, 0, 0, 0)

    for shard in range(3):
        held = lease(Concurrency(concurrency=10), shard)
        assert {fixed_lanes(held, most=8)} == {
            lanes_at(held, at_s, most=8) for at_s in (0.0, 1.0, 1e6)
        }
    ramp = Ramp(over="concurrency", start=1, end=9, duration_s=10)
    assert fixed_lanes(lease(ramp, 0), most=99) is None


async def got_ready(
    redis: Redis, lease: Lease, takes_s: float, *, is_wanted: bool = True
) -> ReadyShard | None:
    async def prepare() -> None:
        await asyncio.sleep(takes_s)

    return await get_ready(
        redis,
        lease,
        lease_s=0.3,
        prepare=prepare(),
        is_wanted=lambda: is_wanted,
    )


async def a_lease(redis: Redis, load: Load) -> Lease:
    plan = a_plan(load)
    run = await runs.create(redis, plan)
    lease = await leases.claim(
        redis, run.job_id, steps(plan)[0], owner="w", shards=1, lease_s=0.3
    )
    assert lease is not None
    return lease


async def test_a_load_begins_after_everything_is_ready_however_long_that_takes(
    redis: Redis,
) -> None:
    lease = await a_lease(redis, Constant(rate_per_s=10))
    # twice as long as the lease, and as the start was once fixed ahead
    ready = await got_ready(redis, lease, takes_s=0.6)
    assert ready is not None
    assert ready.lease.start_ms > await now_s(redis) * 1000
    assert ready.lease == replace(
        lease, start_ms=ready.lease.start_ms, segment_start_ms=ready.lease.start_ms
    )


async def test_a_run_that_is_paused_meanwhile_gets_its_lease_back(redis: Redis) -> None:
    lease = await a_lease(redis, Concurrency())
    asking = asyncio.create_task(got_ready(redis, lease, takes_s=5))
    await asyncio.sleep(0.1)
    await states.move(redis, lease.job_id, Status.PAUSED)
    assert await asyncio.wait_for(asking, 2) is None
    step = keys.step(lease.job_id, 0)[0]
    assert not await reply(redis.hexists(step, "owner:0"))


async def test_a_worker_that_is_to_end_begins_nothing(redis: Redis) -> None:
    lease = await a_lease(redis, Concurrency())
    assert await got_ready(redis, lease, takes_s=0, is_wanted=False) is None
    step = keys.step(lease.job_id, 0)[0]
    assert not await reply(redis.hexists(step, "owner:0"))
