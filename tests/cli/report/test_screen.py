"""The report on a terminal: its order, its widths, its marks."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.report import judge, parse_gate, show
from cli.report.options import Options
from tests.cli.fixed import JOB_ID, done, percentile

WHERE = Path("results") / JOB_ID


def shown(job: dict[str, Any], width: int = 200, *gates: str, **options: Any) -> str:
    """What the report prints at that width."""
    out = io.StringIO()
    given = {"width": width, "highlight": False, "markup": False, "emoji": False}
    console = Console(file=out, **{**given, **options})
    judged = judge(map(parse_gate, gates), job, strict=False)
    show(job, judged, console, where=WHERE)
    return out.getvalue()


def test_the_verdict_is_first_then_targets_steps_failures_gates_and_files() -> None:
    text = shown(done(), 200, "ttft.p95 > 200ms")
    places = [
        text.index(words)
        for words in (
            f"{JOB_ID}: done",
            "Verdict: suspect. 240 of 360 calls succeeded (66.7 %) in 0:40",
            "Figures that cannot be used: gap, tpot (p99), ttft (p99)",
            "acme/orca-pro",
            "concurrency 4",
            "Why calls failed",
            "120 truncated: The answer broke off",
            'failed: fail if "ttft.p95 > 200ms" of acme/orca-pro',
            f"Every call is a row of {WHERE}/samples.csv",
        )
    ]
    assert places == sorted(places)


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_ids_labels_and_paths_are_whole_at_every_width(width: int) -> None:
    text = shown(done(), width)
    for whole in (
        JOB_ID,
        "acme/swift-8b:free",
        "concurrency 8",
        f"{WHERE}/samples.csv",
    ):
        assert whole in text
    lines = [line for line in text.splitlines() if str(WHERE) not in line]
    assert max(map(len, lines)) <= width


def test_what_the_upstream_lists_of_providers_stands_under_our_figures() -> None:
    def one(slug: str, why: str | None) -> dict[str, Any]:
        return {
            **{"at": "2026-11-28T09:00:31.000Z", "slug": slug, "left_out": why},
            **{"target": None if why else f"acme/orca@{slug}", "quantization": "fp8"},
            **{"prompt_usd_per_million": 0.12, "completion_usd_per_million": 0.3},
            **{"uptime_last_30m_percent": 99.41, "ttft_s_last_30m": {"p50": 0.61}},
            "tokens_per_s_last_30m": None,
        }

    listed = [one("harbor/fp8", None), one("shoal", "its status is -2")]
    text = " ".join(shown(done() | {"listed": listed}).split())
    row = "acme/orca@harbor/fp8 0.12 0.3 fp8 99.4 % 610.0"
    said = "As the upstream listed them at 2026-11-28 09:00 UTC"
    assert text.index("acme/orca-pro") < text.index(row) < text.index(said)
    assert "Left out: shoal (its status is -2)." in text
    assert "acme/orca@shoal" not in text


def test_what_does_not_fit_as_a_table_is_a_block_for_each_row() -> None:
    wide, narrow = shown(done(), 200), shown(done(), 60)
    assert "  TTFT p50       " not in wide
    assert "acme/orca-pro\n  ok             120/120\n  TTFT p50       " in narrow


def test_a_percentile_never_stands_bare() -> None:
    job = done()
    target = job["result"]["targets"][0]
    target["ttft"]["p95"] = percentile(0.123)
    target["ttft"]["p50"] = percentile(0.08, 0.07, 0.09)
    target["latency"]["p95"] = percentile(None)
    text = shown(job, 60)
    assert "  TTFT p50       80.0 ms (70.0-90.0 ms)\n" in text
    assert "  TTFT p95       123 ms ?\n" in text
    assert "  latency p95    -\n" in text
    assert "? too few calls to bound it" in text


def test_the_answer_of_a_search_is_a_sentence() -> None:
    job = done()
    job["result"]["find"] = {"passing": 4.0, "failing": 8.0, "words": "It holds 4."}
    assert "\nIt holds 4.\n" in shown(job)


def test_without_a_result_it_says_what_happened() -> None:
    job = done() | {"status": "failed", "result": None, "error": "The key \x1b[2J."}
    text = shown(job)
    assert "No verdict: the benchmark has no result." in text
    assert "The key ?[2J." in text


def test_a_cancelled_one_shows_what_there_is() -> None:
    text = shown(done() | {"status": "cancelled"})
    assert "It was cancelled; what was measured by then is kept." in text
    assert "acme/orca-pro" in text


def test_no_color_has_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"force_terminal": True, "color_system": "standard"}
    assert "\x1b[1;33mVerdict" in shown(done(), **given)
    monkeypatch.setenv("NO_COLOR", "1")
    text = shown(done(), **given)
    assert "\x1b[1mVerdict" in text
    assert "\x1b[3" not in text.replace("\x1b[3m", "")


def test_a_document_on_stdout_owns_it() -> None:
    assert Options(json=True).owns_stdout
    assert Options(csv=Path("-")).owns_stdout
    assert not Options(csv=Path("figures.csv")).owns_stdout
