"""`llmbench pause`, `resume` and `rerun` beside a real API, worker and store."""

from pathlib import Path

import pytest
from typer.testing import Result

from cli import exits
from shared.settings.settings import Settings
from tests.api.client import MODEL
from tests.api.server import serving
from tests.cli.commands.terminal import Terminal

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
BROKEN = "fault/truncated"
"""Every answer of it breaks off."""


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
    shown = terminal.ask("show", said.split()[0].rstrip(":"))
    assert reason in " ".join(shown.stdout.split())
