"""`list`, `tag`, `download`, `rerun --set` and `delete`, ids by their beginnings."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from cli import exits
from cli.commands.jobs.rerun import laid_out
from tests.api.client import MODEL
from tests.cli.commands.terminal import Terminal
from tests.cli.stack_up import LLMBENCH, ROOT

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def done(terminal: Terminal, **more: object) -> str:
    """A small benchmark that has ended; its id."""
    job_id = terminal.submit(MODEL, runs=1, **more)
    terminal.until(job_id, "done")
    return job_id


def listed(terminal: Terminal, *args: str) -> list[str]:
    said = terminal.ask("list", "--json", *args)
    assert said.exit_code == exits.OK, said.output
    return [job["job_id"] for job in json.loads(said.stdout)]


def beginning(job_id: str) -> str:
    """Of these tests' ids no two share so much; small letters do, too."""
    return job_id[:20].lower()


def test_a_benchmark_is_tagged_and_found_by_its_tag(terminal: Terminal) -> None:
    first = done(terminal, tags=["keep"])
    second = done(terminal)
    said = terminal.ask("tag", beginning(second), "keep", "night", "--name", "a, b")
    assert said.exit_code == exits.OK, said.output
    assert said.stdout.splitlines() == [
        second,
        "  name: a, b",
        "  tags: keep, night",
        "  note: -",
    ]
    assert listed(terminal, "--tag", "keep") == [second, first]
    assert listed(terminal, "--tag", "keep", "--limit", "1") == [second]
    assert listed(terminal, "--tag", "keep", "--text", "A, B") == [second]
    assert listed(terminal, "--tag", "keep", "--status", "queued") == []
    told = terminal.ask("tag", second, "--remove", "KEEP", "--note", "slow")
    assert "had no tag" not in told.stderr
    gone = terminal.ask("tag", second, "--remove", "nope")
    assert "had no tag `nope`. It has " in gone.stderr
    assert "tags: night\n  note: slow" in told.stdout
    assert listed(terminal, "--tag", "keep", "--model", "swift") == [first]
    plain = terminal.ask("list", "--tag", "night").stdout
    assert plain == f"{second}\tdone\t1 of 1\t0\ta, b\tnight\t{MODEL}\n"
    refused = terminal.ask("tag", second, "no,comma")
    assert refused.exit_code == exits.USAGE
    assert "letter or a digit" in refused.stderr


def test_files_are_written_whole_into_a_folder(
    terminal: Terminal, tmp_path: Path
) -> None:
    job_id = done(terminal)
    folder = tmp_path / "in" / "here"
    said = terminal.ask("download", beginning(job_id), "--output", str(folder))
    assert said.exit_code == exits.OK, said.output
    names = sorted(file.name for file in folder.iterdir())
    assert {"samples.csv", "summary.json", "plan.json", "responses.jsonl"} <= {*names}
    assert sorted(Path(line).name for line in said.stdout.splitlines()) == names
    kept = terminal.api.settings.results_dir / job_id / "samples.csv"
    assert (folder / "samples.csv").read_bytes() == kept.read_bytes()
    (folder / "samples.csv").write_text("of before")
    one = terminal.ask("download", job_id, "samples.csv", "-o", str(folder))
    assert one.stdout.strip() == str(folder / "samples.csv")
    assert (folder / "samples.csv").read_bytes() == kept.read_bytes()
    near = terminal.ask("download", job_id, "sample.csv", "-o", str(folder))
    assert (near.exit_code, near.stdout) == (exits.USAGE, "")
    assert "Did you mean samples.csv?" in near.stderr
    asked = terminal.ask("download", job_id, "reconciliation.json", "-o", str(folder))
    assert asked.exit_code == exits.USAGE
    assert "RECONCILE" in asked.stderr
    assert sorted(file.name for file in folder.iterdir()) == names


def test_a_folder_that_cannot_be_made_is_a_sentence(
    terminal: Terminal, tmp_path: Path
) -> None:
    job_id = done(terminal)
    (tmp_path / "file").write_text("")
    said = terminal.ask("download", job_id, "-o", str(tmp_path / "file"))
    assert said.exit_code == exits.USAGE
    assert "cannot be written to" in said.stderr


def test_a_rerun_with_changes_is_followed_to_its_end(terminal: Terminal) -> None:
    job_id = done(terminal, tags=["base"])
    changes = ("--set", "runs=2", "--set", "load.concurrency=2")
    said = terminal.ask("rerun", beginning(job_id), *changes, "--wait", "--json")
    assert said.exit_code in (exits.OK, exits.MISSED), said.output
    again = terminal.job(said.stderr.split()[0])
    assert again["job_id"] in said.stdout
    assert json.loads(said.stdout)
    assert (again["status"], again["rerun_of"]) == ("done", job_id)
    assert (again["plan"]["runs"], again["plan"]["load"]["concurrency"]) == (2, 2)
    assert again["tags"] == ["base"]
    wrong = terminal.ask("rerun", job_id, "--set", "rns=2")
    assert wrong.exit_code == exits.USAGE
    assert "changes.rns" in wrong.stderr
    assert "runs" in wrong.stderr
    assert terminal.ask("rerun", job_id, "--set", "runs").exit_code == exits.USAGE
    unasked = terminal.ask("rerun", job_id, "--fail-if", "cost_usd > 1")
    assert (unasked.exit_code, "needs --wait" in unasked.output) == (exits.USAGE, True)


def test_what_set_says_is_json_or_the_text_itself() -> None:
    said = ["runs=1", "load.kind=poisson", "load.rate_per_s=2", "seed=null", "name=1 a"]
    assert laid_out(said) == {
        "runs": 1,
        "load": {"kind": "poisson", "rate_per_s": 2},
        "seed": None,
        "name": "1 a",
    }
    assert laid_out(['targets=[{"model": "a=b"}]']) == {"targets": [{"model": "a=b"}]}


def test_a_benchmark_and_its_traces_are_deleted_without_asking_where_told_so(
    terminal: Terminal,
) -> None:
    job_id = done(terminal)
    folder = terminal.api.settings.results_dir / job_id
    asked = terminal.ask("delete", job_id)
    assert (asked.exit_code, folder.is_dir()) == (exits.USAGE, True)
    assert "--yes" in asked.stderr
    said = terminal.ask("delete", beginning(job_id), "--yes")
    assert (said.exit_code, folder.exists()) == (exits.OK, False)
    assert said.stdout == f"{job_id} and every trace of it are deleted.\n"
    again = terminal.ask("delete", job_id, "--yes")
    assert (again.exit_code, again.stdout) == (exits.USAGE, "")
    assert "There is no benchmark" in again.stderr


def test_one_that_goes_on_is_not_deleted_nor_any_beside_it(terminal: Terminal) -> None:
    ended, running = done(terminal), terminal.submit(MODEL, runs=5000)
    said = terminal.ask("delete", ended, running, "--yes")
    assert said.exit_code == exits.USAGE
    assert f"llmbench cancel {running}" in said.stderr
    assert terminal.job(ended)["status"] == "done"
    told = terminal.ask("cancel", beginning(running))
    assert told.stdout.startswith(f"{running} is being cancelled")
    terminal.until(running, "cancelled")
    assert terminal.ask("delete", ended, running, "-y").exit_code == exits.OK


@pytest.mark.parametrize(("answer", "is_left"), [("n", True), ("y", False)])
def test_on_a_terminal_it_asks_first(
    terminal: Terminal, answer: str, is_left: bool
) -> None:
    job_id = done(terminal, name="to go")
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    ended = subprocess.run(
        [*LLMBENCH, "delete", job_id, "--url", terminal.api.url],
        cwd=ROOT,
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "60"},
    )
    os.close(ours)
    os.close(theirs)
    assert "Delete this for good?" in ended.stdout
    assert f"{job_id}  done  to go  {MODEL}" in ended.stdout
    assert (ended.returncode == exits.OK) is not is_left, ended.stderr
    assert (terminal.api.settings.results_dir / job_id).exists() is is_left


def test_a_beginning_that_several_have_names_them(terminal: Terminal) -> None:
    ids = [done(terminal), done(terminal)]
    said = terminal.ask("cancel", ids[0][:5])
    assert said.exit_code == exits.USAGE
    assert ids[0] in said.stderr or ids[1] in said.stderr
    assert "Give more of the id" in said.stderr
    none = terminal.ask("pause", "01ARZ3")
    assert none.exit_code == exits.USAGE
    assert "There is no benchmark" in none.stderr
    short = terminal.ask("show", "01M")
    assert short.exit_code == exits.USAGE
    assert "give 4 characters or more" in short.stderr


def test_the_providers_of_a_model_are_shown_with_what_pins_them(
    terminal: Terminal,
) -> None:
    model = "acme/orca-70b-instruct"
    said = terminal.ask("models", "--providers", model, "--json")
    assert said.exit_code == exits.OK, said.output
    slugs = [one["slug"] for one in json.loads(said.stdout)]
    shown = terminal.ask("models", "--providers", model).stdout
    assert all(slug in shown for slug in slugs)
    assert "99.4 %" in shown
    near = terminal.ask("models", "--providers", "acme/orca-pr")
    assert near.exit_code == exits.USAGE
    assert "acme/orca-pro" in near.stderr
    ids = [one["id"] for one in json.loads(terminal.ask("models", "--json").stdout)]
    assert MODEL in ids
