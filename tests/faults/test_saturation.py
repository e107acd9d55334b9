"""A worker that is itself what is slow, or full: row 29."""

import asyncio
import os
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from shared.plan.loads import Concurrency, Constant, Load
from shared.process import tied
from shared.run import Status
from shared.sample import Outcome
from shared.store.run import runs
from tests.faults import odd
from tests.faults.stack import Stack, a_plan, a_stack
from tests.faults.upstream import SCRIPTS, Talk, ok

pytestmark = pytest.mark.alone

DESCRIPTORS = 64
FIRST_TOKEN_S = 0.2


async def calm(talk: Talk, said: str) -> None:
    """As models are: nothing for a while, so that a late stamp matters less."""
    await asyncio.sleep(FIRST_TOKEN_S)
    await ok(talk, said)


SCRIPTS["calm"] = calm


async def verdict(stack: Stack, job_id: str) -> dict[str, Any]:
    await stack.reaches(job_id, Status.DONE)
    result = await runs.result_of(stack.redis, job_id)
    assert result is not None
    said: dict[str, Any] = result["verdict"]
    return said


def codes(said: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in said["reasons"]}


def allow(worker: subprocess.Popen[bytes], descriptors: int) -> None:
    _, most = resource.prlimit(worker.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(worker.pid, resource.RLIMIT_NOFILE, (descriptors, most))


@pytest.mark.parametrize(
    ("load", "code"),
    [
        (Concurrency(concurrency=100), "not_sent"),
        (Constant(rate_per_s=300), "rate_missed"),
    ],
    ids=["closed", "open"],
)
async def test_calls_without_a_descriptor_are_our_own_fault_and_harm_nothing_else(
    tmp_path: Path, load: Load, code: str
) -> None:
    async with a_stack(tmp_path, gap_s=0.02) as stack:
        worker = stack.fleet.start()
        await odd.lives(stack.redis, worker)
        allow(worker, DESCRIPTORS)
        job_id = await stack.submit(a_plan(n=300, load=load))
        said = await verdict(stack, job_id)
        rows = await stack.rows(job_id)
        outcomes = Counter(row.outcome for row in rows)
        assert set(outcomes) == {Outcome.OK, Outcome.DROPPED}, outcomes
        assert outcomes[Outcome.OK] == len(stack.upstream.ledger)
        unsent = {row.error for row in rows if row.outcome is Outcome.DROPPED}
        assert all("ulimit -n" in (error or "") for error in unsent), unsent
        assert (said["kind"], code in codes(said)) == ("invalid", True), said
        run = await stack.run(job_id)
        assert run is not None
        assert run.interrupted == 0, "no descriptor was left for the store"
        # the same worker, with room again
        assert worker.poll() is None
        allow(worker, 1024)
        job_id = await stack.submit(a_plan(n=100, load=Concurrency(concurrency=100)))
        assert "not_sent" not in codes(await verdict(stack, job_id))
        assert {row.outcome for row in await stack.rows(job_id)} == {Outcome.OK}


@contextmanager
def hog(core: int) -> Iterator[None]:
    """Something else that wants this core, all of it."""
    busy = f"import os\nos.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    child = subprocess.Popen(tied([sys.executable, "-c", busy]))
    try:
        yield
    finally:
        child.kill()
        child.wait()


@pytest.mark.long
async def test_a_worker_without_a_core_to_itself_says_so(tmp_path: Path) -> None:
    async with a_stack(tmp_path) as stack:
        worker = stack.fleet.start()
        await odd.lives(stack.redis, worker)
        cores = os.sched_getaffinity(0)
        core = min(cores)
        # beside its rival it gets about a tenth of the core
        os.setpriority(os.PRIO_PROCESS, worker.pid, 10)
        os.sched_setaffinity(worker.pid, {core})
        with hog(core):
            load = Constant(rate_per_s=60)
            job_id = await stack.submit(a_plan("calm", n=150, load=load))
            await stack.closed(job_id, 120)
        os.sched_setaffinity(worker.pid, cores)
        said = await verdict(stack, job_id)
        assert said["kind"] in ("suspect", "invalid")
        assert codes(said) & {"loop_lag", "late_starts", "stamp_slack"}, said


@pytest.mark.long
async def test_a_quiet_run_is_valid(tmp_path: Path) -> None:
    """Of three, since the machine of a test may have a rival of its own."""
    async with a_stack(tmp_path) as stack:
        stack.fleet.start()
        for _ in range(3):
            load = Constant(rate_per_s=20)
            job_id = await stack.submit(a_plan("calm", n=40, load=load))
            said = await verdict(stack, job_id)
            if said["kind"] == "valid":
                break
        assert (said["kind"], said["reasons"]) == ("valid", [])
