"""Workers that are asked to end: row 2 of the list of faults."""

import asyncio
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.run import Status
from tests.children import until
from tests.faults.stack import Stack, a_plan, a_stack
from tests.faults.upstream import Fault


@dataclass(frozen=True)
class Rolled:
    """One job through restarts of every worker."""

    took_s: list[float]
    """From each SIGTERM to the worker's end."""
    lost: int
    """Calls in the upstream's ledger that closed no slot: they were made again."""


async def rolled(stack: Stack, times: int, *, n: int, more: int = 2) -> Rolled:
    """Restart every worker so many times, each after `more` rows, while calls are
    open. Raises AssertionError where that failed the job."""
    fleet = stack.fleet
    fleet.start()
    job_id = await stack.submit(a_plan(n=n))
    took_s = []
    for _ in range(times):
        run = await stack.run(job_id)
        assert run is not None
        await stack.closed(job_id, run.closed + more)
        old = fleet.children[-1]
        fleet.start()
        await until(lambda: calls_open(stack.upstream), "an open call")
        old.send_signal(signal.SIGTERM)
        asked_s = time.monotonic()
        assert await asyncio.to_thread(old.wait, 60) == 0
        took_s.append(time.monotonic() - asked_s)
    run = await stack.run(job_id)
    assert run is not None
    assert run.closed < n, "it was over before the last restart"
    done = await stack.reaches(job_id, Status.DONE, Status.FAILED, deadline_s=110)
    assert done.status is Status.DONE
    assert done.interrupted == 0, "a lease was not given back"
    lost = len(stack.upstream.ledger) - n
    await stack.balanced(job_id, lost=lost)
    return Rolled(took_s, lost)


async def calls_open(upstream: Fault) -> bool:
    return upstream.open > 0


@pytest.mark.long
async def test_rolling_restarts_fail_no_job_and_lose_no_call(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.02, warm=True) as stack:
        rolling = await rolled(stack, 3, n=60)
        assert (len(rolling.took_s), rolling.lost) == (3, 0)
        await stack.nothing_is_left()


@pytest.mark.long
async def test_a_drain_waits_for_streams_of_more_than_a_second(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.15, warm=True) as stack:
        rolling = await rolled(stack, 1, n=12, more=1)
        assert rolling.took_s[0] > 0.5, "no stream was open for long"
        assert rolling.lost == 0


async def test_a_second_sigterm_changes_nothing(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.05) as stack:
        worker = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=40))
        await until(lambda: calls(stack.upstream, 8), "eight calls")
        for _ in range(2):
            assert stack.upstream.open > 0
            assert worker.poll() is None
            worker.send_signal(signal.SIGTERM)
            await asyncio.sleep(0.05)
        assert worker.wait(60) == 0
        assert 8 <= len(stack.upstream.ledger) < 40
        assert not await stack.owners(job_id)
        at_end = await stack.run(job_id)
        assert at_end is not None
        assert at_end.closed == len(stack.upstream.ledger), "a call in flight was lost"


async def test_calls_that_outlast_the_drain_are_rows_and_are_asked_again(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.5, env={"DRAIN_S": "0.5"}, warm=True) as stack:
        first = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=8))
        await until(lambda: calls(stack.upstream, 4), "four calls")
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
        cut = [row.outcome for row in await stack.rows(job_id)]
        assert cut == ["cancelled"] * 4, "the fault was not there"
        stack.upstream.gap_s = 0.002
        stack.fleet.start()
        done = await stack.reaches(job_id, Status.DONE)
        assert (done.closed, done.failed) == (8, 0)


async def calls(upstream: Fault, n: int) -> bool:
    return len(upstream.ledger) >= n
