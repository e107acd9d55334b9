"""Which runs a worker takes on, by a station in this process that makes no calls."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Status
from shared.settings.settings import Settings
from shared.store.client import connect
from shared.store.run import runs, samples, states
from tests.children import until
from worker.station import Station


@pytest.fixture
async def station(store_url: str, tmp_path: Path) -> AsyncIterator[Station]:
    redis = connect(store_url)
    await redis.flushdb()
    # it takes connections and never answers, so that a run goes on and is not down
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(
            redis_url=store_url,
            openrouter_base_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v1",
            upstream_kind="openai",
            results_dir=tmp_path,
            spool_dir=tmp_path / "spool",
            drain_s=0.1,
        )
        running = Station(redis, settings)
        yield running
        await running.drain()
    await redis.aclose()


async def test_a_worker_that_never_began_ends_without_asking_its_store(
    tmp_path: Path,
) -> None:
    # what a store that is wrong answers would hide the sentence for which it ends
    with socket.create_server(("127.0.0.1", 0)) as store:
        store.setblocking(False)
        redis = connect(f"redis://127.0.0.1:{store.getsockname()[1]}", timeout_s=0.2)
        settings = Settings(results_dir=tmp_path, spool_dir=tmp_path / "spool")
        await Station(redis, settings).drain()
        with pytest.raises(BlockingIOError):
            store.accept()
        await redis.aclose()


async def test_its_file_is_touched_as_often_as_the_store_hears_of_it(
    station: Station, tmp_path: Path
) -> None:
    file = tmp_path / "alive"
    given = {"heartbeat_file": file, "heartbeat_s": 0.02}
    settings = station.settings.model_copy(update=given)
    worker = Station(station.redis, settings)
    await worker.start()
    assert file.exists(), "with the first beat"
    file.unlink()

    async def touched() -> bool:
        return file.exists()

    await until(touched, "the next beat")
    await worker.drain()


@pytest.fixture
async def colleague(station: Station) -> AsyncIterator[Station]:
    """Another worker with the same upstream."""
    other = Station(station.redis, station.settings)
    yield other
    await other.drain()


def a_plan(*, exclusive: bool) -> Plan:
    return Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("x",)),
        runs=100_000,
        load=Concurrency(concurrency=1),
        exclusive=exclusive,
    )


async def working_on(redis: Redis, *job_ids: str) -> bool:
    return all(
        [
            (await runs.load(redis, job_id)).status is Status.RUNNING
            for job_id in job_ids
        ]
    )


async def test_an_exclusive_run_has_its_worker_alone(station: Station) -> None:
    redis = station.redis
    alone = (await runs.create(redis, a_plan(exclusive=True))).job_id
    await station.claim_work(everything=True)
    await until(lambda: working_on(redis, alone), "the exclusive run")
    # made only now: of two that are made in one millisecond either may be the first
    other = (await runs.create(redis, a_plan(exclusive=False))).job_id
    await station.claim_work(everything=True)
    assert (await runs.load(redis, other)).status is Status.QUEUED


async def test_small_runs_share_a_worker_and_an_exclusive_one_waits(
    station: Station,
) -> None:
    redis = station.redis
    shared = [
        (await runs.create(redis, a_plan(exclusive=False))).job_id for _ in range(2)
    ]
    # made only now: of two that are made in one millisecond either may be the first
    await asyncio.sleep(0.002)
    alone = (await runs.create(redis, a_plan(exclusive=True))).job_id
    await station.claim_work(everything=True)
    await until(lambda: working_on(redis, *shared), "both runs")
    assert (await runs.load(redis, alone)).status is Status.QUEUED


async def test_an_exclusive_run_is_alone_on_its_upstream_over_all_workers(
    station: Station, colleague: Station
) -> None:
    redis = station.redis
    before = (await runs.create(redis, a_plan(exclusive=False))).job_id
    await station.claim_work(everything=True)
    await until(lambda: working_on(redis, before), "the run before")
    alone = (await runs.create(redis, a_plan(exclusive=True))).job_id
    await asyncio.sleep(0.002)
    younger = (await runs.create(redis, a_plan(exclusive=False))).job_id
    for worker in (colleague, station):
        await worker.claim_work(everything=True)
    assert (await runs.load(redis, alone)).status is Status.QUEUED
    assert (await runs.load(redis, younger)).status is Status.QUEUED, "it yields"
    await states.end(redis, before, Ending.CANCELLED)
    for worker in (colleague, station):
        await worker.claim_work(everything=True)
    await until(lambda: working_on(redis, alone), "the exclusive run")
    assert (await runs.load(redis, younger)).status is Status.QUEUED
    assert await samples.beside(redis, alone) == ()
