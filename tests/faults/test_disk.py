"""Results that cannot be written: row 9.

A limit on the size of a file stands for a disk that is full: a write goes well for a
while and then fails in the middle, and no rights are needed to set it.
"""

import csv
import json
import resource
import subprocess
from pathlib import Path

import httpx
import pytest

from shared.plan.loads import Concurrency
from shared.run import Ending, Status
from shared.store.run import runs
from tests.children import until
from tests.faults.stack import a_plan, a_stack
from tests.faults.test_bugs import tried

ROOM = 24 * 1024
CALLS = 400
"""Their rows take more than that, and no other file does."""


def allow(worker: subprocess.Popen[bytes], room: int) -> None:
    """The largest file of it, and of the reduces that it starts from now on."""
    _, most = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (room, most))


def assert_whole(folder: Path) -> None:
    """What has a final name is a whole file; summary.json comes after all others."""
    names = {file.name for file in folder.glob("*.*") if not file.name.startswith(".")}
    if "samples.csv" in names:
        with (folder / "samples.csv").open(newline="", encoding="utf-8-sig") as file:
            assert len(list(csv.reader(file))) == CALLS + 1
    for name in names & {"run.json", "plan.json", "summary.json"}:
        json.loads((folder / name).read_text("utf-8"))
    assert "summary.json" not in names or names >= {"run.json", "samples.csv"}


@pytest.mark.long
async def test_no_file_is_cut_short_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path) as stack:
        url = stack.start_api()
        worker = stack.fleet.start()
        plan = a_plan(n=CALLS, load=Concurrency(concurrency=16))
        job_id = (await runs.create(stack.redis, plan)).job_id
        folder = tmp_path / "results" / job_id
        await stack.closed(job_id, CALLS // 2)
        allow(worker, ROOM)

        async def twice() -> bool:
            assert_whole(folder)
            return await tried(stack, job_id, 2)

        await until(twice, "two tries")
        assert "File too large" in stack.said(), "the fault was not there"
        assert not (folder / "samples.csv").exists()
        assert not list(folder.glob(".*.tmp")), "half a file was left"
        async with httpx.AsyncClient(trust_env=False, base_url=url) as http:
            view = (await http.get(f"/benchmark/{job_id}")).json()
            assert view["status"] == "reducing"
            assert "cannot be written" in view["error"]
            assert "tried again" in view["error"]
            allow(worker, resource.RLIM_INFINITY)
            done = await stack.reaches(job_id, Status.DONE)
            view = (await http.get(f"/benchmark/{job_id}")).json()
        assert (done.closed, worker.poll()) == (CALLS, None)
        assert view["error"] is None, "a trouble that is over"
        assert_whole(folder)
        await stack.balanced(job_id)


async def test_why_a_run_has_failed_is_not_lost_over_a_full_disk(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path) as stack:
        results = tmp_path / "results"
        stack.fleet.start()

        async def ready() -> bool:
            return "is ready" in stack.said()

        await until(ready, "a worker")  # it does not begin without a place for results
        results.write_text("a file where the folder should be")
        job_id = await stack.submit(a_plan("no-credit", n=4))
        await until(lambda: tried(stack, job_id, 1), "a try")
        stuck = await stack.run(job_id)
        assert stuck is not None
        assert "cannot be written" in (stuck.error or "")
        results.unlink()
        done = await stack.reaches(job_id, Status.FAILED)
        assert done.ending is Ending.NO_CREDIT
        assert "Insufficient credits" in (done.error or "")
        kept = json.loads((results / job_id / "run.json").read_text("utf-8"))
        assert kept["error"] == done.error
