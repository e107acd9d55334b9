"""Pauses and silences in the middle of a step: the load is as long as it was asked."""

import asyncio
from pathlib import Path

from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.loads import Concurrency, Constant, Load
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.sample import Outcome
from shared.store import keys
from shared.store.client import reply
from shared.store.run import leases, runs, slots, states
from tests.children import until
from tests.faults.upstream import fault_upstream
from tests.worker.floor import floor, submit
from tests.worker.told import reaches, rows_of


def a_plan(load: Load) -> Plan:
    return Plan(
        targets=(Target(model="ok"),),
        prompts=InlinePrompts(prompts=("Say it.",)),
        runs=1,
        load=load,
    )


async def rested(redis: Redis, job_id: str, after: int, rest_s: float) -> None:
    """Paused after so many rows, for a while."""

    async def some() -> bool:
        return (await runs.load(redis, job_id)).closed >= after

    await until(some, f"{after} rows")
    await states.move(redis, job_id, Status.PAUSED)
    await asyncio.sleep(rest_s)
    await states.move(redis, job_id, Status.QUEUED)


async def test_an_open_load_makes_all_its_calls_whatever_it_was_paused(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    # 48 slots in 1.2 s, and a pause that is longer than that
    plan = a_plan(Constant(rate_per_s=40, duration_s=1.2))
    with fault_upstream() as upstream:
        async with floor(store_url, upstream, tmp_path) as workers:
            job_id = await submit(workers, plan)
            await rested(redis, job_id, after=15, rest_s=1.5)
            done = await reaches(redis, job_id, Status.REDUCING)
    rows = sorted(await rows_of(redis, job_id), key=lambda row: row.slot)
    assert [row.slot for row in rows] == list(range(48))
    assert {row.outcome for row in rows} == {Outcome.OK}
    late_s = [(row.due_s or 0) - row.slot / 40 for row in rows]
    shift_s = late_s[-1]
    assert set(done_before(late_s)) == {0.0}
    assert shift_s > 1.5
    after = [s for s in late_s if s > 0.01]
    assert max(after) - min(after) < 0.05, "after the gap they are as far apart"
    # from the last call before to the first one after it
    assert 1.5 < done.gap_s < shift_s + 0.1


def done_before(late_s: list[float]) -> list[float]:
    return [round(s, 3) for s in late_s[:15]]


async def test_a_closed_load_lasts_as_long_as_was_asked_whatever_it_was_paused(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    plan = a_plan(Concurrency(concurrency=2, duration_s=0.8))
    with fault_upstream() as upstream:
        async with floor(store_url, upstream, tmp_path) as workers:
            job_id = await submit(workers, plan)
            await rested(redis, job_id, after=10, rest_s=1.0)
            await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    held_s = 0.0
    for segment in (0, 1):
        sent = [row.sent_s or 0 for row in rows if row.segment == segment]
        held_s += max(sent) - min(sent)
    assert 0.6 < held_s < 0.9


async def test_what_was_due_of_a_dead_worker_and_came_too_late_is_dropped_and_counted(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    plan = a_plan(Constant(rate_per_s=20, duration_s=1))
    run = await runs.create(redis, plan)
    step = steps(plan)[0]
    dead = await leases.claim(
        redis, run.job_id, step, owner="dead", shards=2, lease_s=2
    )
    assert dead is not None
    await slots.take(redis, dead, 3, "t1")
    with fault_upstream() as upstream:
        async with floor(store_url, upstream, tmp_path, reaper_tick_s=0.2):
            other, told = keys.step(run.job_id, 0)[0], None
            while told is None or not told.start_ms:
                there = bool(await reply(redis.hexists(other, "ready:1")))
                told = await leases.ready(redis, dead, 2, is_ready=there)
                await asyncio.sleep(0.02)
            done = await reaches(redis, run.job_id, Status.REDUCING)
    rows = sorted(await rows_of(redis, run.job_id), key=lambda row: row.slot)
    assert [row.slot for row in rows] == list(range(20))
    assert [row.outcome for row in rows if row.slot % 2] == [Outcome.OK] * 10
    dropped = [row for row in rows if not row.slot % 2]
    assert [row.outcome for row in dropped] == [Outcome.DROPPED] * 10
    assert {row.error for row in dropped} == {
        "it was due, and no worker had it before the step's time was over"
    }
    assert (done.closed, done.failed, done.interrupted) == (20, 10, 1)
    assert len(upstream.ledger) == 10
