"""Retries that wait when their worker dies, or their run is stopped."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.run import Ending, Status
from shared.store import keys
from shared.store.run import states
from tests.children import Simulator, Workers, simulator, until, workers
from tests.worker.retrying import FAILS_TWICE, by_slot, has_rows, result_of, submit
from tests.worker.told import reaches


@pytest.fixture
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.02", "--gap-s", "0.002", "--tokens", "6") as running:
        yield running


@pytest.fixture
def fleet(store_url: str, upstream: Simulator, tmp_path: Path) -> Iterator[Workers]:
    with workers(store_url, upstream.base_url, tmp_path) as running:
        yield running


async def test_another_worker_makes_the_retries_of_one_that_was_killed(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    victim = fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=6, backoff_s=2)
    await has_rows(redis, job_id, 6)
    victim.kill()
    fleet.start()
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed) == (6, 0)
    slots = await by_slot(redis, job_id)
    for rows in slots.values():
        assert [row.attempt for row in rows] == [0, 1, 2]
        assert [row.retry for row in rows] == [0, 1, 2]
        assert rows[0].worker != rows[2].worker
    assert len(upstream.ledger()) == 18, "no call was open at the kill"


@pytest.mark.long
async def test_a_drain_during_the_pause_leaves_the_retries_to_the_next_worker(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    first = fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=4, backoff_s=2)
    await has_rows(redis, job_id, 4)
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0
    fleet.start()
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed, done.interrupted) == (4, 0, 0)
    assert len(upstream.ledger()) == 12, "no call was made twice"
    result = await result_of(redis, job_id)
    assert result["attempts"]["retries"] == 8
    assert result["counts"]["turned_away"] == 0


async def test_a_cancel_during_the_pause_keeps_the_attempts_that_were_made(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=4, backoff_s=30)
    await has_rows(redis, job_id, 4)
    assert await states.end(redis, job_id, Ending.CANCELLED)
    done = await reaches(redis, job_id, Status.CANCELLED)
    assert done.closed == 0
    result = await result_of(redis, job_id)
    assert (result["total_runs"], result["counts"]["failed"]) == (4, 4)
    assert result["attempts"]["retries"] == 0
    assert len(upstream.ledger()) == 4


@pytest.mark.long
async def test_a_resumed_run_makes_the_retries_that_a_pause_found_waiting(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=4, backoff_s=1)
    await has_rows(redis, job_id, 4)
    assert await states.move(redis, job_id, Status.PAUSED)

    async def released() -> bool:
        return not await redis.hexists(keys.step(job_id, 0)[0], "owner:0")

    await until(released, "the lease given back")
    assert await states.move(redis, job_id, Status.QUEUED)
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed, done.segment) == (4, 0, 1)
    result = await result_of(redis, job_id)
    assert result["attempts"]["perceived"]["success_share"] == 1
    # the pause is in no perceived time
    assert result["attempts"]["perceived"]["latency"]["n"] == 0
