"""Bugs of our own in a hook, a look and the reduce: row 28."""

import time
from pathlib import Path

import httpx
import pytest

from shared.run import Ending, Status
from shared.store import keys
from shared.store.run import runs
from tests.children import until
from tests.faults import odd
from tests.faults.broken import SENTENCE
from tests.faults.stack import LEASE_S, Stack, a_plan, a_stack


@pytest.mark.parametrize("part", ["ring", "arq"])
async def test_a_doorbell_that_breaks_each_time_stops_no_run_and_no_worker(
    tmp_path: Path, part: str
) -> None:
    async with a_stack(tmp_path) as stack:
        worker = odd.start(stack.fleet, "tests.faults.broken", BREAK=part)
        await odd.lives(stack.redis, worker)
        job_id = await stack.submit(a_plan(n=8))
        done = await stack.reaches(job_id, Status.DONE)
        await until(lambda: said(stack, SENTENCE), "the bug")
        assert (done.closed, worker.poll()) == (8, None)
        await stack.balanced(job_id)


async def said(stack: Stack, sentence: str) -> bool:
    return sentence in stack.said()


@pytest.mark.long
async def test_a_worker_that_cannot_look_is_not_called_ready_and_takes_no_share(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path) as stack:
        url = stack.start_api()
        broken = odd.start(stack.fleet, "tests.faults.broken", BREAK="look")
        await until(lambda: said(stack, SENTENCE), "the bug")
        async with httpx.AsyncClient(trust_env=False, base_url=url) as http:

            async def not_ready() -> bool:
                answer = await http.get("/health/ready")
                return answer.status_code == 503 and answer.json()["down"] == [
                    "workers"
                ]

            await until(not_ready, "the word that nobody works", deadline_s=20)
            assert (await http.get("/health")).status_code == 200
            job_id = await stack.submit(a_plan(n=8))
            stack.fleet.start()
            done = await stack.reaches(job_id, Status.DONE)
            assert (done.closed, done.interrupted) == (8, 0)
            step = keys.step(job_id, 0)[0]
            shards = await stack.redis.hget(step, "shards")  # type: ignore[misc]
            assert shards == b"1", "a share was kept for one that cannot take it"
            ready = (await http.get("/health/ready")).json()
            assert ready == {"status": "ready", "workers": 1}
        assert broken.poll() is None


GARBAGE = "[1,0,"
"""A row that no reduce can read: as good as a bug in it."""


@pytest.mark.long
async def test_a_reduce_that_breaks_each_time_says_so_and_hinders_nobody(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path) as stack:
        url = stack.start_api()
        worker = stack.fleet.start()
        job_id = (await runs.create(stack.redis, a_plan(n=8))).job_id
        lock = keys.run(job_id, ":reduce")
        await stack.redis.set(lock, "a test", px=60_000)
        await stack.reaches(job_id, Status.REDUCING)
        await stack.redis.rpush(keys.run(job_id, ":rows"), GARBAGE)  # type: ignore[misc]
        await stack.redis.delete(lock)
        begun_s = time.monotonic()
        await until(lambda: tried(stack, job_id, 2), "two tries")
        most = (time.monotonic() - begun_s) / LEASE_S + 2
        assert tries(stack, job_id) <= most, "without a pause between two tries"
        stuck = await stack.run(job_id)
        assert stuck is not None
        assert stuck.status is Status.REDUCING
        async with httpx.AsyncClient(trust_env=False, base_url=url) as http:
            view = (await http.get(f"/benchmark/{job_id}")).json()
        assert view["status"] == "reducing"
        assert "see a worker's log" in (view["error"] or "")
        assert not (tmp_path / "results" / job_id / "summary.json").exists()
        other = await stack.submit(a_plan(n=8))
        await stack.reaches(other, Status.DONE)
        # whoever mends the cause need not do more
        assert await stack.redis.lrem(keys.run(job_id, ":rows"), 1, GARBAGE) == 1  # type: ignore[misc]
        done = await stack.reaches(job_id, Status.DONE)
        assert (done.closed, done.ending, done.error) == (8, Ending.COMPLETED, None)
        assert len(stack.table(job_id)) == len(await stack.rows(job_id)) == 8
        assert worker.poll() is None


def tries(stack: Stack, job_id: str) -> int:
    return stack.fleet.output().count(f"the reduce of {job_id} ended with")


async def tried(stack: Stack, job_id: str, times: int) -> bool:
    return tries(stack, job_id) >= times
