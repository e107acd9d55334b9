"""summary.json and plan.json: the same bytes for the same content."""

import json
import math

import pytest
from pydantic import BaseModel

from shared.analysis.columns import columns_of
from shared.analysis.summarize import summarize
from shared.outputs import OUTPUTS, Results
from shared.outputs.json import write_json
from shared.plan import Plan, Target, read_plan
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample
from shared.verdict import Judged, judge

PLAN = Plan(
    targets=(Target(model="acme/orca"),),
    prompts=InlinePrompts(prompts=("Почему?",)),
)


class Point(BaseModel):
    y: float
    x: float


def test_keys_are_sorted_and_lines_indented() -> None:
    assert write_json(Point(y=1, x=2)) == b'{\n  "x": 2.0,\n  "y": 1.0\n}\n'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_does_not_have_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(Point(y=value, x=0))


def test_text_stays_readable() -> None:
    assert "Почему?".encode() in write_json(PLAN)


def test_a_plan_reads_back_equal() -> None:
    assert read_plan(write_json(PLAN)) == PLAN


def test_every_file_of_a_run_is_written_and_the_summary_last() -> None:
    rows = [
        Sample(step=0, slot=0, target=0, prompt=0, outcome=Outcome.OK, sent_s=0.0),
        Sample(step=0, slot=1, target=0, prompt=0, outcome=Outcome.DROPPED),
    ]
    table = columns_of(PLAN, rows)
    summary = judge(PLAN, summarize(PLAN, table))
    results = Results(plan=PLAN, rows=table, summary=summary)
    made = {name: b"".join(output.write(results)) for name, output in OUTPUTS.items()}
    tables = ["samples.csv", "samples.parquet"]
    lines = ["responses.jsonl", "judged.jsonl"]
    assert list(made) == [*tables, *lines, "plan.json", "summary.json"]
    assert not OUTPUTS["judged.jsonl"].is_for(PLAN)
    assert made["samples.csv"].count(b"\n") == 3
    assert Judged.model_validate_json(made["summary.json"]) == summary
    assert json.loads(made["summary.json"])["total_runs"] == 2
    again = {name: b"".join(output.write(results)) for name, output in OUTPUTS.items()}
    assert again == made
