"""Kept connections that end under a request, and those that do not end."""

from itertools import pairwise
from pathlib import Path

import pytest

from shared.plan.loads import Concurrency, Constant, Load
from shared.run import Status
from shared.sample import Outcome
from tests.faults.sendings import sent
from tests.faults.stack import a_plan, a_stack
from tests.faults.test_strangers import LIMITS


@pytest.mark.parametrize("load", [Concurrency(concurrency=4), Constant(rate_per_s=40)])
async def test_a_call_whose_connection_ends_is_one_row_and_one_call_upstream(
    tmp_path: Path, load: Load
) -> None:
    async with a_stack(tmp_path, warm=True) as stack:
        stack.fleet.start()
        found = await sent(stack, 20, load)
    assert found.lost > 5, "the fault did not happen"
    assert found.unsaid == 0, "a request was sent once more, and no row says so"
    assert found.calls == found.rows == 40 + found.lost
    assert (found.again_most, found.lost_fresh, found.failed) == (1, 0, 0)


async def test_a_lane_is_free_at_done_although_the_upstream_hangs_on(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, env=LIMITS, warm=True) as stack:
        stack.fleet.start()
        plan = a_plan("hangs-on/x", n=8, load=Concurrency(concurrency=1))
        job_id = await stack.submit(plan)
        await stack.reaches(job_id, Status.DONE)
        rows = sorted(await stack.rows(job_id), key=lambda row: row.sent_s or 0.0)
    assert {row.outcome for row in rows} == {Outcome.OK}
    idle_s = float(LIMITS["IDLE_TIMEOUT_S"])
    for before, after in pairwise(rows):
        assert (after.sent_s or 0.0) - (before.ended_s or 0.0) < idle_s, "it was held"
