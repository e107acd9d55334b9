"""A stack that is started for one benchmark, and ended in the midst of it."""

import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli import exits
from cli.client import Api, Away, Job
from cli.commands.run import followed
from cli.plan import DescribedPlan
from cli.report import Options
from cli.stack import ChosenStack
from shared.about import About
from shared.plan import Plan
from tests.children import CANARY, Simulator, simulator
from tests.cli.stack_up import LLMBENCH, ROOT, llmbench

ARGS = ("run", "p.txt", "--model", "acme/swift-8b:free", "--no-preflight")


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with simulator() as running:
        yield running


def env_of(sim: Simulator) -> dict[str, str]:
    env = {"OPENROUTER_BASE_URL": sim.base_url, "OPENROUTER_API_KEY": CANARY}
    return env | {"FREE_LIMITS": "off"}


@contextmanager
def begun(folder: Path, sim: Simulator) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A `run` whose benchmark is under way, and what it has said on stderr."""
    (folder / "p.txt").write_text("Why?\n")
    said = folder / "said.txt"
    with said.open("w") as err:
        child = subprocess.Popen(
            [*LLMBENCH, *ARGS, "--runs", "99999"],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | env_of(sim),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
    try:
        deadline = time.monotonic() + 60
        while "running" not in said.read_text():
            assert time.monotonic() < deadline, said.read_text()
            assert child.poll() is None, said.read_text()
            time.sleep(0.05)
        yield child, said
    finally:
        child.kill()
        child.communicate()


def test_a_benchmark_whose_command_is_terminated_is_cancelled_and_kept(
    tmp_path: Path, sim: Simulator
) -> None:
    with begun(tmp_path, sim) as (child, said):
        child.send_signal(signal.SIGTERM)
        out, _ = child.communicate(timeout=60)
    assert (child.returncode, out) == (exits.INTERRUPTED, ""), said.read_text()
    assert "is being cancelled; what was measured is kept" in said.read_text()
    if "has not ended within" not in said.read_text():  # on a slow machine
        (made,) = (tmp_path / "results").iterdir()
        assert (made / "samples.csv").exists()
    again = llmbench(tmp_path, *ARGS, "--runs", "1", **env_of(sim))
    assert again.returncode in (exits.OK, exits.MISSED), again.stderr


def test_after_a_kill_the_next_one_does_not_go_on_with_it_unasked(
    tmp_path: Path, sim: Simulator
) -> None:
    with begun(tmp_path, sim) as (child, said):
        time.sleep(1.1)  # the store writes to the disk every second
        child.kill()
        child.wait(20)
        job_id = said.read_text().split(" is queued", 1)[0].split()[-1]
    asked = len(sim.ledger())
    refused = llmbench(tmp_path, *ARGS, "--runs", "1", **env_of(sim))
    assert (refused.returncode, refused.stdout) == (exits.USAGE, "")
    assert f"{job_id} (running)" in refused.stderr
    assert len(sim.ledger()) == asked


class GoneAway(Api):
    """An API that is away while it is followed, and hears a cancel."""

    cancelled: list[str]

    async def submit_plan(self, plan: bytes, *, against: str | None = None) -> Job:
        return {"job_id": "J", "warnings": []}

    async def cancel(self, job_id: str) -> Job:
        self.cancelled.append(job_id)
        return {}

    async def follow(
        self, job_id: str, say: Callable[[str], None]
    ) -> AsyncIterator[Job]:
        raise Away("It is away.")
        yield {}


@pytest.mark.parametrize(("is_ours", "cancelled"), [(True, ["J"]), (False, [])])
async def test_one_that_can_be_followed_no_more_is_cancelled_with_its_own_stack(
    is_ours: bool, cancelled: list[str]
) -> None:
    asked = DescribedPlan(
        Plan.model_validate(
            {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["p"]}}
        ),
        About(),
    )
    api = GoneAway("http://127.0.0.1:1")
    api.cancelled = []
    stack = ChosenStack(api.url, is_ours)
    with pytest.raises(Away):
        await followed(api, asked, stack, Options(quiet=True))
    assert api.cancelled == cancelled
