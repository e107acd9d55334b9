"""`llmbench history` and `list --since`: runs of a target, in the order of time."""

import json
import time

import pytest
import typer

from cli import exits
from cli.times import moment
from shared.analysis.columns import columns_of
from shared.analysis.summarize import summarize
from shared.verdict import Observations, judge
from tests.cli.commands.terminal import Terminal
from tests.kept import FAST, SLOW, keep, plan_of, rows_of

PLAN = plan_of(FAST, SLOW)
DAY_S = 86_400


def kept(reader: Terminal, days_old: float, fast_s: float) -> str:
    """A run as a reduce leaves it, made so long ago."""
    rows = [*rows_of(PLAN, {FAST: fast_s, SLOW: 1.0})]
    made = judge(PLAN, summarize(PLAN, columns_of(PLAN, rows)), Observations())
    folder = reader.api.settings.results_dir
    at_s = time.time() - days_old * DAY_S
    job_id = keep(folder, PLAN, rows, at_s, **made.model_dump(mode="json"))
    said = {
        "status": "done",
        "targets": [FAST, SLOW],
        "about": {"tags": ["of history"]},
    }
    (folder / job_id / "run.json").write_text(json.dumps(said))
    return job_id


def test_a_target_is_shown_run_by_run_with_intervals_the_oldest_first(
    reader: Terminal,
) -> None:
    old, middle, new = (kept(reader, *each) for each in ((9, 0.4), (5, 0.5), (1, 0.6)))
    keep(reader.api.settings.results_dir, PLAN, [], time.time())  # without targets
    said = reader.ask("history", FAST, "--json")
    assert said.exit_code == exits.OK, said.output
    told = json.loads(said.stdout)
    answer = reader.api.http.get("/history", params={"target": FAST})
    assert told == answer.json()
    assert [run["job_id"] for run in told["runs"]] == [old, middle, new]
    assert [run["ttft"]["n"] for run in told["runs"]] == [16, 16, 16]
    medians = [run["ttft"] for run in told["runs"]]
    assert [round(point["value"], 1) for point in medians] == [0.4, 0.5, 0.6]
    assert all(point["low"] < point["value"] < point["high"] for point in medians)
    summary = reader.api.http.get(f"/benchmark/{new}").json()["result"]
    (fast,) = (one for one in summary["targets"] if one["target"] == FAST)
    assert medians[2]["high"] == fast["ttft"]["p50"]["high"]
    assert told["runs"][2]["usd_per_1000_good"]["value"] == 1.0
    shown = reader.ask("history", FAST).stdout
    assert [job in shown for job in (old, middle, new)] == [True] * 3
    assert "TTFT" in shown
    assert f"{medians[0]['value'] * 1000:.0f} ms" in shown
    for args, ids in (
        (("--since", "6d"), [middle, new]),
        (("--since", "6d", "--until", "2d"), [middle]),
        (("--tag", "of history", "--limit", "1"), [new]),
        (("--tag", "other"), []),
    ):
        told = json.loads(reader.ask("history", FAST, *args, "--json").stdout)
        assert [run["job_id"] for run in told["runs"]] == ids
        assert told["more"] is ("--limit" in args)
    assert "No benchmark" in reader.ask("history", "acme/nobody").stdout
    asked = ("--target", FAST, "--since", "6d", "--tag", "of history", "--json")
    listed = reader.ask("list", *asked).stdout
    assert [job["job_id"] for job in json.loads(listed)] == [new, middle]


def test_moments_are_read_as_people_write_them() -> None:
    assert moment("2026-11-23T08:00:00+02:00", "--since") == "2026-11-23T06:00:00.000Z"
    assert moment(None, "--since") is None
    ago = moment("1w", "--since")
    assert ago is not None
    assert ago < (moment("6d", "--since") or "")
    for wrong in ("7", "yesterday", "2026-13-01"):
        with pytest.raises(typer.BadParameter, match="is no moment"):
            moment(wrong, "--since")
