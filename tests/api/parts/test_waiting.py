"""What a benchmark waits for, and how long it was worked on, as its state is."""

from dataclasses import replace

from redis.asyncio import Redis

from api.parts import progress
from api.parts.waiting import waiting_for
from shared.plan import Plan, steps
from shared.run import Ending, Run, Status
from shared.store import keys, workers
from shared.store.client import now_s
from shared.store.run import leases, reduces, runs, states
from shared.store.run.leases import Lease

LEASE_S = 15.0


def plan(**more: object) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "acme/orca"}],
            "prompts": {"prompts": ["Why?"]},
            **more,
        }
    )


async def made(redis: Redis, **more: object) -> str:
    return (await runs.create(redis, plan(**more))).job_id


async def claim(redis: Redis, job_id: str) -> Lease:
    step = steps(await runs.plan_of(redis, job_id))[0]
    lease = await leases.claim(
        redis, job_id, step, owner="played", shards=1, lease_s=LEASE_S
    )
    assert lease is not None
    return lease


async def said(redis: Redis, job_id: str) -> str | None:
    return await waiting_for(redis, await runs.load(redis, job_id), lease_s=LEASE_S)


async def test_a_queued_one_waits_for_a_worker_or_for_those_before_it(
    redis: Redis,
) -> None:
    first = await made(redis)
    assert "none is alive" in (await said(redis, first) or "")
    await workers.beat(redis, "played", {}, lease_s=LEASE_S)
    assert await said(redis, first) == "a worker to take it"
    await claim(redis, first)
    assert await said(redis, first) is None
    second, alone = await made(redis), await made(redis, exclusive=True)
    assert await said(redis, second) == (
        f"a worker to take it, beside benchmark {first}, which is under way"
    )
    assert await said(redis, alone) == (
        f"the end of benchmark {first}, which is under way: it is measured alone"
    )
    last = await made(redis)
    assert await said(redis, last) == f"benchmark {alone}, which is measured alone"


async def test_one_that_is_over_waits_for_its_calls_then_for_its_results(
    redis: Redis,
) -> None:
    await workers.beat(redis, "played", {}, lease_s=LEASE_S)
    job_id = await made(redis)
    lease = await claim(redis, job_id)
    await states.end(redis, job_id, Ending.CANCELLED)
    assert await said(redis, job_id) == "the calls that are open to end"
    await leases.release(redis, lease, finished=True, stopped_ms=None)
    assert await said(redis, job_id) == "a worker to make its results"
    run = await runs.load(redis, job_id)
    assert await reduces.claim(redis, run, "ticket", lease_s=LEASE_S) == "ours"
    assert await said(redis, job_id) is None
    await states.note_error(redis, job_id, "The disk is full.")
    assert "could not be written" in (await said(redis, job_id) or "")


async def test_what_is_shut_is_named(redis: Redis) -> None:
    job_id = await made(redis)
    await claim(redis, job_id)
    shut = {"until_ms": 1795420801250, "shut": "the limit of free calls a minute"}
    await states.move(redis, job_id, Status.WAITING, **shut)
    assert await said(redis, job_id) == (
        "the limit of free calls a minute, until 2026-11-23T08:00:01.250Z"
    )


def run(**more: object) -> Run:
    """One that was taken at 100 s."""
    known = Run(
        job_id="X",
        status=Status.RUNNING,
        submitter="ada",
        targets=("acme/orca",),
        created_at=90.0,
        started_at=100.0,
    )
    return replace(known, **more)


def test_pauses_are_in_the_wall_time_alone() -> None:
    found = progress(run(gap_s=30.0, rested_s=5.0), 150.0)
    assert (found.wall_s, found.elapsed_s) == (50.0, 15.0)
    stalled = progress(run(stalled_s=20.0), 150.0)
    assert (stalled.wall_s, stalled.elapsed_s) == (50.0, 30.0)
    ended = progress(run(ended_at=140.0, gap_s=10.0), 999.0)
    assert (ended.wall_s, ended.elapsed_s) == (40.0, 30.0)
    # kept by a build that did not count it
    assert progress(run(gap_s=None), 150.0).elapsed_s is None


async def test_a_pause_is_left_out_while_it_lasts_and_when_it_has_ended_the_run(
    redis: Redis,
) -> None:
    job_id = await made(redis)
    lease = await claim(redis, job_id)
    await states.move(redis, job_id, Status.PAUSED)
    await leases.release(redis, lease, finished=False, stopped_ms=None)
    # the pause began an hour ago
    at_ms = round(await now_s(redis) * 1000) - 3_600_000
    times = {"rest_ms": at_ms, "idle_ms": at_ms, "started_ms": at_ms - 5_000}
    await redis.hset(keys.run(job_id), mapping=times)
    for asked in (Status.PAUSED, Status.QUEUED):
        if asked is Status.QUEUED:
            await states.move(redis, job_id, asked)
        now = progress(await runs.load(redis, job_id), await now_s(redis))
        assert now.wall_s is not None
        assert now.elapsed_s is not None
        assert now.wall_s > 3_604
        assert 4.9 < now.elapsed_s < 5.5
    await states.end(redis, job_id, Ending.CANCELLED)
    found = await runs.load(redis, job_id)
    assert 3_599 < (found.gap_s or 0) < 3_610
