"""What the store keeps of an upstream that is down, and who may try it."""

import asyncio

from redis.asyncio import Redis

from shared.plan import Plan, Step, Target, steps
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Run, Status
from shared.store.client import now_s
from shared.store.run import leases, outages, runs, slots, states
from shared.store.run.leases import Lease
from shared.store.run.outages import UPSTREAM, Outage, of_target
from shared.store.run.slots import Entry

PLAN = Plan(
    targets=(Target(model="a/b"),),
    prompts=InlinePrompts(prompts=tuple(f"p{i}" for i in range(9))),
    runs=1,
    load=Concurrency(concurrency=4),
)
(STEP,) = steps(PLAN)


async def claimed(redis: Redis, job_id: str, shards: int = 1) -> Lease | None:
    step: Step = STEP
    return await leases.claim(redis, job_id, step, owner="w", shards=shards, lease_s=15)


async def a_lease(redis: Redis, shards: int = 1) -> Lease:
    lease = await claimed(redis, (await runs.create(redis, PLAN)).job_id, shards)
    assert lease is not None
    return lease


async def store_ms(redis: Redis) -> int:
    return int(await now_s(redis) * 1000)


async def failed(
    redis: Redis, lease: Lease, began_ms: int, name: str = UPSTREAM
) -> Outage:
    return await outages.failed(
        redis,
        lease,
        "account",
        name,
        began_ms=began_ms,
        words="no",
        not_before_ms=0,
        call_s=60,
    )


async def waiting(redis: Redis, lease: Lease, outage: Outage, most_s: float) -> str:
    return await outages.idle(redis, lease, outage.until_ms, outage, most_s=most_s)


async def test_pauses_double_up_to_ten_seconds_and_calls_of_before_add_none(
    redis: Redis,
) -> None:
    lease = await a_lease(redis)
    pauses = []
    for tries in range(7):
        outage = await failed(redis, lease, 4_000_000_000_000 + tries)
        pauses.append(outage.until_ms - outage.told_ms)
        same = await failed(redis, lease, outage.told_ms)
        assert (same.told_ms, same.until_ms) == (outage.told_ms, outage.until_ms)
    assert pauses == [500, 1000, 2000, 4000, 8000, 10_000, 10_000]
    known = await outages.known(redis, lease.job_id)
    assert known == {UPSTREAM: outage}


async def test_one_call_of_all_tries_at_a_time(redis: Redis) -> None:
    lease = await a_lease(redis)
    names = [UPSTREAM, of_target(0)]

    async def probe(call_id: str) -> tuple[frozenset[str], tuple[str, int] | None]:
        return await outages.probe(redis, lease, names, call_id, call_s=60)

    assert await probe("a") == (frozenset(names), None), "nothing is down"
    outage = await failed(redis, lease, await store_ms(redis))
    assert await probe("a") == (frozenset(), (UPSTREAM, outage.until_ms)), "too soon"
    await asyncio.sleep(0.55)
    assert await probe("a") == (frozenset({of_target(0)}), None)
    assert await probe("a") == (frozenset({of_target(0)}), None), "the same leave"
    _, no = await probe("b")
    assert no is not None
    await failed(redis, lease, await store_ms(redis))
    _, no = await probe("b")
    assert no is not None
    assert no[1] > outage.until_ms, "the next try is later"


async def test_only_a_call_that_began_after_the_last_failure_brings_it_back(
    redis: Redis,
) -> None:
    lease = await a_lease(redis)
    outage = await failed(redis, lease, await store_ms(redis))
    for began_ms, left in ((outage.told_ms - 1, 1), (outage.told_ms, 0)):
        await outages.recovered(redis, lease, "account", UPSTREAM, began_ms=began_ms)
        assert len(await outages.known(redis, lease.job_id)) == left
    run = await runs.load(redis, lease.job_id)
    assert run.outages == 1


async def test_a_run_waits_when_all_its_shards_have_nothing_else_left(
    redis: Redis,
) -> None:
    one = await a_lease(redis, shards=2)
    two = await claimed(redis, one.job_id)
    assert two is not None
    outage = await failed(redis, one, await store_ms(redis))
    assert await waiting(redis, one, outage, 300) == "running"
    assert await waiting(redis, one, outage, 300) == "running", "the other one works"
    taken = await slots.take(redis, two, 1, "t1")
    assert taken is not None
    assert await waiting(redis, two, outage, 300) == "waiting"
    run = await runs.load(redis, one.job_id)
    assert (run.status, run.down) == (Status.WAITING, "no")
    assert run.until == outage.until_ms / 1000


async def its_turn(redis: Redis, lease: Lease) -> None:
    """The run has waited, its leases are given back, and a try is due."""
    outage = await failed(redis, lease, await store_ms(redis))
    await waiting(redis, lease, outage, 300)
    await leases.release(redis, lease)
    assert await claimed(redis, lease.job_id) is None, "before its time"
    await asyncio.sleep(0.55)


async def test_a_run_that_waits_for_its_upstream_is_given_to_one_worker_to_try(
    redis: Redis,
) -> None:
    lease = await a_lease(redis, shards=2)
    await its_turn(redis, lease)
    prober = await claimed(redis, lease.job_id)
    assert prober is not None
    assert prober.probes
    assert await claimed(redis, lease.job_id) is None
    assert (await runs.load(redis, lease.job_id)).status is Status.WAITING
    taken = await slots.take(redis, prober, 5, "t1")
    assert taken is not None
    assert len(taken.slots) == 1, "one slot, to try it"
    row = Entry(taken.slots[0][0], 0, "ok", 0, b"row")
    done = await slots.commit(redis, prober, [row], max_answers_bytes=1)
    assert done.accepted == (True,)
    began_ms = await store_ms(redis)
    await outages.recovered(redis, prober, "account", UPSTREAM, began_ms=began_ms)
    run: Run = await runs.load(redis, lease.job_id)
    assert (run.status, run.down, run.until) == (Status.RUNNING, None, None)
    assert await claimed(redis, lease.job_id) is not None


async def test_an_outage_that_lasts_too_long_ends_the_run_and_keeps_its_rows(
    redis: Redis,
) -> None:
    lease = await a_lease(redis)
    await slots.take(redis, lease, 1, "t1")
    row = Entry(0, 0, "again", 0, b"row")
    await slots.commit(redis, lease, [row], max_answers_bytes=1)
    outage = await failed(redis, lease, await store_ms(redis))
    await asyncio.sleep(0.12)
    assert await waiting(redis, lease, outage, 0.1) == "reducing"
    run = await runs.load(redis, lease.job_id)
    assert (run.ending, run.closed) == (Ending.UPSTREAM_DOWN, 0)
    assert run.error is not None
    assert run.error.startswith("The upstream was down for more than 0.1 s (no).")


async def test_a_pause_ends_the_waiting_and_a_resume_tries_again(redis: Redis) -> None:
    lease = await a_lease(redis)
    await its_turn(redis, lease)
    await states.move(redis, lease.job_id, Status.PAUSED)
    assert (await runs.load(redis, lease.job_id)).down is None
    await states.move(redis, lease.job_id, Status.QUEUED)
    again = await claimed(redis, lease.job_id)
    assert again is not None
    assert not again.probes
    assert UPSTREAM in await outages.known(redis, lease.job_id)
