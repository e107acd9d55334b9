"""What `llmbench run` refuses before it asks or starts anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import exits
from cli.main import app

MODEL = "acme/swift-8b:free"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--rate", "2", "--concurrency", "8"), "--rate 2 contradicts --concurrency 8"),
        (("--fail-if", "acme/swift: ttft.p95 > 1s"), f"Did you mean `{MODEL}`?"),
        (("--keep-answers", "frist"), "--keep-answers: Input should be 'first'"),
        (("--keep-answers", "frist"), "Did you mean `first`?"),
        (("--find",), "--find needs --slo"),
        (("--concurrency", "1..64"), "--concurrency: give --duration as well"),
        (("--print-plan", "--dry-run"), "--print-plan contradicts --dry-run"),
    ],
)
def test_it_is_a_sentence_and_a_usage_error(
    tmp_path: Path, args: tuple[str, ...], said: str
) -> None:
    (tmp_path / "prompts.txt").write_text("Why?\n")
    file = str(tmp_path / "prompts.txt")
    command = ["run", file, "--model", MODEL, "--simulate", *args]
    ran = CliRunner().invoke(app, command)
    assert (ran.exit_code, ran.stdout) == (exits.USAGE, "")
    assert said in ran.stderr


@pytest.mark.parametrize(
    ("weather", "said"),
    [
        ("foo=1", "no fault 'foo': llmbench simulate --faults lists them"),
        ("empty=often", "'empty=often': write FAULT=SHARE"),
        ("empty=2", "a share is from 0 to 1"),
    ],
)
def test_weather_that_there_is_not_is_said_in_words_of_this_command(
    weather: str, said: str
) -> None:
    ran = CliRunner().invoke(app, ["simulate", "--weather", weather])
    assert ran.exit_code == exits.USAGE
    shown = " ".join(ran.stderr.replace("│", "").split())
    assert said in shown
    assert "python -m" not in shown
