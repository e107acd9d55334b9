"""The documents that are made of a benchmark, from one body of the API."""

import csv
import io
import json
from xml.etree import ElementTree

from cli import exits
from cli.report import (
    as_csv,
    as_json,
    as_junit,
    as_markdown,
    exit_code,
    judge,
    parse_gate,
)
from tests.cli.fixed import JOB_ID, done, running

GATES = [parse_gate(text) for text in ("ttft.p95 > 200ms", "cost_usd > 0.50")]


def test_json_is_one_object_with_the_gates_and_the_whole_job() -> None:
    job = done()
    made = as_json(job, judge(GATES, job, strict=False))
    made = json.loads(json.dumps(made, allow_nan=False))
    assert made["job"] == job
    assert (made["job_id"], made["status"], made["verdict"]) == (
        JOB_ID,
        "done",
        "suspect",
    )
    assert (made["calls"], made["successful"], made["exit_code"]) == (360, 240, 1)
    assert [
        (gate["fail_if"], gate["of"], gate["failed"]) for gate in made["gates"]
    ] == [
        ("ttft.p95 > 200ms", "acme/swift-8b:free", False),
        ("ttft.p95 > 200ms", "acme/orca-pro", True),
        ("ttft.p95 > 200ms", "fault/truncated", True),
        ("cost_usd > 0.50", None, False),
    ]
    unknown = made["gates"][2]
    assert (unknown["value"], unknown["words"]) == (None, "unknown: no call has it")


def test_csv_has_a_row_for_each_figure_of_each_group() -> None:
    rows = [*csv.DictReader(io.StringIO(as_csv(done())))]
    by = {(row["scope"], row["name"], row["figure"]): row for row in rows}
    assert len(by) == len(rows)
    orca = by["target", "acme/orca-pro", "ttft.p50"]
    assert (orca["unit"], orca["n"], orca["supported"]) == ("seconds", "120", "true")
    assert float(orca["low"]) < float(orca["value"]) < float(orca["high"])
    assert by["target", "acme/orca-pro", "ttft.p99"]["supported"] == "false"
    assert by["target", "fault/truncated", "ttft.p50"]["value"] == ""  # and not 0
    assert by["target", "fault/truncated", "success"]["value"] == "0.0"
    assert float(by["step", "concurrency 8", "success"]["value"]) == 120 / 180
    assert by["run", "", "cost_usd"]["value"] == "0.0774"


def test_before_the_end_there_is_no_figure() -> None:
    assert as_csv(running()).count("\n") == 1
    assert as_json(running(), ())["verdict"] is None


def test_junit_has_a_case_for_the_verdict_and_one_for_each_gate() -> None:
    job = done()
    root = ElementTree.fromstring(  # noqa: S314 - made here
        as_junit(job, judge(GATES, job, strict=False)).encode()
    )
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (
        *("5", "2", "0"),
    )
    cases = {case.get("name"): case for case in suite}
    assert cases["verdict"].find("failure") is None
    bad = cases["fail if ttft.p95 > 200ms of acme/orca-pro"].find("failure")
    assert bad is not None
    assert str(bad.get("message")).startswith("502 ms (482-594 ms)")
    assert cases["fail if cost_usd > 0.50"].find("failure") is None


def test_junit_tells_what_is_invalid_from_what_is_not_done() -> None:
    invalid, failed, found = done(), done(), done()
    invalid["result"]["verdict"]["kind"] = "invalid"
    nothing = {"passing": None, "failing": 1.0, "words": "Not even 1 passed."}
    found["result"]["find"] = nothing
    failed |= {"status": "failed", "error": "It broke \x1b[2J."}
    for job, kind, other in (
        (invalid, "failure", "error"),
        (found, "failure", "error"),
        (failed, "error", "failure"),
    ):
        text = as_junit(job, ())
        assert f"<{kind} " in text
        assert f"<{other} " not in text
        assert "\x1b" not in text
        ElementTree.fromstring(text.encode())  # noqa: S314 - made here
        assert exit_code(job, ()) != exits.OK
    assert "Not even 1 passed." in as_junit(found, ())


def test_markdown_has_the_verdict_first_and_tables() -> None:
    job = done()
    job["result"]["find"] = {"passing": 4.0, "failing": 8.0, "words": "It is 4 or so."}
    text = as_markdown(job, judge(GATES, job, strict=False))
    assert text.index("Verdict: suspect") < text.index("| gate |")
    assert f"`{JOB_ID}`" in text
    assert "| acme/orca-pro | 120/120 |" in text
    assert "| concurrency 8 | 120/180 |" in text
    assert "**It is 4 or so.**" in text
    assert "- 120 truncated: The answer broke off" in text


def test_a_stranger_s_words_are_no_markup() -> None:
    job = done()
    job["result"]["complaints"][0]["error"] = "[click](http://x) <img src=x>\n| zz | b"
    job["warnings"] = ["\x1b[2J"]
    text = as_markdown(job, ())
    assert "\\[click\\](http://x) \\<img src=x\\>" in text
    assert "\n| zz" not in text
    assert "\x1b" not in text
