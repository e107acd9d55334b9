"""`llmbench recipe`: printed, piped into `run`, and each run once, small."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import exits
from cli.main import app
from shared.plan import Plan
from shared.recipes import NAMES, filled, question_of, record_of
from tests.cli.commands.terminal import Terminal

MODEL = "acme/osprey-32b"


def said(*args: str) -> str:
    """What a command prints that asks nobody."""
    told = CliRunner().invoke(app, ["recipe", *args])
    assert told.exit_code == exits.OK, told.output
    return told.stdout


def test_they_are_listed_with_their_questions() -> None:
    assert said().splitlines() == [f"{name}\t{question_of(name)}" for name in NAMES]


def test_one_is_printed_with_its_models() -> None:
    assert said("providers", MODEL) == filled("providers", [MODEL])


@pytest.mark.parametrize(
    "args", [("nope", MODEL), ("curve",), ("curve", MODEL, "--json")]
)
def test_what_cannot_be_is_a_usage_error(args: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["recipe", *args]).exit_code == exits.USAGE


@pytest.mark.parametrize("name", NAMES)
def test_each_validates_and_is_run_once_over_the_simulator(
    terminal: Terminal, name: str, tmp_path: Path
) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text(said(name, MODEL))
    shown = CliRunner().invoke(app, ["run", str(file), "--print-plan"])
    assert shown.exit_code == exits.OK, shown.output
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Why?\nHow?\n")
    file.write_text(said(name, MODEL, "--prompts", str(prompts)))
    small = ("--runs", "1", "--max-tokens", "4", "--no-preflight", "--json")
    small += ("--sweep", "1,2") if name == "curve" else ()
    ran = terminal.ask("run", str(file), *small)
    job = json.loads(ran.stdout)["job"]
    assert (job["status"], job["stopped_by"]) == ("done", None), ran.stderr
    targets = job["result"]["targets"]
    assert any(target["counts"]["ok"] for target in targets)
    least = {"providers": 2, "router-vs-direct": 4, "cold-vs-warm": 2}.get(name, 1)
    assert len(targets) >= least


def test_it_is_run_at_once_and_quoted(terminal: Terminal, tmp_path: Path) -> None:
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("Why?\n")
    asked = ("recipe", "cold-vs-warm", MODEL, "--prompts", str(prompts))
    quoted = terminal.ask(*asked, "--dry-run")
    assert quoted.exit_code == exits.OK, quoted.output
    ran = terminal.ask(*asked, "--run", "--json")
    told = json.loads(ran.stdout)
    assert {each["target"] for each in told["job"]["result"]["targets"]} == {
        f"{MODEL} cold",
        f"{MODEL} warm",
    }


def test_the_api_serves_the_same(terminal: Terminal) -> None:
    answer = terminal.api.http.get("/recipes", params={"model": [MODEL, "a/b"]})
    recipes = answer.json()["recipes"]
    assert [each["name"] for each in recipes] == [*NAMES]
    for each in recipes:
        assert each["text"] == filled(each["name"], [MODEL, "a/b"])
        assert each["plan"] == record_of(each["text"])
    assert terminal.api.http.get("/recipes").json()["recipes"][0]["plan"]["targets"]
    unseen = terminal.api.http.get("/recipes", params={"model": "\x7f"})
    assert unseen.json()["recipes"][0]["plan"]["targets"][0]["model"] == "\x7f"


def test_the_vendor_beside_the_router_is_one_line_to_take_in() -> None:
    text = filled("router-vs-direct", [MODEL])
    line = f'  # - {{model: "{MODEL}", upstream: vendor}}\n'
    assert line in text
    plan = Plan.model_validate(record_of(text.replace(line, line.replace("# ", ""))))
    assert plan.targets[-1].label() == f"vendor::{MODEL}"
