"""A metric that is added to the table is everywhere that metrics are."""

import csv
from typing import Any

import pytest

from shared.analysis.columns import columns_of
from shared.analysis.metrics import METRICS, V, metric
from shared.analysis.no_rows import summarize_none
from shared.analysis.percentiles import Distribution
from shared.analysis.summarize import summarize
from shared.analysis.summary import Figures, Summary
from shared.outputs import write_csv, write_json
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample
from shared.verdict import Judged, judge

PLAN = Plan(
    targets=(Target(model="acme/orca"),), prompts=InlinePrompts(prompts=("Why?",))
)


@metric(summary="wait_share", exists=lambda **of: of["latency_s"] > 0)
def wait_share(ttft_s: V, latency_s: V) -> V:
    """Which part of the whole call was waiting for the first token."""
    return ttft_s / latency_s


@pytest.fixture(autouse=True)
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METRICS, "wait_share", wait_share)


def call(slot: int, **stamps: Any) -> Sample:
    fixed: dict[str, Any] = {"target": 0, "prompt": 0, "outcome": Outcome.OK}
    return Sample(step=0, slot=slot, **fixed, **{"sent_s": 1.0, **stamps})


ROWS = [
    call(0, first_token_s=1.25, ended_s=2.0),
    call(1, first_token_s=1.5, ended_s=2.0),
    call(2, ended_s=2.0),  # it has no TTFT
    call(3, first_token_s=1.0, ended_s=1.0),  # and this one no latency
]
SHARES = [0.25, 0.5, None, None]


def test_it_is_known_of_one_row() -> None:
    assert [*map(wait_share, ROWS)] == SHARES


def test_it_is_a_column() -> None:
    column = columns_of(PLAN, ROWS).table["wait_share"]
    assert [None if share != share else share for share in column] == SHARES


def test_it_is_made_of_the_columns_that_the_table_shows() -> None:
    # at 999 s a float is off by 1e-13 s, which is 1e-4 of a nanosecond
    row = call(0, sent_s=999.0, first_token_s=999.000000001, ended_s=999.000000006)
    [cell] = columns_of(PLAN, [row]).table["wait_share"]
    assert [wait_share(row), cell] == pytest.approx([1 / 6, 1 / 6], rel=1e-12)


def test_it_is_the_last_column_of_the_table() -> None:
    lines = b"".join(write_csv(PLAN, columns_of(PLAN, ROWS))).decode().splitlines()
    assert lines[0].endswith(",wait_share")
    cells = [line["wait_share"] for line in csv.DictReader(lines)]
    assert cells == ["0.25", "0.5", "", ""]


def test_it_is_in_the_summary_and_reads_back() -> None:
    made = judge(PLAN, summarize(PLAN, ROWS))
    again = Judged.model_validate_json(write_json(made))
    assert again == made
    for figures in (made, again, made.targets[0], made.targets[0].providers[0]):
        spread = figures.model_dump()["wait_share"]
        assert (spread["n"], spread["mean"], spread["max"]) == (2, 0.375, 0.5)
    # no doubt knows it, so the verdict does not vouch for it
    assert not any("share" in figure for figure in made.verdict.usable)


def test_a_summary_of_no_rows_has_it_too() -> None:
    none, empty = summarize_none(PLAN), summarize(PLAN, [])
    assert write_json(none) == write_json(empty)
    assert none.model_dump()["wait_share"]["n"] == 0


@pytest.mark.parametrize("record", [Figures, Summary, Judged])
def test_the_schema_of_a_summary_names_it(record: type[Figures]) -> None:
    schema = record.model_json_schema()
    assert schema["properties"]["wait_share"] == {
        "$ref": "#/$defs/Distribution",
        "description": "Which part of the whole call was waiting for the first token.",
    }
    assert "wait_share" not in schema["required"]  # results of before have none
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Distribution"]["title"] == Distribution.__name__


def test_what_is_no_distribution_is_refused_all_the_same() -> None:
    said = summarize(PLAN, ROWS).model_dump(mode="json")
    with pytest.raises(ValueError, match="surprise"):
        Summary.model_validate(said | {"surprise": 1})
