"""kill -9 of everything: rows 1, 3, 4 and 5 of the list of faults."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

from shared import crash
from shared.run import Ending, Status
from shared.store import events, keys
from tests.children import until
from tests.faults.stack import LEASE_S, a_plan, a_stack
from tests.faults.storm import LANES, Storm


async def test_a_small_storm_loses_nothing_and_counts_nothing_twice(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path) as stack:
        victims = ("worker", "store", "worker", "api", "reducer")
        report = await Storm(stack, seed=20261123).run(5, victims, workers=2)
        assert report.kills == {"worker": 2, "store": 1, "api": 1, "reducer": 1}
        assert report.acknowledged > 0, "nothing was counted before a kill"
        assert (report.lost, report.twice, report.mismatches) == (0, 0, 0), report
        assert report.failed_jobs == 0, report
        assert report.paid_lost <= report.kills["worker"] * LANES, report
        # generous: the formula is asserted at length, on a machine of its own
        assert max(report.takeovers_s) < LEASE_S + 20
        await stack.nothing_is_left()


POINTS = (
    "reduce:rows-read",
    "reduce:before-samples.csv",
    "reduce:after-samples.csv",
    "reduce:before-summary.json",
    "reduce:after-summary.json",
    "reduce:finished",
)


async def test_a_reduce_that_dies_anywhere_is_made_again_with_the_same_bytes(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path) as stack:
        job_id = await stack.submit(a_plan(n=30))
        # the reduce is for us to make
        await stack.redis.set(keys.run(job_id, ":reduce"), "a test", px=60_000)
        stack.fleet.start()
        await stack.reaches(job_id, Status.REDUCING)
        folder = tmp_path / "results" / job_id
        seen: dict[str, set[str]] = {}
        for point in POINTS:
            ended = await asyncio.to_thread(reduce, stack.fleet.env, job_id, point)
            assert ended == crash.CODE, f"{point} was not reached"
            for file in sorted(folder.glob("*.*")):
                if not file.name.startswith("."):
                    digest = hashlib.sha256(file.read_bytes()).hexdigest()
                    seen.setdefault(file.name, set()).add(digest)
        assert {name: len(found) for name, found in seen.items()} == {
            "run.json": 1,
            "samples.csv": 1,
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
    argv = [sys.executable, "-m", "worker.reduce", job_id]
    given = {**os.environ, **env, "CRASH_AT": point}
    return subprocess.run(argv, env=given, stderr=subprocess.DEVNULL).returncode


async def test_a_killed_worker_is_followed_by_another_within_the_lease(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.02) as stack:
        first = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=100))
        await stack.closed(job_id, 8)
        stack.fleet.start()  # it finds no free shard, and waits
        counted = {(r.slot, r.generation_id) for r in await stack.rows(job_id)}
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


async def test_workers_that_die_together_are_no_poison(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.15) as stack:
        three = [stack.fleet.start() for _ in range(3)]

        async def all_work() -> bool:
            return len(set((await stack.owners(job_id)).values())) == 3

        async def three_live() -> bool:
            return len(await stack.redis.zrange("llmbench:workers", 0, -1)) == 3

        await until(three_live, "three workers")
        job_id = await stack.submit(a_plan(n=9))
        await until(all_work, "three shards")
        for child in three:
            child.kill()
        stack.fleet.start()
        done = await stack.reaches(job_id, Status.DONE, Status.FAILED)
        assert (done.status, done.ending) == (Status.DONE, Ending.COMPLETED)
        assert done.interrupted == 3
