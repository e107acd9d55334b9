"""`llmbench pause`, `resume` and `rerun` beside a real API, worker and store."""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from cli import exits
from cli.main import app
from shared.settings.settings import Settings
from shared.store import embedded
from tests.api.client import MODEL
from tests.api.server import Api, serving
from tests.children import CANARY, simulator, workers

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
BROKEN = "fault/truncated"
"""Every answer of it breaks off."""


@dataclass(frozen=True)
class Terminal:
    """Somebody at a terminal, and the API that the commands speak to."""

    api: Api

    def ask(self, *args: str) -> Result:
        """A command in this process; what it printed, and its exit code."""
        return CliRunner().invoke(app, [*args, "--url", self.api.url])

    def submit(self, *models: str, runs: int) -> str:
        """A benchmark of one prompt, one call after another; its id."""
        plan = {
            "targets": [{"model": model} for model in models],
            "prompts": {"prompts": ["Why?"]},
            "runs": runs,
            "load": {"concurrency": 1},
        }
        answer = self.api.http.post("/benchmark", json=plan)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str) -> dict[str, Any]:
        shown: dict[str, Any] = self.api.http.get(f"/benchmark/{job_id}").json()
        return shown

    def until(self, job_id: str, *statuses: str, closed: int = 0) -> dict[str, Any]:
        """The job, once it is in one of these states with so many closed calls."""
        deadline = time.monotonic() + 60
        while True:
            job = self.job(job_id)
            if job["status"] in statuses and job["progress"]["closed"] >= closed:
                return job
            assert time.monotonic() < deadline, job
            time.sleep(0.05)

    def models_asked(self, job_id: str) -> list[str]:
        """The model of each row."""
        text = self.api.http.get(f"/benchmark/{job_id}/samples.csv").text
        rows = csv.DictReader(text.removeprefix("\ufeff").splitlines())
        return [row["model"] for row in rows]


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A store and a worker of its own: what others queued is not for this worker."""
    folder = tmp_path_factory.mktemp("control")
    options = ("--ttft-s", "0.02", "--gap-s", "0.001", "--tokens", "4", "--spread", "0")
    store = embedded.start(folder / "store")
    try:
        with simulator(*options, "--list-faults", "--free-per-minute", "100000") as sim:
            config = Settings(
                openrouter_base_url=sim.base_url,
                openrouter_api_key=SecretStr(CANARY),
                upstream_kind="openrouter",
                free_limits="off",
                redis_url=store.url,
                results_dir=folder / "results",
            )
            with workers(store.url, sim.base_url, folder) as fleet:
                fleet.start()
                with serving(config) as api:
                    yield Terminal(api)
    finally:
        store.stop()


def test_a_benchmark_rests_and_goes_on(terminal: Terminal) -> None:
    job_id = terminal.submit(MODEL, runs=5000)
    terminal.until(job_id, "running", closed=1)
    for _ in range(2):  # saying it again changes nothing, and is no error
        said = terminal.ask("pause", job_id)
        assert (said.exit_code, said.stdout) == (0, f"{job_id} is paused.\n")
    rested = terminal.job(job_id)
    assert rested["status"] == "paused"
    said = terminal.ask("resume", job_id)
    assert said.exit_code == 0, said.stderr
    assert said.stdout in (f"{job_id} is {s}.\n" for s in ("queued", "running"))
    terminal.until(job_id, "running", closed=rested["progress"]["closed"] + 3)
    assert terminal.ask("resume", job_id).exit_code == 0
    assert terminal.ask("cancel", job_id).exit_code == 0
    terminal.until(job_id, "cancelled")


def test_a_rerun_asks_everything_again_or_only_what_failed(terminal: Terminal) -> None:
    job_id = terminal.submit(MODEL, BROKEN, runs=3)
    first = terminal.until(job_id, "done")
    assert (first["progress"]["closed"], first["progress"]["failed"]) == (6, 3)
    for args, asked in (((), {MODEL, BROKEN}), (("--failed",), {BROKEN})):
        said = terminal.ask("rerun", job_id, *args)
        assert said.exit_code == 0, said.stderr
        new_id, words = said.stdout.rstrip("\n").split(" ", 1)
        assert words == "is queued."
        assert new_id != job_id
        again = terminal.until(new_id, "done")
        assert again["rerun_of"] == job_id
        models = terminal.models_asked(new_id)
        assert (set(models), len(models)) == (asked, 3 * len(asked))


def refused(said: Result, code: int = exits.USAGE) -> str:
    """The sentence of a command that was refused: alone, and on stderr."""
    assert (said.exit_code, said.stdout) == (code, ""), said
    assert said.stderr.count("\n") == 1, said.stderr
    return said.stderr


@pytest.mark.parametrize("verb", ["pause", "resume", "rerun"])
@pytest.mark.parametrize("job_id", [UNKNOWN, "nonsense"])
def test_an_unknown_benchmark_is_a_sentence(
    terminal: Terminal, verb: str, job_id: str
) -> None:
    said = refused(terminal.ask(verb, job_id))
    assert said.startswith("There is no benchmark ")
    assert job_id in said


def test_a_wrong_state_is_a_sentence_that_names_it(terminal: Terminal) -> None:
    job_id = terminal.submit(MODEL, runs=1)
    terminal.until(job_id, "done")
    for verb, word in (("pause", "paused"), ("resume", "resumed")):
        said = refused(terminal.ask(verb, job_id))
        assert said == f"Benchmark {job_id} is done; it cannot be {word}.\n"
    said = refused(terminal.ask("rerun", job_id, "--failed"))
    assert said == f"Every call of benchmark {job_id} ended ok; rerun it whole.\n"


def test_what_failed_is_known_after_the_end_only(terminal: Terminal) -> None:
    job_id = terminal.submit(MODEL, runs=5000)
    terminal.until(job_id, "running")
    said = refused(terminal.ask("rerun", job_id, "--failed"))
    assert said == (
        f"Benchmark {job_id} is running. Rerun what failed when it has ended.\n"
    )
    terminal.ask("cancel", job_id)
    terminal.until(job_id, "cancelled")


def test_an_api_without_a_store_says_what_it_lacks() -> None:
    with serving(Settings(redis_url=None)) as api:
        storeless = Terminal(api)
        for verb in ("pause", "resume", "rerun"):
            said = refused(storeless.ask(verb, UNKNOWN), exits.UNREACHABLE)
            assert "Set REDIS_URL" in said
            assert "llmbench up" in said


def test_a_dry_run_shows_what_it_would_cost_and_queues_nothing(
    terminal: Terminal, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Why?\nHow?\n")
    before = terminal.ask("list").stdout
    args = ("--model", "acme/orca-pro", "--runs", "3", "--max-tokens", "100")
    told = terminal.ask("run", str(prompts), *args, "--dry-run")
    assert told.exit_code == 0, told.output
    assert "Nothing was queued" in told.stdout
    # (4 bytes + 256 + 16) x 5 + 100 x 15 micro-USD, the dearest condition, six times
    assert "0.017280" in told.stdout
    assert "max_tokens" in told.stdout
    assert terminal.ask("list").stdout == before


def test_a_budget_is_given_and_its_end_is_said(
    terminal: Terminal, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Why?\n")
    args = ("--model", "acme/orca-pro", "--runs", "60", "--max-tokens", "64")
    ran = terminal.ask("run", str(prompts), *args, "--max-cost-usd", "0.01")
    # what the verdict makes of it is this machine's affair
    assert ran.exit_code == ("Verdict: invalid" in ran.stdout), ran.output
    said = " ".join(ran.output.split())
    assert "it stops where the next call might exceed its budget" in said
    assert "It stopped at its budget" in ran.stdout


def test_a_run_in_which_nothing_succeeded_exits_with_1_and_its_reason(
    terminal: Terminal, tmp_path: Path
) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Why?\n")
    ran = terminal.ask("run", str(prompts), "--model", BROKEN, "--runs", "4")
    said = " ".join(ran.stdout.split())
    assert ran.exit_code == 1, ran.output
    assert "Verdict: invalid" in said
    reason = "invalid: None of 4 calls succeeded: 4 truncated. The commonest error:"
    assert reason in said
    shown = terminal.ask("show", said.split()[0])
    assert reason in " ".join(shown.stdout.split())
