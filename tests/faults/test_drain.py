"""Workers that are asked to end: row 2 of the list of faults."""

import signal
import time
from pathlib import Path

from shared.run import Status
from tests.children import until
from tests.faults.stack import Stack, a_plan, a_stack
from tests.faults.upstream import Fault


async def rolled(stack: Stack, times: int, *, n: int) -> list[float]:
    """One job through so many restarts of every worker; how long each end took."""
    fleet = stack.fleet
    fleet.start()
    job_id = await stack.submit(a_plan(n=n))
    took_s = []
    for _ in range(times):
        run = await stack.run(job_id)
        assert run is not None
        await stack.closed(job_id, run.closed + 2)
        old = fleet.children[-1]
        fleet.start()
        old.send_signal(signal.SIGTERM)
        asked_s = time.monotonic()
        assert old.wait(60) == 0
        took_s.append(time.monotonic() - asked_s)
    done = await stack.reaches(job_id, Status.DONE, Status.FAILED, deadline_s=110)
    assert done.status is Status.DONE
    assert done.interrupted == 0, "a lease was not given back"
    assert len(stack.upstream.ledger) == n, "a call was lost and made again"
    await stack.balanced(job_id)
    return took_s


async def test_rolling_restarts_fail_no_job_and_lose_no_call(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.02) as stack:
        took_s = await rolled(stack, 3, n=250)
        assert len(took_s) == 3
        await stack.nothing_is_left()


async def test_a_second_sigterm_changes_nothing(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.05) as stack:
        worker = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=40))
        await stack.closed(job_id, 4)
        for _ in range(2):
            worker.send_signal(signal.SIGTERM)
            time.sleep(0.05)
        assert worker.wait(60) == 0
        assert 4 <= len(stack.upstream.ledger) < 40
        assert not await stack.owners(job_id)
        at_end = await stack.run(job_id)
        assert at_end is not None
        assert at_end.closed == len(stack.upstream.ledger), "a call in flight was lost"


async def test_calls_that_outlast_the_drain_are_rows_and_are_asked_again(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.5, env={"DRAIN_S": "0.5"}) as stack:
        first = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=8))
        await until(lambda: calls(stack.upstream, 4), "four calls")
        first.send_signal(signal.SIGTERM)
        assert first.wait(60) == 0
        cut = [row.outcome for row in await stack.rows(job_id)]
        assert cut == ["cancelled"] * 4, "the fault was not there"
        stack.fleet.start()
        done = await stack.reaches(job_id, Status.DONE)
        assert (done.closed, done.failed) == (8, 0)


async def calls(upstream: Fault, n: int) -> bool:
    return len(upstream.ledger) >= n
