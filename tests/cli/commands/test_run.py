"""`llmbench run` and its like as processes, beside a stack of their folder."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli import exits
from cli.main import app
from shared.process import lock_file
from tests.children import CANARY, simulator
from tests.cli.stack_up import LLMBENCH, ROOT, Up, llmbench

MODEL = "acme/swift-8b:free"
PLAN = f"""
targets: [{{model: {MODEL}}}]
prompts: {{file: prompts.txt}}
runs: 9
load: {{concurrency: 4}}
max_tokens: 8
"""


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A stack of simulated models, with a plan and its prompts in its folder."""
    stack = Up(tmp_path_factory.mktemp("run"))
    (stack.folder / "prompts.txt").write_text("Why?\nПочему?\n")
    (stack.folder / "plan.yaml").write_text(PLAN)
    stack.until_ready()
    yield stack
    stack.process.send_signal(signal.SIGTERM)
    assert stack.process.wait(60) == 0
    assert not (stack.folder / ".llmbench" / "address").exists()


def jobs(up: Up) -> int:
    """How many benchmarks there are."""
    return len(httpx.get(f"{up.url}/benchmark").json()["jobs"])


def test_a_plan_is_run_by_the_stack_of_the_folder_and_flags_win(up: Up) -> None:
    ran = up.ask("run", "plan.yaml", "--runs", "2", "--name", "nightly", "--tag", "a")
    assert ran.returncode in (exits.OK, exits.MISSED), ran.stderr  # by the verdict
    assert f"The stack of this folder is asked: {up.url}" in ran.stderr
    assert re.search(rf"Preflight {MODEL}: TTFT [\d.]+ ms, .* USD 0", ran.stderr)
    assert re.search(rf"{MODEL} +4/4 ", ran.stdout), ran.stdout
    (found,) = httpx.get(f"{up.url}/benchmark?tag=a").json()["jobs"]
    assert found["name"] == "nightly"
    assert found["job_id"] in ran.stdout


def test_quiet_is_one_line_and_nothing_beside_it(up: Up) -> None:
    ran = up.ask("run", "plan.yaml", "--runs", "1", "--quiet")
    assert ran.returncode in (exits.OK, exits.MISSED), ran.stderr
    assert ran.stderr == ""
    assert re.fullmatch(r"\w{26}: done\. Verdict: .*\n", ran.stdout)


def test_the_whole_plan_is_shown_and_run_again_from_standard_input(up: Up) -> None:
    before = jobs(up)
    shown = up.ask("run", "plan.yaml", "--print-plan", "--sweep", "1,2", "--runs", "1")
    assert shown.returncode == exits.OK, shown.stderr
    assert "Почему?" in shown.stdout
    assert jobs(up) == before
    ran = up.ask("run", "-", "--no-preflight", given=shown.stdout)
    assert ran.returncode in (exits.OK, exits.MISSED), ran.stderr
    assert "Preflight" not in ran.stderr
    assert jobs(up) == before + 1


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("acme/nobody", "acme/nobody is not a valid model ID"),
        ("acme/swift-8b:fre", "Did you mean acme/swift-8b:free"),
        ("fault/no-credit", "Add credit"),
    ],
)
def test_a_wrong_model_costs_one_call_and_one_sentence(
    up: Up, model: str, said: str
) -> None:
    before = jobs(up)
    ran = up.ask("run", "plan.yaml", "--model", MODEL, "--model", model)
    assert (ran.returncode, ran.stdout) == (exits.USAGE, "")
    assert said in ran.stderr
    assert "Nothing was begun" in ran.stderr
    assert jobs(up) == before


def test_a_wrong_plan_is_a_line_and_a_usage_error(up: Up) -> None:
    (up.folder / "wrong.yaml").write_text(PLAN + "runz: 3\n")
    ran = up.ask("run", "wrong.yaml")
    assert (ran.returncode, ran.stdout) == (exits.USAGE, "")
    said = "wrong.yaml, line 7: runz: There is no such field. Did you mean `runs`?\n"
    assert ran.stderr == said


def test_an_answer_comes_alone_on_standard_output(up: Up) -> None:
    said = up.ask("generate", "Why?", "--model", MODEL, "--max-tokens", "8")
    assert said.returncode == exits.OK, said.stderr
    assert said.stdout.strip()
    assert "TTFT" not in said.stdout
    assert re.search(r"TTFT [\d.]+ ms, latency [\d.]+ ms, USD 0\.0+, by ", said.stderr)
    assert "8 out" in said.stderr


@pytest.mark.parametrize(
    ("model", "code", "began"),
    [
        ("fault/truncated", exits.UNREACHABLE, True),  # what had come by then
        ("acme/nobody", exits.USAGE, False),
        (f"{MODEL}@nobody", exits.USAGE, False),
    ],
)
def test_an_answer_that_fails_is_a_sentence(
    up: Up, model: str, code: int, began: bool
) -> None:
    args = ["generate", "-", "--model", model, "--url", up.url]
    said = CliRunner().invoke(app, args, input="Why?")
    assert said.exit_code == code, said.output
    assert bool(said.stdout.strip()) == began
    assert said.stderr.count("\n") == 1


def test_an_answer_that_is_not_streamed_has_no_ttft(up: Up) -> None:
    args = ["generate", "Why?", "--model", MODEL, "--no-stream", "--url", up.url]
    said = CliRunner().invoke(app, args)
    assert (said.exit_code, "TTFT" in said.stderr) == (exits.OK, False), said.output
    assert said.stdout.strip()


def test_a_stack_is_looked_at_by_the_doctor(up: Up) -> None:
    seen = up.ask("doctor")
    assert f"ok   stack: that of this folder, {up.url}, is ready." in seen.stdout
    # whom the stack asks, and not who stands in the settings of this folder
    said = r"ok   upstream: that of the stack: \d+ models\. http://127\.0\.0\.1:\d+/"
    assert re.search(said, seen.stdout), seen.stdout
    assert seen.returncode == exits.OK, seen.stdout


def test_the_example_runs_by_itself_and_leaves_only_its_results(tmp_path: Path) -> None:
    example = str(ROOT / "examples" / "plan.yaml")
    ran = llmbench(tmp_path, "run", example, "--simulate", "--runs", "2")
    assert ran.returncode in (exits.OK, exits.MISSED), ran.stderr
    assert "Verdict: " in ran.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["results"]
    (made,) = (tmp_path / "results").iterdir()
    assert str(Path("results") / made.name) in ran.stdout
    assert (made / "samples.csv").exists()


def interrupted(folder: Path, *args: str) -> tuple[int, str, str]:
    """A `run` that is interrupted once its benchmark is queued, with nobody there who
    could answer a question: its exit code, its stdout and its stderr."""
    printed = folder / "printed.txt"
    with printed.open("w") as err:
        child = subprocess.Popen(
            [*LLMBENCH, "run", "p.txt", "--model", MODEL, "--runs", "99999", *args],
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
    try:
        deadline = time.monotonic() + 60
        while "running" not in printed.read_text():
            assert time.monotonic() < deadline, printed.read_text()
            assert child.poll() is None, printed.read_text()
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
        return child.returncode, out, printed.read_text()
    finally:
        child.kill()


def test_an_interrupt_cancels_what_has_a_stack_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Why?\n")
    code, out, err = interrupted(tmp_path, "--simulate")
    assert code == exits.CANCELLED, err
    assert "Verdict: " in out
    (made,) = (tmp_path / "results").iterdir()
    assert f"results/{made.name}/samples.csv" in out  # partial results and their path
    assert (made / "samples.csv").exists()


def test_an_interrupt_leaves_what_has_another_stack(up: Up) -> None:
    (up.folder / "p.txt").write_text("Why?\n")
    code, out, err = interrupted(up.folder, "--name", "left")
    assert (code, out) == (exits.INTERRUPTED, ""), err
    (job,) = httpx.get(f"{up.url}/benchmark?text=left").json()["jobs"]
    assert job["status"] == "running"
    assert f"llmbench cancel {job['job_id']}" in err
    assert up.ask("cancel", job["job_id"]).returncode == exits.OK


def test_without_a_key_nothing_is_started_and_it_says_how_to_try(
    tmp_path: Path,
) -> None:
    (tmp_path / "p.txt").write_text("Why?\n")
    began = time.monotonic()
    ran = llmbench(tmp_path, "run", "p.txt", "--model", "a/b")
    assert (ran.returncode, ran.stdout) == (exits.USAGE, "")
    assert "llmbench run --simulate" in ran.stderr
    assert time.monotonic() - began < 30
    assert not (tmp_path / ".llmbench").exists()


def test_two_benchmarks_of_a_folder_do_not_share_a_stack_unasked(
    tmp_path: Path,
) -> None:
    (tmp_path / "p.txt").write_text("Why?\n")
    (tmp_path / "data").mkdir()
    lock = lock_file(tmp_path / "data" / "stack.lock", "another")
    assert lock is not None
    env = {"OPENROUTER_API_KEY": CANARY}
    args = ("p.txt", "--model", "a/b", "--data-dir", "data")
    ran = llmbench(tmp_path, "run", *args, **env)
    os.close(lock)
    assert (ran.returncode, ran.stdout) == (exits.UNREACHABLE, "")
    assert "Another benchmark is under way in this folder" in ran.stderr


def test_simulated_models_are_asked_by_no_stack_that_runs(up: Up) -> None:
    ran = up.ask("run", "plan.yaml", "--simulate", "--url", up.url)
    assert ran.returncode == exits.USAGE
    assert "leave one of them out" in ran.stderr


def test_an_upstream_that_is_not_there_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Why?\n")
    env = {"OPENROUTER_BASE_URL": "http://127.0.0.1:1/v1", "UPSTREAM_KIND": "openai"}
    ran = llmbench(tmp_path, "run", "p.txt", "--model", "a", **env)
    assert (ran.returncode, ran.stdout) == (exits.UNREACHABLE, ""), ran.stderr
    assert (
        "one is started for this benchmark, and asks http://127.0.0.1:1" in ran.stderr
    )
    assert "Check OPENROUTER_BASE_URL" in ran.stderr


def test_a_plan_is_begun_with_and_its_schema_is_json(tmp_path: Path) -> None:
    said = llmbench(tmp_path, "init")
    assert (said.returncode, said.stderr) == (exits.OK, "")
    written = (tmp_path / "plan.yaml").read_text()
    assert written == (ROOT / "examples" / "plan.yaml").read_text()
    again = llmbench(tmp_path, "init")
    assert again.returncode == exits.USAGE
    assert "plan.yaml is there already" in again.stderr
    schema = json.loads(llmbench(tmp_path, "schema").stdout)
    assert "targets" in schema["required"]


def test_the_doctor_says_who_is_asked_and_what_is_wrong(tmp_path: Path) -> None:
    with simulator() as sim:
        env = {"OPENROUTER_BASE_URL": sim.base_url, "OPENROUTER_API_KEY": CANARY}
        seen = llmbench(tmp_path, "doctor", **env)
    assert seen.returncode == exits.OK, seen.stdout
    for name in ("OPENROUTER_API_KEY", "store", "stack", "upstream", "key", "clock"):
        assert f"ok   {name}: " in seen.stdout
    assert "cores: " in seen.stdout
    assert CANARY not in seen.stdout
    away = llmbench(tmp_path, "doctor", OPENROUTER_BASE_URL="http://127.0.0.1:1/v1")
    assert away.returncode == exits.UNREACHABLE
    assert "bad  upstream: " in away.stdout
    wrong = llmbench(tmp_path, "doctor", PORT="99999")
    assert wrong.returncode == exits.USAGE
    assert wrong.stdout.startswith("bad  PORT: ")


def test_the_simulator_alone_says_its_address_and_its_faults(tmp_path: Path) -> None:
    listed = llmbench(tmp_path, "simulate", "--faults")
    assert listed.returncode == exits.OK
    assert re.search(r"^fault/empty: ", listed.stdout, re.MULTILINE)
    child = subprocess.Popen(
        [*LLMBENCH, "simulate", "--ttft-s", "0.01"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert re.match(r"ready http://127\.0\.0\.1:\d+/api/v1", child.stdout.readline())
    child.terminate()
    child.wait(20)
    child.stdout.close()
