"""Who is measured on an upstream at the same time, and who is so alone."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.plan import Finished, Plan, Target, steps
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Run, Status
from shared.store import keys
from shared.store.run import leases, runs, samples, states
from shared.store.run.leases import Lease

UP, OTHER = "http://up.example/v1", "http://other.example/v1"
LEASE_S = 15.0


def a_plan(*, exclusive: bool = False, warmup: int = 0) -> Plan:
    return Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("x",)),
        runs=5,
        load=Concurrency(concurrency=4, warmup=warmup),
        exclusive=exclusive,
    )


Claim = Callable[..., Awaitable[Lease | None]]


@pytest.fixture
def claim(redis: Redis) -> Claim:
    async def claim(run: Run, *, step: int = 0, **more: Any) -> Lease | None:
        plan = await runs.plan_of(redis, run.job_id)
        return await leases.claim(
            redis,
            run.job_id,
            steps(plan)[step],
            **{
                "owner": "w",
                "shards": 2,
                "lease_s": LEASE_S,
                "upstreams": (UP,),
                "exclusive": plan.exclusive,
                **more,
            },
        )

    return claim


async def made(redis: Redis, **more: Any) -> Run:
    return await runs.create(redis, a_plan(**more))


async def beside(redis: Redis, *each: Run) -> list[tuple[str, ...]]:
    return [await samples.beside(redis, run.job_id) for run in each]


async def test_runs_on_one_upstream_are_noted_with_each_other(
    redis: Redis, claim: Claim
) -> None:
    a, b, c = [await made(redis) for _ in range(3)]
    assert await claim(a)
    assert await beside(redis, a) == [()]
    assert await claim(b)
    assert await claim(b), "a second shard of the same run is no other"
    assert await claim(c, upstreams=(OTHER,))
    ids = (b.job_id,), (a.job_id,), ()
    assert await beside(redis, a, b, c) == [*ids]


async def test_a_warm_up_is_noted_too(redis: Redis, claim: Claim) -> None:
    a, b = await made(redis, warmup=2), await made(redis)
    assert await claim(b)
    assert await claim(a, step=0)
    assert await beside(redis, a, b) == [(b.job_id,), (a.job_id,)]


@pytest.mark.parametrize("how", ["released", "lapsed", "ended"])
async def test_who_is_measured_no_more_is_noted_with_nobody(
    redis: Redis, claim: Claim, how: str
) -> None:
    a, b = await made(redis), await made(redis)
    lease = await claim(a, lease_s=0.05 if how == "lapsed" else LEASE_S)
    assert lease is not None
    if how == "released":
        await leases.release(redis, lease)
    elif how == "lapsed":
        await asyncio.sleep(0.1)
    else:
        await states.end(redis, a.job_id, Ending.CANCELLED)
    assert await claim(b)
    assert await beside(redis, a, b) == [(), ()]


async def test_an_exclusive_run_begins_when_no_other_is_under_way(
    redis: Redis, claim: Claim
) -> None:
    other, elsewhere = await made(redis), await made(redis)
    alone = await made(redis, exclusive=True)
    assert await claim(elsewhere, upstreams=(OTHER,))
    lease = await claim(other)
    assert lease is not None
    assert await claim(alone) is None
    untouched = await runs.load(redis, alone.job_id)
    assert untouched.status is Status.QUEUED
    await leases.release(redis, lease)
    # still running: its next step, or a share of this one, may come
    assert await claim(alone) is None
    await states.end(redis, other.job_id, Ending.CANCELLED)
    assert await claim(alone)
    assert await claim(alone), "its second shard"
    assert await beside(redis, alone, elsewhere) == [(), ()]


async def test_nobody_comes_beside_an_exclusive_run_nor_between_its_steps(
    redis: Redis, claim: Claim
) -> None:
    alone, other = await made(redis, exclusive=True, warmup=2), await made(redis)
    warmup = await claim(alone)
    assert warmup is not None
    assert await claim(other) is None
    await leases.release(redis, warmup, finished=True)
    await states.advance(redis, alone.job_id, Finished(0), 1, Ending.COMPLETED)
    assert await claim(other) is None, "between two steps"
    assert await claim(alone, step=1)
    assert await claim(other) is None
    assert await claim(other, upstreams=(OTHER,)), "another upstream is free"


async def test_an_exclusive_run_is_alone_at_each_upstream_that_it_asks(
    redis: Redis, claim: Claim
) -> None:
    both = {"upstreams": (UP, OTHER)}
    here, there = await made(redis), await made(redis)
    alone = await made(redis, exclusive=True)
    assert await claim(here)
    assert await claim(there, upstreams=(OTHER,))
    assert await claim(alone, **both) is None
    await states.end(redis, here.job_id, Ending.CANCELLED)
    assert await claim(alone, **both) is None, "the second upstream is not free"
    await states.end(redis, there.job_id, Ending.CANCELLED)
    assert await claim(alone, **both)
    late = await made(redis)
    for upstream in (UP, OTHER):
        assert await claim(late, upstreams=(upstream,)) is None
    assert await beside(redis, alone) == [()]


async def test_a_run_at_two_upstreams_is_noted_with_who_asks_either(
    redis: Redis, claim: Claim
) -> None:
    both, one, other = [await made(redis) for _ in range(3)]
    assert await claim(one)
    assert await claim(other, upstreams=(OTHER,))
    assert await claim(both, upstreams=(UP, OTHER))
    ids = tuple(sorted((one.job_id, other.job_id)))
    assert [tuple(sorted(each)) for each in await beside(redis, both)] == [ids]
    assert await beside(redis, one, other) == [(both.job_id,)] * 2


async def test_a_run_of_which_nobody_does_anything_holds_no_upstream(
    redis: Redis, claim: Claim
) -> None:
    alone, other = await made(redis, exclusive=True), await made(redis)
    assert await claim(alone, lease_s=0.05)
    assert await claim(other, lease_s=0.05) is None
    # its worker has died, and within two leases more nobody took it over
    await asyncio.sleep(0.2)
    assert await claim(other, lease_s=0.05)


async def test_an_exclusive_run_that_waits_leaves_the_upstream_to_others(
    redis: Redis, claim: Claim
) -> None:
    alone, other = await made(redis, exclusive=True), await made(redis)
    lease = await claim(alone)
    assert lease is not None
    await states.move(redis, alone.job_id, Status.WAITING, until_ms=1)
    assert await claim(other) is None, "its last calls are still open"
    await leases.release(redis, lease)
    assert await claim(other)
    assert await claim(alone) is None, "and comes back when they have ended"


async def test_who_yields_does_not_begin_and_who_has_begun_goes_on(
    redis: Redis, claim: Claim
) -> None:
    begun, younger = await made(redis), await made(redis)
    assert await claim(begun)
    assert await claim(younger, yields=True) is None
    assert await claim(begun, yields=True), "its second shard"


async def test_two_exclusive_runs_come_one_after_the_other(
    redis: Redis, claim: Claim
) -> None:
    first, second = [await made(redis, exclusive=True) for _ in range(2)]
    assert await claim(first)
    assert await claim(second) is None
    await states.end(redis, first.job_id, Ending.CANCELLED)
    assert await claim(second)


async def test_without_an_upstream_nobody_is_looked_at(
    redis: Redis, claim: Claim
) -> None:
    a, b = await made(redis, exclusive=True), await made(redis)
    assert await claim(a, upstreams=())
    assert await claim(b, upstreams=())
    assert await beside(redis, a, b) == [(), ()]


async def test_what_is_no_longer_measured_is_forgotten(
    redis: Redis, claim: Claim
) -> None:
    for _ in range(3):
        run = await made(redis)
        assert await claim(run)
        await states.end(redis, run.job_id, Ending.CANCELLED)
    last = await made(redis)
    assert await claim(last)
    fields = await redis.hkeys(keys.measured(UP))
    assert fields == [f"{last.job_id} 0 0".encode()]
    assert 0 < await redis.ttl(keys.measured(UP)) <= 30 * 86_400


async def test_a_key_is_noted_once_by_its_print(redis: Redis) -> None:
    job_id = (await made(redis)).job_id
    for print_ in ("ff00", "01ab", "ff00"):
        await samples.asked_with(redis, job_id, print_)
    assert await samples.asked_with_each(redis, job_id) == ("01ab", "ff00")
