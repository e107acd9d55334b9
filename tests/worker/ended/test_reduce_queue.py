"""Which run is reduced next: by turns of submitters, and once over all workers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Run, Status
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.run import leases, reduces, runs, states
from shared.store.run.leases import Lease
from tests.children import until
from tests.worker.ended.waiting import ended, over, settings_of
from worker.ended import reduce_queue
from worker.ended.reduce_queue import ReduceQueue, in_turn


def a_run(job_id: str, submitter: str, created_at: float) -> Run:
    return Run(
        job_id=job_id,
        status=Status.REDUCING,
        submitter=submitter,
        targets=(),
        created_at=created_at,
    )


def test_the_submitter_comes_first_whose_last_turn_is_longest_ago() -> None:
    waiting = [
        a_run("a1", "ada", 1),
        a_run("a0", "ada", 0),
        a_run("b9", "bob", 9),
        a_run("c8", "cyd", 8),
    ]
    order = [run.job_id for run in in_turn(waiting, {"ada": 5.0, "bob": 4.0})]
    assert order == ["c8", "b9", "a0", "a1"]  # cyd never had one


class Noting:
    """A process that notes what it was asked, and answers."""

    def __init__(self, redis: Redis, asked: list[str]) -> None:
        self._redis, self.asked = redis, asked
        self.code = 0
        self.may_go = asyncio.Event()
        self.may_go.set()
        self.stopped = 0

    async def run(self, job_id: str) -> int:
        self.asked.append(job_id)
        await self.may_go.wait()
        if not self.code:
            run = await runs.load(self._redis, job_id)
            await states.finish(self._redis, run, {}, keep_s=60)
        return self.code

    async def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    return settings_of(store_url, tmp_path)


Worker = Callable[[], tuple[ReduceQueue, Noting]]


@pytest.fixture
async def worker(redis: Redis, settings: Settings) -> AsyncIterator[Worker]:
    """Makes reduces of one more worker, whose process notes."""
    made: list[tuple[ReduceQueue, Noting]] = []
    asked: list[str] = []

    def one() -> tuple[ReduceQueue, Noting]:
        process = Noting(redis, asked)
        reducing = ReduceQueue(redis, settings, f"host:{len(made)}:x", process)
        made.append((reducing, process))
        return made[-1]

    yield one
    for reducing, process in made:
        process.may_go.set()
        await reducing.close()


async def test_one_of_bob_waits_for_one_of_adas_hundred(
    redis: Redis, worker: Worker
) -> None:
    hundred = [await ended(redis, "ada") for _ in range(100)]
    bobs = await ended(redis, "bob")
    reducing, process = worker()
    reducing.offer(await runs.open_runs(redis))
    await until(over(redis, bobs), "bob's reduce")
    assert process.asked.index(bobs) <= 1
    await until(over(redis, *hundred), "ada's reduces")
    assert sorted(process.asked) == sorted([*hundred, bobs])


async def test_a_late_comer_goes_before_a_queue_that_was_there(
    redis: Redis, worker: Worker
) -> None:
    many = [await ended(redis, "ada") for _ in range(20)]
    reducing, process = worker()
    process.may_go.clear()
    reducing.offer(await runs.open_runs(redis))

    async def begun() -> bool:
        return bool(process.asked)

    await until(begun, "the first reduce")
    bobs = await ended(redis, "bob")
    reducing.offer(await runs.open_runs(redis))
    process.may_go.set()
    await until(over(redis, bobs, *many), "all")
    assert process.asked.index(bobs) == 1


async def test_two_workers_share_what_is_to_be_reduced_and_do_nothing_twice(
    redis: Redis, worker: Worker
) -> None:
    many = [await ended(redis, "ada") for _ in range(30)]
    found = await runs.open_runs(redis)
    (one, first), (other, second) = worker(), worker()
    first.may_go.clear()
    one.offer(found)

    async def begun() -> bool:
        return len(first.asked) == 1

    await until(begun, "the first reduce")
    other.offer(found)
    await until(over(redis, *[i for i in many if i != first.asked[0]]), "the others")
    first.may_go.set()
    await until(over(redis, *many), "all")
    await asyncio.sleep(0.1)
    assert sorted(second.asked) == sorted(many), "one was reduced twice"


async def test_a_run_that_has_ended_is_not_reduced_again_after_a_stale_look(
    redis: Redis, worker: Worker
) -> None:
    job_id = await ended(redis, "ada")
    stale = await runs.open_runs(redis)
    reducing, process = worker()
    reducing.offer(stale)
    await until(over(redis, job_id), "its reduce")
    reducing.offer(stale)
    await asyncio.sleep(0.1)
    assert process.asked == [job_id]


async def test_after_a_failure_there_is_a_pause_and_others_go_on(
    redis: Redis, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "worker.ended.reduce_queue")
    bad = await ended(redis, "ada")
    reducing, process = worker()
    process.code = 3
    reducing.offer(await runs.open_runs(redis))

    async def failed() -> bool:
        return f"the reduce of {bad} ended with 3" in caplog.text

    await until(failed, "a failure")
    process.code = 0
    good = await ended(redis, "ada")
    reducing.offer(await runs.open_runs(redis))
    await until(over(redis, good), "the other")
    assert process.asked == [bad, good]
    assert await redis.pttl(keys.run(bad, ":reduce")) > 0

    async def again() -> bool:
        reducing.offer(await runs.open_runs(redis))
        return len(process.asked) > 2

    await until(again, "the next try")
    await until(over(redis, bad), "its end")


async def test_a_long_reduce_keeps_its_claim(
    redis: Redis, worker: Worker, settings: Settings
) -> None:
    job_id = await ended(redis, "ada")
    (one, first), (other, second) = worker(), worker()
    first.may_go.clear()
    one.offer(await runs.open_runs(redis))
    for _ in range(15):  # more than its lease
        await asyncio.sleep(0.1)
        other.offer(await runs.open_runs(redis))
    assert second.asked == [job_id]
    first.may_go.set()
    await until(over(redis, job_id), "its end")


async def test_closing_waits_for_the_one_under_way_and_for_no_queue(
    redis: Redis, worker: Worker
) -> None:
    many = [await ended(redis, "ada") for _ in range(10)]
    reducing, process = worker()
    process.may_go.clear()
    reducing.offer(await runs.open_runs(redis))

    async def begun() -> bool:
        return bool(process.asked)

    await until(begun, "the first reduce")
    closing = asyncio.create_task(reducing.close())
    await asyncio.sleep(0.05)
    assert not closing.done()
    process.may_go.set()
    await asyncio.wait_for(closing, 5)
    assert len(process.asked) == 1
    assert process.stopped == 1
    assert await over(redis, process.asked[0])()
    # what was left is free for other workers
    left = [i for i in many if i not in process.asked]
    assert not await redis.exists(*(keys.run(i, ":reduce") for i in left))


async def test_a_reduce_that_outlasts_the_drain_is_free_for_others_at_once(
    redis: Redis, settings: Settings
) -> None:
    job_id = await ended(redis, "ada")
    process = Noting(redis, [])
    process.may_go.clear()
    short = settings.model_copy(update={"drain_s": 0.1, "lease_s": 60})
    reducing = ReduceQueue(redis, short, "host:1:x", process)
    reducing.offer(await runs.open_runs(redis))

    async def begun() -> bool:
        return bool(process.asked)

    await until(begun, "the reduce")
    await asyncio.wait_for(reducing.close(), 5)
    run = await runs.load(redis, job_id)
    assert await reduces.claim(redis, run, "other:1", lease_s=1) == "ours"


async def test_a_worker_that_has_still_to_report_comes_first(
    redis: Redis, worker: Worker
) -> None:
    lease = await held(redis)
    reducing, process = worker()
    reducing.offer(await runs.open_runs(redis))
    other = await ended(redis, "ada")
    reducing.offer(await runs.open_runs(redis))
    await until(over(redis, other), "one that nobody holds")
    assert process.asked == [other]
    await leases.release(redis, lease)
    await until(over(redis, lease.job_id), "its reduce, without another look")


async def test_a_worker_that_is_dead_is_not_waited_for_until_its_lease_lapses(
    redis: Redis, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reduce_queue, "REPORTS_S", 0.3)
    lease = await held(redis)
    reducing, _ = worker()
    reducing.offer(await runs.open_runs(redis))
    await until(over(redis, lease.job_id), "its reduce", deadline_s=10)
    assert await redis.hget(keys.step(lease.job_id, 0)[0], "owner:0") == b"x"


async def held(redis: Redis) -> Lease:
    """A run that was cancelled while somebody has a shard of it, for a minute."""
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("x",)),
        runs=1,
    )
    job_id = (await runs.create(redis, plan)).job_id
    lease = await leases.claim(
        redis, job_id, steps(plan)[0], owner="x", shards=1, lease_s=60
    )
    assert lease is not None
    await states.end(redis, job_id, Ending.CANCELLED)
    return lease
