"""The process that reduces: warm, killed without harm, ended in time."""

import asyncio
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from redis.asyncio import Redis

from shared.settings.settings import Settings
from shared.store import keys
from shared.store.run import runs
from tests.children import until
from tests.worker.ended.waiting import ended, over, settings_of, with_a_row
from worker.ended import reduce_process
from worker.ended.reduce_process import ReduceProcess
from worker.ended.reduce_queue import ReduceQueue


@pytest.fixture
def settings(store_url: str, tmp_path: Path) -> Settings:
    return settings_of(store_url, tmp_path)


async def test_one_process_reduces_run_after_run_and_is_killed_without_harm(
    redis: Redis, settings: Settings, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("redis_url", "results_dir", "spool_dir", "log_file"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    reducing = ReduceQueue(redis, settings, "host:1:x")
    jobs = [await with_a_row(redis, "ada"), await ended(redis, "ada")]
    before = set(psutil.Process().children())
    reducing.offer(await runs.open_runs(redis))
    await until(over(redis, *jobs), "two reduces")

    async def told() -> bool:
        return reducing._now is None

    await until(told, "the process' word that it has made them")
    (child,) = set(psutil.Process().children()) - before
    for job_id in jobs:
        lines = (settings.results_dir / job_id / "samples.csv").read_text()
        assert lines.count("\n") == 1 + (job_id == jobs[0])
        assert (settings.results_dir / job_id / "summary.json").is_file()
    child.suspend()
    third = await ended(redis, "ada")
    reducing.offer(await runs.open_runs(redis))

    async def claimed() -> bool:
        return bool(await redis.exists(keys.run(third, ":reduce")))

    await until(claimed, "a reduce under way")
    child.kill()

    async def again() -> bool:
        reducing.offer(await runs.open_runs(redis))
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
    process = ReduceProcess()
    assert await process.run(job_id) == 1
    assert set(psutil.Process().children()) == before
    assert "cannot be written" in str((await runs.load(redis, job_id)).error)
    settings.results_dir.unlink()
    assert await process.run(job_id) == 0
    assert len(set(psutil.Process().children()) - before) == 1
    await process.stop()
    assert set(psutil.Process().children()) == before


@pytest.mark.parametrize("limit", ["_MOST_REDUCES", "_MOST_BYTES"])
async def test_a_process_that_is_old_or_large_is_ended(
    redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    for name in ("redis_url", "results_dir", "spool_dir", "log_file"):
        monkeypatch.setenv(name.upper(), str(getattr(settings, name)))
    monkeypatch.setattr(reduce_process, limit, 1)
    job_id = await ended(redis, "ada")
    before = set(psutil.Process().children())
    assert await ReduceProcess().run(job_id) == 0
    assert set(psutil.Process().children()) == before
    assert await over(redis, job_id)()


async def test_a_process_whose_end_was_cancelled_is_ended_by_the_next(
    settings: Settings,
) -> None:
    before = set(psutil.Process().children())
    process = ReduceProcess()
    reducing = asyncio.create_task(process.run("01JZ8M5T7Q4W9E2R6Y8V0B3N5C"))

    async def starts() -> bool:
        return set(psutil.Process().children()) != before and bool(process._child)

    await until(starts, "a process")
    reducing.cancel()
    ending = asyncio.create_task(process.stop())
    await asyncio.sleep(0)
    ending.cancel()
    for task in (reducing, ending):
        with suppress(asyncio.CancelledError):
            await task
    await process.stop()
    assert set(psutil.Process().children()) == before
