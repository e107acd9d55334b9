"""Cancels, workers that sleep past their lease, poison, fairness: rows 22 to 27."""

import signal
import time
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from shared.run import Ending, Status
from shared.store import keys
from shared.store.run import runs, states
from tests.children import until
from tests.faults.stack import Stack, a_plan, a_stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

LANES = 4


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def two(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack with two workers that live."""
    async with a_stack(tmp_path_factory.mktemp("s"), gap_s=0.04, warm=True) as stack:
        stack.fleet.start()
        stack.fleet.start()

        async def both_live() -> bool:
            return int(await stack.redis.zcard(keys.WORKERS)) == 2

        await until(both_live, "two workers")
        yield stack


async def calls_are_open(stack: Stack) -> bool:
    return stack.upstream.open > 0


@pytest.mark.parametrize("share", [0.0, 0.5])
async def test_a_cancel_reaches_every_worker_and_no_row_comes_after_it(
    two: Stack, share: float
) -> None:
    model = f"ok/{share}"
    job_id = await two.submit(a_plan(model, n=60))
    if share:
        await two.closed(job_id, int(60 * share))
        assert len(set((await two.owners(job_id)).values())) == 2
        # all lanes may wait for their rows in one moment
        await until(partial(calls_are_open, two), "a call to cancel")
    assert await states.end(two.redis, job_id, Ending.CANCELLED)
    counted = await two.run(job_id)
    cancelled_s = time.monotonic()
    seen = len(two.upstream.of(model))
    done = await two.reaches(job_id, Status.CANCELLED)
    assert counted is not None
    assert counted.closed < 60, "it was over before the cancel"
    assert done.closed == counted.closed == len(await two.rows(job_id))
    # what was on its way in the second after it, and nothing later
    assert len(two.upstream.of(model)) <= seen + LANES
    assert time.monotonic() - cancelled_s < 60
    await two.nothing_is_left()


async def test_a_worker_that_sleeps_past_its_lease_starts_nothing_and_is_noticed(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.02, warm=True) as stack:
        sleeper = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=40))
        await stack.closed(job_id, 8)
        assert set((await stack.owners(job_id)).values()) == {sleeper.pid}
        sleeper.send_signal(signal.SIGSTOP)
        stack.fleet.start()

        async def taken_over() -> bool:
            owners = (await stack.owners(job_id)).values()
            return bool(owners) and sleeper.pid not in owners

        await until(taken_over, "a takeover")
        run = await stack.run(job_id)
        assert run is not None
        await stack.closed(job_id, run.closed + 4)
        assert psutil.Process(sleeper.pid).status() == psutil.STATUS_STOPPED
        sleeper.send_signal(signal.SIGCONT)
        done = await stack.reaches(job_id, Status.DONE)
        assert (done.closed, done.interrupted) == (40, 1)
        result = await runs.result_of(stack.redis, job_id)
        assert result is not None
        codes = {reason["code"] for reason in result["verdict"]["reasons"]}
        assert "interrupted" in codes
        # the calls that slept and those that were made again in their place
        assert len(stack.upstream.ledger) <= 40 + LANES
        rows = await stack.rows(job_id)
        assert len({row.slot for row in rows if row.ok}) == 40
        assert sleeper.poll() is None


async def test_poison_ends_as_failed_and_the_others_go_on(tmp_path: Path) -> None:
    async with a_stack(tmp_path, warm=True) as stack:
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


async def test_one_job_of_another_does_not_wait_for_thirty_of_one(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, env={"MAX_SHARDS_PER_WORKER": "1"}) as stack:
        many = [await submitted(stack, "ada") for _ in range(30)]
        one = await submitted(stack, "bob")
        assert len(await runs.open_runs(stack.redis)) == 31
        stack.fleet.start()
        await stack.reaches(one, Status.REDUCING, Status.DONE)
        over = 0
        for job_id in many:
            run = await stack.run(job_id)
            assert run is not None
            over += run.status in (Status.REDUCING, Status.DONE)
        assert over <= 10, f"it waited for {over} of 30"
        for job_id in many:
            await states.end(stack.redis, job_id, Ending.CANCELLED)


async def submitted(stack: Stack, submitter: str) -> str:
    plan = a_plan(n=8).model_copy(update={"submitter": submitter})
    return await stack.submit(plan)
