"""The self-test on a terminal."""

import io
import subprocess
import sys

import pytest
from rich.console import Console

from cli.commands.machine.selftest import doubts, table
from shared.verdict import Reason, Verdict
from shared.verdict.selftest import Case, Error, SelfTest

REASON = Reason(kind="suspect", code="cpu", words="Too busy.", remedy="Rest.")


def a_case(streams: int, n: int, *reasons: Reason) -> Case:
    return Case(
        streams=streams,
        mode="staggered",
        calls=n,
        n=n,
        peak_open=streams,
        ttft_error=Error(p50_s=-0.00002, p99_s=0.00125),
        gap_error=Error(p50_s=0.0, p99_s=0.0),
        latency_error=Error(p50_s=None, p99_s=None),
        request_wait_min_s=None,
        request_wait_p99_s=None,
        simulator_late_p99_s=None,
        stamp_slack_p99_s=0.004,
        verdict=Verdict(kind="suspect" if reasons else "valid", reasons=reasons),
    )


RESULT = SelfTest(
    made_at="2026-11-23T08:00:01.250Z",
    took_s=40.0,
    machine={"host": "here"},
    cases=(a_case(50, 298), a_case(200, 299, REASON)),
    passed=True,
    conclusion="",
)


def test_a_p99_of_too_few_calls_stands_in_brackets() -> None:
    console = Console(file=io.StringIO(), width=80)
    console.print(table(RESULT))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    few, enough = (line.split() for line in lines[-4:] if "staggered" in line)
    # a p99 takes 299 values
    assert few[2:4] == ["-0.02", "(1.25)"]
    assert enough[2:5] == ["-0.02", "/", "1.25"]
    assert few[-2:] == ["4.00", "valid"]
    assert enough[-1] == "suspect"


def test_each_doubt_is_a_line() -> None:
    assert doubts(RESULT) == "200, staggered: Too busy.\n"


def command(*args: str) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "cli", "selftest", *args]
    return subprocess.run(argv, capture_output=True, text=True, timeout=100)


@pytest.mark.long
def test_the_command_gives_programs_the_whole_result() -> None:
    ended = command("--json", "--streams", "1")
    result = SelfTest.model_validate_json(ended.stdout)
    assert [case.streams for case in result.cases] == [1, 1]
    assert ended.returncode == (0 if result.passed else 1)


def test_the_command_says_why_it_cannot_run() -> None:
    ended = command("--streams", "0")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "from 1 to 1000" in ended.stderr
