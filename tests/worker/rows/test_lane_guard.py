"""Lanes that wait for their rows, so that a kill costs no more calls than lanes."""

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.process import CRASH_CODE
from shared.store.run import runs, samples
from tests.children import simulator, until, workers
from worker.rows.lane_guard import LaneGuard

LANES = 2


class Lanes:
    """Counts the lanes that were freed."""

    def __init__(self, round_trip_s: float = 0.0002) -> None:
        self.freed = 0
        self.guard = LaneGuard(self.free, round_trip_s=round_trip_s)

    def free(self) -> None:
        self.freed += 1


async def test_a_lane_is_free_when_the_store_has_its_row() -> None:
    lanes = Lanes()
    assert lanes.guard.wait_for_row(7, took_s=1.0, lanes=1)
    lanes.guard.release([6])
    assert lanes.freed == 0
    lanes.guard.release([6, 7])
    assert lanes.freed == 1
    await asyncio.sleep(0.1)  # past the longest wait
    assert lanes.freed == 1, "it was freed twice"


async def test_a_lane_does_not_wait_for_a_store_that_is_far_away() -> None:
    assert Lanes(0.002).guard.wait_for_row(7, took_s=1.0, lanes=1)
    assert not Lanes(0.0021).guard.wait_for_row(7, took_s=1.0, lanes=1)


async def test_a_lane_waits_only_for_a_while_for_a_store_that_is_held_up() -> None:
    lanes = Lanes()
    assert lanes.guard.wait_for_row(7, took_s=1.0, lanes=1)

    async def freed() -> bool:
        return lanes.freed == 1

    await until(freed, "the end of the wait", deadline_s=5)
    lanes.guard.release([7])
    assert lanes.freed == 1, "it was freed twice"


@pytest.mark.parametrize(
    ("took_s", "lanes", "waits"),
    [
        (0.099, 1, False),  # the wait would be some 2 % of the call
        (0.1, 1, True),
        (1.0, 250, True),  # 1 s / 250: an end every 4 ms
        (1.0, 251, False),
        (10.0, 2500, True),
    ],
)
async def test_lanes_of_short_calls_and_of_many_do_not_wait(
    took_s: float, lanes: int, waits: bool
) -> None:
    counted = Lanes()
    assert counted.guard.wait_for_row(0, took_s, lanes) is waits
    counted.guard.release([0])
    assert counted.freed == waits


async def test_who_rests_is_woken_while_a_lane_waits_and_no_longer() -> None:
    guard = Lanes().guard
    guard.wait_for_row(7, took_s=1.0, lanes=1)
    async with asyncio.timeout(5):
        await guard.lane_waits(3600)
    guard.release([7])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await guard.lane_waits(3600)


async def test_a_worker_killed_before_a_commit_costs_no_more_calls_than_lanes(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    plan = Plan(
        targets=(Target(model="acme/orca-pro"),),
        prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(20))),
        load=Concurrency(concurrency=LANES),
    )
    with (
        simulator("--ttft-s", "0.2", "--gap-s", "0.01", "--tokens", "8") as upstream,
        workers(
            store_url, upstream.base_url, tmp_path, CRASH_AT="rows:commit"
        ) as fleet,
    ):
        job_id = (await runs.create(redis, plan)).job_id
        worker = fleet.start()
        # it dies with the first row in hand, so an answer had come
        assert await asyncio.to_thread(worker.wait, 60) == CRASH_CODE
        assert [row async for row in samples.each_row(redis, job_id)] == []
        assert 1 <= len(upstream.ledger()) <= LANES
