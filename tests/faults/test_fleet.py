"""Cancels, workers that sleep past their lease, poison, fairness: rows 22 to 27."""

import signal
import time
from pathlib import Path

import pytest

from shared import queue
from shared.run import Ending, Status
from shared.store import runs
from tests.children import until
from tests.faults.stack import Stack, a_plan, a_stack

LANES = 4


@pytest.mark.parametrize("share", [0.0, 0.5])
async def test_a_cancel_reaches_every_worker_and_no_row_comes_after_it(
    tmp_path: Path, share: float
) -> None:
    async with a_stack(tmp_path, gap_s=0.05) as stack:
        stack.fleet.start()
        stack.fleet.start()
        job_id = await stack.submit(a_plan(n=60))
        if share:
            await stack.closed(job_id, int(60 * share))
        assert await runs.end(stack.redis, job_id, Ending.CANCELLED)
        counted = await stack.run(job_id)
        cancelled_s = time.monotonic()
        seen = len(stack.upstream.ledger)
        done = await stack.reaches(job_id, Status.CANCELLED)
        assert counted is not None
        assert done.closed == counted.closed == len(await stack.rows(job_id))
        # what was on its way in the second after it, and nothing later
        assert len(stack.upstream.ledger) <= seen + LANES
        assert time.monotonic() - cancelled_s < 60
        await stack.nothing_is_left()


async def test_a_worker_that_sleeps_past_its_lease_starts_nothing_and_is_noticed(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.05) as stack:
        sleeper = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=80))
        await stack.closed(job_id, 8)
        sleeper.send_signal(signal.SIGSTOP)
        stack.fleet.start()

        async def taken_over() -> bool:
            owners = (await stack.owners(job_id)).values()
            return bool(owners) and sleeper.pid not in owners

        await until(taken_over, "a takeover")
        run = await stack.run(job_id)
        assert run is not None
        await stack.closed(job_id, run.closed + 4)
        sleeper.send_signal(signal.SIGCONT)
        done = await stack.reaches(job_id, Status.DONE)
        assert (done.closed, done.interrupted) == (80, 1)
        result = await runs.result_of(stack.redis, job_id)
        assert result is not None
        codes = {reason["code"] for reason in result["verdict"]["reasons"]}
        assert "interrupted" in codes
        # the calls that slept and those that were made again in their place
        assert len(stack.upstream.ledger) <= 80 + LANES
        rows = await stack.rows(job_id)
        assert len({row.slot for row in rows if row.ok}) == 80
        assert sleeper.poll() is None


async def test_poison_ends_as_failed_and_the_others_go_on(tmp_path: Path) -> None:
    async with a_stack(tmp_path) as stack:
        poison = await stack.submit(a_plan("silence"))
        deaths = 0
        worker = stack.fleet.start()

        async def over() -> bool:
            """Kill whoever has it."""
            nonlocal deaths, worker
            if worker.pid in (await stack.owners(poison)).values():
                worker.kill()
                worker.wait()
                deaths += 1
                worker = stack.fleet.start()
            run = await stack.run(poison)
            return run is not None and run.status is Status.FAILED

        await until(over, "the end of a poisonous run")
        assert deaths == 3
        done = await stack.reaches(poison, Status.FAILED)
        assert done.ending is Ending.POISON
        assert done.error is not None
        assert "went silent" in done.error
        healthy = await stack.submit(a_plan(n=5))
        await stack.reaches(healthy, Status.DONE)


async def test_a_lost_doorbell_costs_a_tick_and_no_job(tmp_path: Path) -> None:
    async with a_stack(tmp_path) as stack:
        stack.fleet.start()
        first = await stack.submit(a_plan(n=1))
        await stack.reaches(first, Status.DONE)
        await stack.redis.delete(queue.QUEUE)
        await stack.redis.set(queue.QUEUE, "of a wrong type")
        run = await runs.create(stack.redis, a_plan(n=5))
        await stack.reaches(run.job_id, Status.DONE)
        await stack.redis.delete(queue.QUEUE)


async def test_one_job_of_another_does_not_wait_for_thirty_of_one(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, env={"MAX_SHARDS_PER_WORKER": "1"}) as stack:
        many = [await submitted(stack, "ada") for _ in range(30)]
        one = await submitted(stack, "bob")
        stack.fleet.start()
        await stack.reaches(one, Status.REDUCING, Status.DONE)
        over = 0
        for job_id in many:
            run = await stack.run(job_id)
            assert run is not None
            over += run.status in (Status.REDUCING, Status.DONE)
        assert over <= 10, f"it waited for {over} of 30"
        for job_id in many:
            await runs.end(stack.redis, job_id, Ending.CANCELLED)


async def submitted(stack: Stack, submitter: str) -> str:
    plan = a_plan(n=8).model_copy(update={"submitter": submitter})
    return await stack.submit(plan)
