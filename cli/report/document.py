"""A benchmark as a document: one JSON object, and figures as CSV."""

import csv
import io
from collections.abc import Iterable, Iterator
from math import isinf
from typing import Any

from cli.report.against.changes import ChangeGate
from cli.report.against.held_to import HeldTo
from cli.report.gates import FIGURES, CiGate
from cli.report.judge import GateOutcome, Job, exit_code
from cli.report.values import value_of

SCHEMA = 1
COLUMNS = (
    *("scope", "name", "figure", "unit", "n"),
    *("value", "low", "high", "supported", "why"),
)


def as_json(
    job: Job, judged: Iterable[GateOutcome], beside: HeldTo | None = None
) -> dict[str, Any]:
    """The whole: what came out in short, each gate, the benchmark that it is compared
    with, and the body of GET."""
    judged = tuple(judged)
    result = job["result"] or {}
    verdict = result.get("verdict") or {}
    return {
        "schema_version": SCHEMA,
        "job_id": job["job_id"],
        "status": job["status"],
        "exit_code": exit_code(job, judged),
        "verdict": verdict.get("kind"),
        "calls": result.get("total_runs"),
        "successful": result.get("successful_runs"),
        "cost_usd": job["money"]["spent_usd"],
        "elapsed_s": job["progress"]["elapsed_s"],
        "gates": [_gate(one) for one in judged],
        "against": None if beside is None else _against(beside),
        "job": job,
    }


def as_csv(job: Job) -> str:
    """A row for each figure of the run, each target and each step."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    result = job["result"]
    if result:
        table.writerows(_rows("run", "", result, job))
        for target in result["targets"]:
            table.writerows(_rows("target", target["target"], target, job))
        for step in result["steps"]:
            scope = "warm-up" if step["warmup"] else "step"
            table.writerows(_rows(scope, step["name"], step, job))
    return out.getvalue()


def _against(beside: HeldTo) -> dict[str, Any]:
    return {
        "name": beside.name,
        "job_id": beside.job_id,
        "why_not": beside.why or None,
        "comparison": beside.comparison,
    }


def _gate(one: GateOutcome) -> dict[str, Any]:
    value, gate = one.value, one.gate
    ends = {"value": value.point, "low": value.low, "high": value.high}
    # JSON has no infinity: the words say that the rank falls on a failure
    known = {
        name: None if end is not None and isinf(end) else end
        for name, end in ends.items()
    }
    said = {"fail_if": gate.text, "of": one.of, "failed": one.failed}
    said |= {"is_change": isinstance(gate, ChangeGate), "is_open": one.is_open}
    return {**said, "limit": gate.limit, **known, "words": one.words}


def _rows(
    scope: str, name: str, group: dict[str, Any], job: Job
) -> Iterator[list[object]]:
    for figure, gate in _FIGURES.items():
        if figure == "find" and scope != "run":
            continue
        value = value_of(gate, group, job)
        spread = group.get(figure.partition(".")[0])
        n = spread["n"] if isinstance(spread, dict) and "n" in spread else None
        yield [
            *(scope, name, figure, gate.unit, n, value.point, value.low, value.high),
            *("true" if value.supported else "false", value.why),
        ]


_FIGURES = {name: CiGate(name, name, ">", 0) for name in FIGURES}
