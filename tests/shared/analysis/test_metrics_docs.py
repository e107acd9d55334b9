"""docs/metrics.md has a heading for every name, and no heading for nothing."""

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path
from textwrap import dedent

import pytest

from shared.analysis import summary as figures
from shared.analysis.metrics import METRICS, Metric, spread
from shared.analysis.percentiles import Percentile
from shared.analysis.summary import Figures
from shared.fields import Frozen
from shared.outputs.jsonl import KeptAnswer
from shared.outputs.table import all_columns
from shared.plan import Slo
from shared.sample import Note, Outcome
from shared.verdict.doubts import DOUBTS
from shared.verdict.notes import NOTES
from shared.verdict.observations import Observations
from shared.verdict.records import Judged, Reason, Verdict

TEXT = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text("utf-8")
HEADINGS = set(re.findall(r"^### `(\w+)`", TEXT, re.MULTILINE))
COLUMNS = all_columns()
CODES = {rule.__name__.removeprefix("_") for rule in (*DOUBTS, *NOTES)}
NOT_FIGURES = {"schema_version", "targets", "steps", "verdict"}
TOLD = {*Judged.model_fields, *spread()} - NOT_FIGURES
RECORDS = [
    record
    for record in vars(figures).values()
    if isinstance(record, type) and issubclass(record, Frozen) and record is not Frozen
]


@pytest.mark.parametrize("name", sorted({*COLUMNS, *Outcome, *TOLD, *CODES}))
def test_every_name_has_a_heading(name: str) -> None:
    assert name in HEADINGS


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda metric: metric.name)
def test_the_docs_have_the_formula_and_the_sentence_of_a_metric(metric: Metric) -> None:
    section = re.search(rf"^### `{metric.name}`\n(.*?)\n\n", TEXT, re.M | re.DOTALL)
    assert section is not None
    assert " ".join(section[1].replace("**", "").split()).startswith(told(metric))


def told(metric: Metric) -> str:
    """What the docs say of a metric first: its formula as the source has it."""
    (function,) = ast.parse(dedent(inspect.getsource(metric.formula))).body
    assert isinstance(function, ast.FunctionDef)
    result = function.body[-1]
    assert isinstance(result, ast.Return)
    assert result.value is not None
    says = metric.says[0].lower() + metric.says[1:]
    return f"`{ast.unparse(result.value)}`: {says}."


def test_an_objective_is_on_a_column() -> None:
    assert set(Slo.model_fields) <= set(COLUMNS)


def test_the_table_of_notes_has_each_code_and_no_other() -> None:
    section = re.search(r"^### `notes`\n(.*?)^##", TEXT, re.MULTILINE | re.DOTALL)
    assert section is not None
    assert re.findall(r"^\| `(\w+)` \|", section[1], re.MULTILINE) == list(Note)


def test_each_note_of_a_row_is_one_of_the_verdict() -> None:
    assert set(Note) <= CODES


def test_no_heading_is_left_of_a_name_that_is_gone() -> None:
    assert {*COLUMNS, *Outcome, *TOLD, *CODES} == HEADINGS


@pytest.mark.parametrize(
    "record", [*RECORDS, Percentile, Judged], ids=lambda each: each.__name__
)
def test_every_field_of_the_summary_is_told(record: type[Frozen]) -> None:
    assert [name for name in record.model_fields if f"`{name}`" not in TEXT] == []


@pytest.mark.parametrize("record", [Observations, KeptAnswer])
def test_every_field_of_the_other_records_is_told(record: type) -> None:
    assert [each.name for each in fields(record) if f"`{each.name}`" not in TEXT] == []


def test_the_verdict_is_told() -> None:
    told = {each.name for kind in (Verdict, Reason) for each in fields(kind)} - {"kind"}
    assert {name for name in told if f"`{name}`" not in TEXT} == set()
    assert "`verdict.kind`" in TEXT


def test_the_seven_names_come_first() -> None:
    assert list(Figures.model_fields)[:7] == [
        *("avg", "min", "max", "std_dev"),
        *("total_runs", "successful_runs", "total_tokens"),
    ]
