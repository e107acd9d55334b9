"""What is shown while a benchmark runs, from one body of the API."""

import io
from typing import Any

import pytest
from rich.console import Console

from cli.live import frame, lines, plain
from tests.cli.fixed import JOB_ID, running

NOW_S = 1_795_420_800.0  # 2026-11-23T08:00:00Z


def framed(job: dict[str, Any], width: int) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, highlight=False)
    console.print(frame(job, console, NOW_S))
    return out.getvalue()


def test_a_plain_line_has_all_that_matters() -> None:
    assert plain(running(), NOW_S) == (
        "running 264/360 (73.3 %), concurrency 8, 12.9 calls/s, 8 open, 0:25 so far,"
        " about 0:07 left, 90 failed, $0.0548 of $0.50,"
        " acme/swift-8b:free TTFT 83.5 ms latency 318 ms,"
        " acme/orca-pro TTFT 408 ms latency 920 ms"
    )


def test_before_the_first_row_there_is_a_line_too() -> None:
    job = running() | {"live": None, "status": "queued"}
    job["progress"] = {"closed": 0, "failed": 0, "total": None, "elapsed_s": None}
    job["waiting_for"] = "a worker: none is alive"
    job["money"] |= {"spent_usd": None}
    assert plain(job, NOW_S) == "queued 0 calls, waiting for a worker: none is alive"


def test_it_says_what_it_waits_for_and_how_long_still() -> None:
    job = running() | {
        "waiting_for": "the upstream, which is down (\x1b[2JLoading model)",
        "until": "2026-11-23T08:01:15.000Z",
    }
    said = "waiting for the upstream, which is down (?[2JLoading model) (in 1:15)"
    assert lines.waits(job, NOW_S) == said
    assert lines.waits(job, NOW_S + 76) == said.removesuffix(" (in 1:15)")


def test_medians_of_a_few_calls_are_marked() -> None:
    assert lines.ttft({"ttft_p50_s": 0.1, "ok": 5}) == "100 ms ?"
    assert lines.ttft({"ttft_p50_s": 0.1, "ok": 6}) == "100 ms"
    assert lines.ttft({"ttft_p50_s": None, "ok": 0}) == "-"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_frame_fits_and_its_id_is_whole(width: int) -> None:
    text = framed(running(), width)
    assert JOB_ID in text
    assert max(map(len, text.splitlines())) <= width
    for said in (
        "running 264/360",
        "$0.0548 of $0.50",
        "acme/orca-pro",
        "90 truncated",
    ):
        assert said in text


def test_steps_of_a_sweep_are_rows() -> None:
    text = " ".join(framed(running(), 200).split())
    assert "concurrency 4 120 60 208 ms 571 ms concurrency 8 54 30" in text
    alone = running()
    alone["live"]["steps"] = alone["live"]["steps"][:1]
    assert "concurrency 4 " not in framed(alone, 200)
