"""The list of commands: quick to show, and each with its help and an example."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import exits
from cli.main import COMMANDS, app, load
from tests.cli.stack_up import LLMBENCH, ROOT

HEAVY = {"httpx", "pandas", "fastapi", "pydantic", "redis", "ruamel"}


def test_help_and_completion_wait_for_no_library() -> None:
    look = (
        "import sys\nfrom typer.testing import CliRunner\nfrom cli.main import app\n"
        "shown = CliRunner().invoke(app, ['--help'])\nassert 'doctor' in shown.output\n"
        f"print({HEAVY} & {{*sys.modules}})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True
    )
    assert (ended.stdout, ended.stderr) == ("set()\n", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert f"Example: llmbench {name}" in shown.output
    assert load(name).help


def test_each_command_stands_in_the_docs_with_an_example() -> None:
    docs = (ROOT / "docs" / "cli.md").read_text("utf-8")
    missing = [
        name
        for name in COMMANDS
        if f"\n## {name}\n" not in docs or f"llmbench {name}" not in docs
    ]
    assert missing == []


def test_the_version_is_shown() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("llmbench 0.")


def test_a_command_that_is_not_there_is_a_usage_error_with_a_near_match() -> None:
    said = CliRunner().invoke(app, ["modles"], env={"COLUMNS": "200"})
    assert said.exit_code == 2
    assert "Did you mean 'models'?" in said.output


def test_a_shell_completes_options_of_a_command() -> None:
    env = {
        "_LLMBENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": "llmbench run --conc",
        "COMP_CWORD": "2",
    }
    said = CliRunner().invoke(app, prog_name="llmbench", env=env)
    assert "--concurrency" in said.output


@pytest.mark.parametrize(
    ("args", "code"),
    [(("schema",), exits.OK), (("run", "none.txt", "--model", "a/b"), exits.USAGE)],
)
def test_a_reader_that_goes_early_changes_no_exit_code(
    tmp_path: Path, args: tuple[str, ...], code: int
) -> None:
    with (tmp_path / "said.txt").open("w+") as said:
        child = subprocess.Popen(
            [*LLMBENCH, *args],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if code else said,
        )
        assert child.stdout is not None
        child.stdout.close()  # long before it has anything to say
        assert child.wait(60) == code
        said.seek(0)
        assert said.read() == ""


@pytest.mark.parametrize("name", ["run", "generate"])
def test_the_form_of_a_target_stands_whole_in_the_help(name: str) -> None:
    shown = CliRunner().invoke(app, [name, "--help"], env={"COLUMNS": "200"})
    assert "[UPSTREAM::]MODEL[@PROVIDER]" in shown.output
