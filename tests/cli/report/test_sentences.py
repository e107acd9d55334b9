"""What is said of a benchmark in words: how long it took, and in one line why."""

from typing import Any

import pytest

from cli.report import sentences
from tests.cli.fixed import JOB_ID, done


@pytest.mark.parametrize(
    ("wall_s", "said"),
    [
        (None, "in 0:40, for"),
        (40.5, "in 0:40, for"),
        (64.0, "in 0:40 of work (1:04 by the clock, with pauses and waits), for"),
    ],
)
def test_the_time_by_the_clock_is_said_where_it_is_another(
    wall_s: float | None, said: str
) -> None:
    job = done()
    job["progress"]["wall_s"] = wall_s
    assert said in sentences.counts(job)


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        ({}, "suspect: "),
        ({"stopped_by": "budget"}, "It stopped at its budget"),
        (
            {"status": "failed", "error": "The upstream is down."},
            "The upstream is down.",
        ),
    ],
)
def test_one_line_says_how_it_came_out_and_the_first_reason(
    ended: dict[str, Any], why: str
) -> None:
    said = sentences.in_short(done() | ended)
    verdict = sentences.counts(done())
    status = ended.get("status", "done")
    assert said.startswith(f"{JOB_ID}: {status}. Verdict: suspect. {verdict} {why}")
    assert "\n" not in said
