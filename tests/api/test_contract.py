"""/openapi.json is what clients are made of: named, typed, every field described."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from api.main import create_app
from shared.analysis.metrics import spread
from shared.settings.settings import Settings

SCHEMA: dict[str, Any] = create_app(Settings()).openapi()
RECORDS: dict[str, dict[str, Any]] = SCHEMA["components"]["schemas"]
OPERATIONS = {
    f"{method} {path}": operation
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
}


def parts(of: Any, at: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object in a document, with where it stands."""
    if isinstance(of, dict):
        yield at, of
        for name, value in of.items():
            yield from parts(value, f"{at}/{name}")
    elif isinstance(of, list):
        for number, value in enumerate(of):
            yield from parts(value, f"{at}/{number}")


def named(record: str, field: str) -> str:
    """The record that a field is, where it is not null."""
    said = RECORDS[record]["properties"][field]
    refs = [each["$ref"] for each in (said, *said.get("anyOf", ())) if "$ref" in each]
    return refs[0].removeprefix("#/components/schemas/")


def test_every_operation_is_a_verb_and_a_noun() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    assert [each for each in ids if not re.fullmatch("[a-z]+(_[a-z]+)+", each)] == []
    assert OPERATIONS["post /benchmark"]["operationId"] == "create_benchmark"
    assert OPERATIONS["get /benchmark/{job_id}"]["operationId"] == "get_benchmark"


def test_every_field_is_described() -> None:
    undescribed = [
        f"{record}.{field}"
        for record, schema in RECORDS.items()
        for field, said in schema.get("properties", {}).items()
        if not said.get("description")
    ]
    assert undescribed == []


def test_a_benchmark_has_its_plan_and_its_result_by_type() -> None:
    assert named("Job", "plan") == "ShownPlan"
    assert named("Job", "result") == "Judged"
    assert named("Judged", "verdict") == "Verdict"
    assert named("Judged", "find") == "SearchAnswer"
    assert RECORDS["ShownPlan"]["required"] == list(RECORDS["Plan"]["properties"])


@pytest.mark.parametrize(
    "record", ["Judged", "TargetFigures", "ProviderFigures", "StepFigures"]
)
def test_the_distribution_of_each_metric_has_a_name(record: str) -> None:
    for metric in spread():
        assert named(record, metric) == "Distribution"
    assert "additionalProperties" not in RECORDS[record]


def test_every_time_is_a_date_time() -> None:
    times = {
        f"{record}.{field}": str(said)
        for record, schema in RECORDS.items()
        for field, said in schema.get("properties", {}).items()
        if re.search("_at$|^until$|_until$|earliest_end", field)
    }
    assert "Job.created_at" in times
    # `until` of a plan, and of its result, is a record: when a run may end
    untold = [at for at, said in times.items() if "'date-time'" not in said]
    assert [at for at in untold if "$ref" not in times[at]] == []


def test_what_may_be_of_several_kinds_has_no_default() -> None:
    assert [at for at, part in parts(SCHEMA) if {"oneOf", "default"} <= set(part)] == []


def test_the_prompt_file_is_a_file() -> None:
    form = RECORDS["PromptFileForm"]["properties"]
    assert (form["prompt_file"]["type"], form["prompt_file"]["format"]) == (
        "string",
        "binary",
    )
    assert "null" not in str(form)  # a form has no word for it


def test_only_what_is_sent_is_closed_to_more_fields() -> None:
    closed = {name for name, each in RECORDS.items() if "additionalProperties" in each}
    assert {
        "NewBenchmark",
        "Find",
        "Ramp",
        "Question",
        "Rerun",
        "PromptFileForm",
    } <= closed
    assert not closed & {"Job", "Judged", "Verdict", "Percentile", "SelfTest"}


def test_files_that_are_a_record_are_told_as_it() -> None:
    said = {
        path.rpartition("/")[2]: operation["responses"]["200"]["content"]
        for path, operation in OPERATIONS.items()
        if path.startswith("get /benchmark/{job_id}/")
    }
    for name, record in {
        "summary.json": "Judged",
        "plan.json": "Plan",
        "reconciliation.json": "Reconciliation",
    }.items():
        ref = said[name]["application/json"]["schema"]["$ref"]
        assert ref == f"#/components/schemas/{record}"
