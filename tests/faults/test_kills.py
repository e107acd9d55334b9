"""kill -9 of everything: rows 1, 3, 4 and 5 of the list of faults."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from shared.process import CRASH_CODE
from shared.run import Ending, Status
from shared.store import keys
from shared.store.run import events
from tests.children import until
from tests.faults.losses import Disturbance, Victim, blamed, repeated
from tests.faults.stack import LEASE_S, a_plan, a_stack
from tests.faults.storm import GAP_S, LANES, Storm
from tests.faults.talk import Called


async def test_a_small_storm_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=GAP_S) as stack:
        victims: tuple[Victim, ...] = ("worker", "store", "worker", "api", "reducer")
        storm = Storm(stack, seed=20261129, calls=160)
        report = await storm.run(5, victims, workers=2)
        assert report.kills == {"worker": 2, "store": 1, "api": 1, "reducer": 1}
        assert report.acknowledged > 0, "nothing was counted before a kill"
        assert (report.lost, report.twice, report.mismatches) == (0, 0, 0), report
        assert report.failed_jobs == 0, report
        assert report.paid_lost_beyond == 0, report
        assert report.paid_lost_to_nothing == 0, report
        # generous: the formula is asserted at length, on a machine of its own
        assert len(report.takeovers_s) == 2
        assert max(report.takeovers_s) < LEASE_S + 20
        await stack.nothing_is_left()


def called(at_s: float, prompt: str = "") -> Called:
    return Called(id="", model="", prompt=prompt, key="", connection=0, at_s=at_s)


def test_a_call_was_repeated_when_its_prompt_was_asked_again_later() -> None:
    a, b, c, once = called(1, "p"), called(3, "p"), called(2, "p"), called(1, "q")
    assert repeated([b, a, once, c]) == [a, c]


def test_a_lost_call_is_put_down_to_what_came_first_after_it() -> None:
    early, late = Disturbance(10.0, "worker"), Disturbance(20.0, "store")
    calls = [called(at_s) for at_s in (1.0, 9.9, 10.1, 10.9, 19.0, 21.0)]
    # 10.1: its sender was dead, and its request was still being read
    assert blamed(calls, [late, early]) == 1
    assert (early.calls, late.calls) == (3, 2)


POINTS = (
    "reduce:rows-read",
    "reduce:before-samples.csv",
    "reduce:after-samples.csv",
    "reduce:after-samples.parquet",
    "reduce:before-summary.json",
    "reduce:after-summary.json",
    "reduce:finished",
)


async def test_a_reduce_that_dies_anywhere_is_made_again_with_the_same_bytes(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, warm=True) as stack:
        job_id = await stack.submit(a_plan(n=30))
        # the reduce is for us to make
        await stack.redis.set(keys.run(job_id, ":reduce"), "a test", px=60_000)
        stack.fleet.start()
        await stack.reaches(job_id, Status.REDUCING)
        folder = tmp_path / "results" / job_id
        seen: dict[str, set[str]] = {}
        for point in POINTS:
            ended = await asyncio.to_thread(reduce, stack.fleet.env, job_id, point)
            assert ended == CRASH_CODE, f"{point} was not reached"
            for file in sorted(folder.glob("*.*")):
                if not file.name.startswith("."):
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()
                    seen.setdefault(file.name, set()).add(digest)
        assert {name: len(found) for name, found in seen.items()} == {
            "run.json": 1,
            "samples.csv": 1,
            "samples.parquet": 1,
            "responses.jsonl": 1,
            "plan.json": 1,
            "summary.json": 1,
        }
        assert await asyncio.to_thread(reduce, stack.fleet.env, job_id, "") == 0
        assert not list(folder.glob(".*.tmp")), "a half-written file was left"
        told = [
            event.status
            async for event in events.since(stack.redis, job_id, "0-0", block_ms=1)
            if event.kind == "state"
        ]
        assert told.count("done") == 1
        await stack.balanced(job_id)


def reduce(env: dict[str, str], job_id: str, point: str) -> int:
    argv = [sys.executable, "-m", "worker.ended", job_id]
    given = {**os.environ, **env, "CRASH_AT": point}
    return subprocess.run(argv, env=given, stderr=subprocess.DEVNULL).returncode


async def test_a_killed_worker_is_followed_by_another_within_the_lease(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.02, warm=True) as stack:
        first = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=40))
        await stack.closed(job_id, 8)
        stack.fleet.start()  # it finds no free shard, and waits
        counted = {(r.slot, r.generation_id) for r in await stack.rows(job_id)}
        assert set((await stack.owners(job_id)).values()) == {first.pid}
        assert stack.upstream.open > 0, "nothing was in flight"
        first.kill()
        killed_s = time.monotonic()

        async def taken_over() -> bool:
            return first.pid not in (await stack.owners(job_id)).values()

        await until(taken_over, "a takeover")
        assert time.monotonic() - killed_s < LEASE_S + 20
        done = await stack.reaches(job_id, Status.DONE)
        rows = {(r.slot, r.generation_id) for r in await stack.rows(job_id)}
        assert counted <= rows
        assert done.interrupted >= 1
        await stack.balanced(job_id, lost=LANES)
        await stack.nothing_is_left()


@pytest.mark.long
async def test_workers_that_die_together_are_no_poison(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.15, warm=True) as stack:
        three = [stack.fleet.start() for _ in range(3)]

        async def all_lanes_are_open() -> bool:
            # a shard that was claimed and has nothing in hand needs no takeover
            return stack.upstream.open == LANES

        async def three_live() -> bool:
            return len(await stack.redis.zrange("llmbench:workers", 0, -1)) == 3

        await until(three_live, "three workers")
        job_id = await stack.submit(a_plan(n=24))
        await until(all_lanes_are_open, "a call of each lane of three shards")
        assert len(set((await stack.owners(job_id)).values())) == 3
        for child in three:
            child.kill()
        stack.upstream.gap_s = 0.002
        stack.fleet.start()
        done = await stack.reaches(job_id, Status.DONE, Status.FAILED)
        assert (done.status, done.ending) == (Status.DONE, Ending.COMPLETED)
        assert done.interrupted == 3
