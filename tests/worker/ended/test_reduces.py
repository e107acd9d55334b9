"""Who is reduced when: by turns of submitters, once over all workers, and warm."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Run, Status
from shared.sample import Outcome, Sample, encode
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.run import leases, reduces, runs, slots, states
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from tests.children import until
from worker.ended import reducer as reducer_module
from worker.ended import reduces as module
from worker.ended.reducer import Reducer
from worker.ended.reduces import Reduces, in_turn


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


class Told:
    """A process that is told: it writes down what it was asked, and answers."""

    def __init__(self, redis: Redis, asked: list[str]) -> None:
        self._redis, self.asked = redis, asked
        self.code = 0
        self.may_go = asyncio.Event()
        self.may_go.set()
        self.stopped = 0

    async def reduce(self, job_id: str) -> int:
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
    return Settings(
        redis_url=store_url,
        results_dir=tmp_path / "results",
        spool_dir=tmp_path / "spool",
        log_file=tmp_path / "log.txt",
        lease_s=1,
        heartbeat_s=0.2,
        drain_s=5,
    )


Worker = Callable[[], tuple[Reduces, Told]]


@pytest.fixture
async def worker(redis: Redis, settings: Settings) -> AsyncIterator[Worker]:
    """Makes reduces of one more worker, whose process is told."""
    made: list[tuple[Reduces, Told]] = []
    asked: list[str] = []

    def one() -> tuple[Reduces, Told]:
        process = Told(redis, asked)
        reducing = Reduces(redis, settings, f"host:{len(made)}:x", process)
        made.append((reducing, process))
        return made[-1]

    yield one
    for reducing, process in made:
        process.may_go.set()
        await reducing.close()


async def ended(redis: Redis, submitter: str) -> str:
    """A run without a row that waits for its reduce."""
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("x",)),
        runs=1,
        submitter=submitter,
    )
    run = await runs.create(redis, plan)
    await states.end(redis, run.job_id, Ending.CANCELLED)
    return run.job_id


def over(redis: Redis, *job_ids: str) -> Callable[[], Awaitable[bool]]:
    async def all_over() -> bool:
        found = [(await runs.load(redis, job_id)).status for job_id in job_ids]
        return all(status.terminal for status in found)

    return all_over


async def test_one_of_bob_waits_for_one_of_adas_hundred(
    redis: Redis, worker: Worker
) -> None:
    hundred = [await ended(redis, "ada") for _ in range(100)]
    bobs = await ended(redis, "bob")
    reducing, process = worker()
    reducing.look(await runs.open_runs(redis))
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
    reducing.look(await runs.open_runs(redis))

    async def begun() -> bool:
        return bool(process.asked)

    await until(begun, "the first reduce")
    bobs = await ended(redis, "bob")
    reducing.look(await runs.open_runs(redis))
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
    one.look(found)

    async def begun() -> bool:
        return len(first.asked) == 1

    await until(begun, "the first reduce")
    other.look(found)
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
    reducing.look(stale)
    await until(over(redis, job_id), "its reduce")
    reducing.look(stale)
    await asyncio.sleep(0.1)
    assert process.asked == [job_id]


async def test_after_a_failure_there_is_a_pause_and_others_go_on(
    redis: Redis, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "worker.ended.reduces")
    bad = await ended(redis, "ada")
    reducing, process = worker()
    process.code = 3
    reducing.look(await runs.open_runs(redis))

    async def failed() -> bool:
        return f"the reduce of {bad} ended with 3" in caplog.text

    await until(failed, "a failure")
    process.code = 0
    good = await ended(redis, "ada")
    reducing.look(await runs.open_runs(redis))
    await until(over(redis, good), "the other")
    assert process.asked == [bad, good]
    assert await redis.pttl(keys.run(bad, ":reduce")) > 0

    async def again() -> bool:
        reducing.look(await runs.open_runs(redis))
        return len(process.asked) > 2

    await until(again, "the next try")
    await until(over(redis, bad), "its end")


async def test_a_long_reduce_keeps_its_claim(
    redis: Redis, worker: Worker, settings: Settings
) -> None:
    job_id = await ended(redis, "ada")
    (one, first), (other, second) = worker(), worker()
    first.may_go.clear()
    one.look(await runs.open_runs(redis))
    for _ in range(15):  # more than its lease
        await asyncio.sleep(0.1)
        other.look(await runs.open_runs(redis))
    assert second.asked == [job_id]
    first.may_go.set()
    await until(over(redis, job_id), "its end")


async def test_closing_waits_for_the_one_under_way_and_for_no_queue(
    redis: Redis, worker: Worker
) -> None:
    many = [await ended(redis, "ada") for _ in range(10)]
    reducing, process = worker()
    process.may_go.clear()
    reducing.look(await runs.open_runs(redis))

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
    process = Told(redis, [])
    process.may_go.clear()
    short = settings.model_copy(update={"drain_s": 0.1, "lease_s": 60})
    reducing = Reduces(redis, short, "host:1:x", process)
    reducing.look(await runs.open_runs(redis))

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
    reducing.look(await runs.open_runs(redis))
    other = await ended(redis, "ada")
    reducing.look(await runs.open_runs(redis))
    await until(over(redis, other), "one that nobody holds")
    assert process.asked == [other]
    await leases.release(redis, lease)
    await until(over(redis, lease.job_id), "its reduce, without another look")


async def test_a_worker_that_is_dead_is_not_waited_for_until_its_lease_lapses(
    redis: Redis, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "REPORTS_S", 0.3)
    lease = await held(redis)
    reducing, _ = worker()
    reducing.look(await runs.open_runs(redis))
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


async def with_a_row(redis: Redis, submitter: str) -> str:
    """A run of one row that waits for its reduce."""
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("x",)),
        runs=1,
        submitter=submitter,
    )
    job_id = (await runs.create(redis, plan)).job_id
    lease = await leases.claim(
        redis, job_id, steps(plan)[0], owner="x", shards=1, lease_s=15
    )
    assert lease is not None
    assert await slots.take(redis, lease, 1, ticket="t")
    row = encode(Sample(step=0, slot=0, target=0, prompt=0, outcome=Outcome.OK))
    await slots.commit(redis, lease, [Entry(0, 0, "ok", 0, row)], max_answers_bytes=9)
    await leases.release(redis, lease)
    await states.end(redis, job_id, Ending.COMPLETED)
    return job_id


async def test_one_process_reduces_run_after_run_and_is_killed_without_harm(
    redis: Redis, settings: Settings, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("redis_url", "results_dir", "spool_dir", "log_file"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    reducing = Reduces(redis, settings, "host:1:x")
    jobs = [await with_a_row(redis, "ada"), await ended(redis, "ada")]
    before = set(psutil.Process().children())
    reducing.look(await runs.open_runs(redis))
    await until(over(redis, *jobs), "two reduces")
    (child,) = set(psutil.Process().children()) - before
    for job_id in jobs:
        lines = (settings.results_dir / job_id / "samples.csv").read_text()
        assert lines.count("\n") == 1 + (job_id == jobs[0])
        assert (settings.results_dir / job_id / "summary.json").is_file()
    child.suspend()
    third = await ended(redis, "ada")
    reducing.look(await runs.open_runs(redis))

    async def claimed() -> bool:
        return bool(await redis.exists(keys.run(third, ":reduce")))

    await until(claimed, "a reduce under way")
    child.kill()

    async def again() -> bool:
        reducing.look(await runs.open_runs(redis))
        return await over(redis, third)()

    await until(again, "its reduce by another process")
    (other,) = set(psutil.Process().children()) - before
    assert other.pid != child.pid
    await reducing.close()
    assert not other.is_running()


async def test_a_process_that_failed_is_not_asked_again(
    redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("redis_url", "spool_dir", "log_file"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    settings.results_dir.write_text("a file where the folder should be")
    monkeypatch.setenv("RESULTS_DIR", str(settings.results_dir))
    job_id = await ended(redis, "ada")
    before = set(psutil.Process().children())
    reducer = Reducer()
    assert await reducer.reduce(job_id) == 1
    assert set(psutil.Process().children()) == before
    assert "cannot be written" in str((await runs.load(redis, job_id)).error)
    settings.results_dir.unlink()
    assert await reducer.reduce(job_id) == 0
    assert len(set(psutil.Process().children()) - before) == 1
    await reducer.stop()
    assert set(psutil.Process().children()) == before


@pytest.mark.parametrize("limit", ["_MOST_REDUCES", "_MOST_BYTES"])
async def test_a_process_that_is_old_or_large_is_ended(
    redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    for name in ("redis_url", "results_dir", "spool_dir", "log_file"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    monkeypatch.setattr(reducer_module, limit, 1)
    job_id = await ended(redis, "ada")
    before = set(psutil.Process().children())
    assert await Reducer().reduce(job_id) == 0
    assert set(psutil.Process().children()) == before
    assert await over(redis, job_id)()
