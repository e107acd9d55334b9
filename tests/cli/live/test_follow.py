"""`llmbench watch` and `show` over a real stack: on a terminal, and without one."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import exits
from cli.main import app
from tests.api.client import MODEL
from tests.api.server import Api
from tests.cli.live.terminal import CTRL_C, terminal
from tests.house import ROOT

ENDLESS = 100_000
"""More runs than any test waits for: the job is cancelled."""


def submit(api: Api, *models: str, runs: int, **more: Any) -> str:
    """A benchmark of one prompt, two calls at once; its id."""
    plan = {
        "targets": [{"model": model} for model in models or (MODEL,)],
        "prompts": {"prompts": ["Why?"]},
        "runs": runs,
        "load": {"concurrency": 2},
    }
    answer = api.http.post("/benchmark", json=plan | more)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job_id"])


def until(api: Api, job_id: str, *statuses: str, closed: int = 0) -> dict[str, Any]:
    """The job, once it is in one of these states with so many closed calls."""
    deadline_s = time.monotonic() + 60
    while True:
        job: dict[str, Any] = api.http.get(f"/benchmark/{job_id}").json()
        if job["status"] in statuses and job["progress"]["closed"] >= closed:
            return job
        assert time.monotonic() < deadline_s, job
        time.sleep(0.05)


def ask(api: Api, *args: str) -> Result:
    """A command in this process; what it printed, and its exit code."""
    return CliRunner().invoke(app, [*args, "--url", api.url])


def unless_missed(api: Api, job_id: str) -> int:
    """0, unless the machine was so busy that the verdict is invalid."""
    verdict = api.http.get(f"/benchmark/{job_id}").json()["result"]["verdict"]
    return exits.MISSED if verdict["kind"] == "invalid" else exits.OK


@pytest.fixture(scope="module")
def ended(api: Api) -> str:
    """A benchmark that is done: ten calls, five of which broke off."""
    job_id = submit(api, MODEL, "fault/truncated", runs=5)
    until(api, job_id, "done")
    return job_id


def test_a_terminal_shows_frames_and_then_the_report(api: Api) -> None:
    job_id = submit(api, runs=60)
    api.http.post(f"/benchmark/{job_id}/pause")  # it is not over before it is shown
    begun_s = time.monotonic()
    with terminal("watch", job_id, "--url", api.url) as shown:
        shown.until("paused")
        api.http.post(f"/benchmark/{job_id}/resume")
        shown.until("Verdict: ")
        took_s = time.monotonic() - begun_s
        assert shown.ended() in (exits.OK, exits.MISSED)  # as busy as the machine is
    frames = shown.text.count("latency")
    assert 2 <= frames <= 4 * took_s + 2
    for said in (job_id, "calls/s", "2 open", "TTFT", "60/60", "samples.csv"):
        assert said in shown.text
    assert "\x1b[1" in shown.raw  # bold, at least


def test_ctrl_c_asks_and_c_cancels_with_what_there_is(api: Api) -> None:
    job_id = submit(api, runs=ENDLESS)
    with terminal("watch", job_id, "--url", api.url) as shown:
        shown.until("calls/s")
        shown.type(CTRL_C)
        shown.until("Cancel it, or leave it running?")
        shown.type("c\n")
        shown.until("It is being cancelled")
        assert shown.ended() == exits.CANCELLED
    assert until(api, job_id, "cancelled")["progress"]["closed"] > 0
    after = shown.text.partition("It is being cancelled")[2]
    for said in ("It was cancelled", "Verdict: ", MODEL, f"{job_id}/samples.csv"):
        assert said in after


def test_ctrl_c_asks_and_l_leaves_it_running(api: Api) -> None:
    job_id = submit(api, runs=ENDLESS)
    try:
        with terminal("watch", job_id, "--url", api.url) as shown:
            shown.until("calls/s")
            shown.type(CTRL_C)
            shown.until("Cancel it, or leave it running?")
            shown.type("\n")  # no: go on
            shown.raw = ""
            shown.until("calls/s")
            shown.type(CTRL_C)
            shown.until("Cancel it, or leave it running?")
            shown.type("l\n")
            shown.until(f"llmbench cancel {job_id}")
            assert shown.ended() == exits.INTERRUPTED
        assert f"{job_id}/samples.csv" in shown.text.replace("\r\n", "")
        assert until(api, job_id, "running", "waiting")
    finally:
        ask(api, "cancel", job_id)


def test_a_second_ctrl_c_leaves_at_once(api: Api) -> None:
    job_id = submit(api, runs=ENDLESS)
    try:
        with terminal("watch", job_id, "--url", api.url, NO_COLOR="1") as shown:
            shown.until("calls/s")
            shown.type(CTRL_C)
            shown.until("Cancel it, or leave it running?")
            shown.type(CTRL_C)
            assert shown.ended() == exits.INTERRUPTED
        assert "goes on without this terminal" in shown.text
        assert "\x1b[3" not in shown.raw  # NO_COLOR
    finally:
        ask(api, "cancel", job_id)


def test_without_a_terminal_there_are_lines_and_an_interrupt_leaves(api: Api) -> None:
    job_id = submit(api, runs=ENDLESS)
    until(api, job_id, "running", closed=1)
    argv = [sys.executable, "-m", "cli", "watch", job_id, "--url", api.url]
    child = subprocess.Popen(
        argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    try:
        assert child.stderr.readline().startswith("running ")
        child.send_signal(signal.SIGINT)
        out, told = child.communicate(timeout=60)
        assert child.returncode == exits.INTERRUPTED
        assert out == ""
        assert f"llmbench cancel {job_id}" in told
        assert "\x1b" not in told
        assert until(api, job_id, "running", "waiting")
    finally:
        ask(api, "cancel", job_id)


def test_a_running_one_is_shown_with_its_figures_and_steps(api: Api) -> None:
    job_id = submit(
        api,
        runs=20,
        load={"concurrency": 2, "count": 20, "warmup": 2},
        sweep={"over": "concurrency", "values": [1, 2, *[4] * 40]},
    )
    until(api, job_id, "running", closed=45)
    shown = ask(api, "show", job_id, "--fail-if", "success < 99%")
    assert shown.exit_code == exits.OK
    text = " ".join(shown.stdout.split())
    for said in ("concurrency 1 20 0", "concurrency 2 20 0", "calls/s", "at its end"):
        assert said in text
    assert "warm-up" not in shown.stdout
    assert ask(api, "show", job_id, "--quiet").stdout.count("\n") == 1
    document = json.loads(ask(api, "show", job_id, "--json").stdout)
    assert document["job"]["live"]["targets"][0]["ok"] >= 45
    ask(api, "cancel", job_id)


def test_files_are_written_where_they_were_asked_for(
    api: Api, ended: str, tmp_path: Path
) -> None:
    there = tmp_path / "new" / "folder"
    shown = ask(
        api,
        *("show", ended, "--output", str(there)),
        *("--junit", str(there / "junit.xml"), "--markdown", str(there / "summary.md")),
        *("--csv", str(there / "figures.csv")),
    )
    assert shown.exit_code == unless_missed(api, ended), shown.output
    assert f"{there}/samples.csv" in shown.stdout
    assert (there / "samples.csv").read_text("utf-8").count("\n") == 11
    assert "<testsuites>" in (there / "junit.xml").read_text("utf-8")
    assert "Verdict" in (there / "summary.md").read_text("utf-8")
    assert (there / "figures.csv").read_text("utf-8").startswith("scope,name,figure")
    assert not [*there.glob("*.part")]


def test_a_document_stands_alone_on_stdout(api: Api, ended: str) -> None:
    shown = ask(api, "watch", ended, "--json")
    document = json.loads(shown.stdout)
    assert (document["job_id"], document["successful"]) == (ended, 5)
    assert ask(api, "show", ended, "--csv", "-").stdout.startswith("scope,name,figure")
    quiet = ask(api, "watch", ended, "--quiet")
    assert quiet.output.splitlines()[0].startswith(f"{ended}: done. Verdict: ")


def test_gates_decide_the_exit_code_and_wrong_ones_ask_nothing(
    api: Api, ended: str
) -> None:
    missed = ask(api, "watch", ended, "--quiet", "--fail-if", "success < 99%")
    assert missed.exit_code == exits.MISSED
    assert 'failed: fail if "success < 99%" of fault/truncated: 0 %' in missed.output
    unknown = ask(api, "watch", ended, "--quiet", "--fail-if", "cost_usd > 0.50")
    assert unknown.exit_code == exits.MISSED  # answers broke off, and no budget is set
    assert "of the calls do not tell their cost" in unknown.output
    fine = (f"{MODEL}: success < 20%", f"{MODEL}: cost_usd > 0.50")
    gates = [word for gate in fine for word in ("--fail-if", gate)]
    assert ask(api, "watch", ended, *gates).exit_code == unless_missed(api, ended)
    wrong = ask(api, "show", ended, "--fail-if", "tftt.p95 > 1s")
    assert wrong.exit_code == exits.USAGE
    assert "Did you mean ttft.p95" in " ".join(wrong.stderr.replace("│", "").split())


@pytest.mark.parametrize("columns", ["40", "200"])
def test_columns_are_kept_to(api: Api, ended: str, columns: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "cli", "show", ended, "--url", api.url],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": columns},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended in shown.stdout
    assert MODEL in shown.stdout
    lines = [line for line in shown.stdout.splitlines() if "samples.csv" not in line]
    assert max(map(len, lines)) <= int(columns)
