"""A benchmark is named, and later ones are held to it."""

import json
from pathlib import Path

import pytest

from cli import exits
from tests.api.client import MODEL
from tests.cli.commands.terminal import Terminal
from tests.kept import FAST, SLOW, keep, plan_of, rows_of

PLAN = f"""
targets: [{{model: {MODEL}}}]
prompts: [Why?, How?]
runs: 8
load: {{concurrency: 4}}
max_tokens: 8
"""


def kept(reader: Terminal, fast_s: float = 0.5) -> str:
    plan = plan_of(FAST, SLOW)
    rows = rows_of(plan, {FAST: fast_s, SLOW: 1.0})
    return keep(reader.api.settings.results_dir, plan, rows, total_runs=32)


def test_a_baseline_is_set_listed_shown_and_taken_away(reader: Terminal) -> None:
    job_id = kept(reader)
    said = reader.ask("baseline", "set", "main", job_id[:24].lower())
    assert said.exit_code == exits.OK, said.output
    assert said.stdout.splitlines()[:2] == ["name: main", f"job: {job_id}"]
    assert reader.ask("baseline", "show", "main").stdout == said.stdout
    (listed,) = json.loads(reader.ask("baseline", "list", "--json").stdout)
    assert reader.api.http.get("/baselines/main").json() == listed
    line = reader.ask("baseline", "list").stdout
    assert line == f"main\t{job_id}\t{listed['set_at']}\t32\t-\t-\n"
    kept_ = reader.ask("delete", job_id, "--yes")
    assert kept_.exit_code == exits.USAGE
    assert "is a baseline: main" in kept_.stderr
    told = reader.ask("baseline", "delete", "main")
    assert told.stdout == "main stands for nothing now.\n"
    for command in ("show", "delete"):
        gone = reader.ask("baseline", command, "main")
        assert gone.exit_code == exits.USAGE
        assert "There is no baseline 'main'" in gone.stderr
    assert reader.ask("baseline", "set", "a b", job_id).exit_code == exits.USAGE


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """A plan of 16 calls."""
    file = tmp_path / "plan.yaml"
    file.write_text(PLAN)
    return str(file)


def run(terminal: Terminal, plan: str, *args: str) -> tuple[int, str, str]:
    said = terminal.ask("run", plan, "--no-preflight", *args)
    return said.exit_code, said.stdout, said.stderr


def test_a_run_is_held_to_the_one_that_was_saved(
    terminal: Terminal, plan: str, tmp_path: Path
) -> None:
    code, told, words = run(terminal, plan, "--save-as", "main", "--json")
    # on a busy machine the verdict may be invalid, and then nothing is saved
    old = json.loads(told)["job_id"]
    if code == exits.OK:
        assert f"{old} is the baseline main from now on." in words
    else:
        terminal.api.http.put("/baselines/main", json={"job": old})
    gates = ("success < -1%", "latency > +100000%", "ttft.p90 > +1%")
    asked = [word for gate in gates for word in ("--fail-if", gate)]
    junit = tmp_path / "junit.xml"
    _, told, _ = run(
        terminal, plan, "--against", "main", *asked, "--json", "--junit", str(junit)
    )
    said = json.loads(told)
    assert (said["against"]["name"], said["against"]["job_id"]) == ("main", old)
    comparison = said["against"]["comparison"]
    jobs = [said["job_id"], old]
    answer = terminal.api.http.get("/compare", params={"job": jobs}, timeout=60)
    assert answer.json() == comparison
    assert [gate["fail_if"] for gate in said["gates"]] == [*gates]
    assert [gate["is_change"] for gate in said["gates"]] == [True] * 3
    assert not any(gate["failed"] for gate in said["gates"])
    success = next(
        metric
        for metric in comparison["verdicts"][0]["metrics"]
        if metric["metric"] == "success"
    )
    assert said["gates"][0]["low"] == success["minutes"]["low"]
    assert "ttft.p90 is not compared" in said["gates"][2]["words"]
    assert comparison["verdicts"][0]["sentence"] in junit.read_text()
    shown = terminal.ask(
        "show",
        said["job_id"],
        "--against",
        old,
        "--fail-if",
        "ttft.p90 > +1%",
        "--strict",
    )
    assert (shown.exit_code, "Against 01" in shown.stdout) == (exits.MISSED, True)


def test_a_plan_of_other_work_is_refused_before_anything_is_asked(
    terminal: Terminal, plan: str
) -> None:
    job_id = terminal.submit(MODEL, runs=1)
    terminal.until(job_id, "done")
    before = len(terminal.api.http.get("/benchmark?limit=100").json()["jobs"])
    said = terminal.ask("run", plan, "--against", job_id)
    assert (said.exit_code, said.stdout) == (exits.USAGE, "")
    assert "max_tokens: 8 and 512" in said.stderr
    assert "Preflight" not in said.stderr
    said = terminal.ask("run", plan, "--against", "mian", "--dry-run")
    assert "neither a baseline `mian`" in said.stderr
    assert len(terminal.api.http.get("/benchmark?limit=100").json()["jobs"]) == before
