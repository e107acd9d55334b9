"""Ended runs in the results folder: they answer after the store has forgotten them.

A folder `RESULTS_DIR/<job_id>/` is a run's when `summary.json` is in it, which is
published last. `run.json` is the run's record; what it does not say is unknown.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import from_json, to_json

from shared.errors import NewerRecord, NoSuchRun
from shared.plan import Plan, read_plan
from shared.reconciliation import FILE, Reconciliation, read
from shared.run import Ending, Run, Status, created_at, is_job_id

SCHEMA = 1

T = TypeVar("T")


def record(run: Run) -> bytes:
    """`run.json` of a run that is being reduced; the same bytes each time.

    When it ended is not in it: the reduce may be made twice, and the file's own time
    tells.
    """
    ending = run.ending or Ending.BUG
    said = {
        "schema": SCHEMA,
        "job_id": run.job_id,
        "status": ending.status,
        "ending": ending,
        "submitter": run.submitter,
        "targets": run.targets,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "closed": run.closed,
        "failed": run.failed,
        "total": run.total,
        "error": run.error,
        "warnings": run.warnings,
        "rerun_of": run.rerun_of,
        "max_usd": run.max_usd,
        "spent_usd": run.spent_usd,
        "unaccounted_usd": run.unaccounted_usd,
    }
    return to_json(said, indent=2) + b"\n"


def load(results_dir: Path, job_id: str) -> Run:
    """The run as its folder knows it; raises NoSuchRun, NewerRecord."""
    folder = results_dir / job_id
    ended_at = _read(job_id, lambda: (folder / "summary.json").stat().st_mtime)
    try:
        said = from_json((folder / "run.json").read_bytes())
    except FileNotFoundError:
        said = {}
    if said.get("schema", SCHEMA) > SCHEMA:
        raise NewerRecord("run.json", said["schema"], SCHEMA)
    return Run(
        job_id=job_id,
        status=Status(said.get("status", Status.DONE)),
        submitter=said.get("submitter", ""),
        targets=tuple(said.get("targets", ())),
        created_at=said.get("created_at", created_at(job_id)),
        started_at=said.get("started_at"),
        ended_at=ended_at,
        closed=said.get("closed", 0),
        failed=said.get("failed", 0),
        total=said.get("total"),
        ending=Ending(said["ending"]) if said.get("ending") else None,
        error=said.get("error"),
        warnings=tuple(said.get("warnings", ())),
        rerun_of=said.get("rerun_of"),
        max_usd=said.get("max_usd"),
        spent_usd=said.get("spent_usd"),
        held_usd=None if said.get("spent_usd") is None else 0.0,
        unaccounted_usd=said.get("unaccounted_usd"),
    )


def plan_of(results_dir: Path, job_id: str) -> Plan:
    """The run's plan; raises NoSuchRun, NewerRecord."""
    return read_plan(plan_text(results_dir, job_id))


def plan_text(results_dir: Path, job_id: str) -> bytes:
    """The run's plan as it was written; raises NoSuchRun."""
    path = results_dir / job_id / "plan.json"
    return _read(job_id, path.read_bytes)


def result_of(results_dir: Path, job_id: str) -> dict[str, Any]:
    """The run's summary; raises NoSuchRun."""
    path = results_dir / job_id / "summary.json"
    result: dict[str, Any] = from_json(_read(job_id, path.read_bytes))
    return result


def reconciliation_of(results_dir: Path, job_id: str) -> Reconciliation | None:
    """What came of comparing its bills, without the calls; None without the file.

    Raises NewerRecord.
    """
    try:
        return read((results_dir / job_id / FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def ids(results_dir: Path, before_id: str | None = None) -> list[str]:
    """The ids of all ended runs there, newest first, older than `before_id`."""
    try:
        names = os.listdir(results_dir)
    except FileNotFoundError:
        return []
    found = (name for name in names if is_job_id(name))
    return sorted(
        (i for i in found if before_id is None or i < before_id), reverse=True
    )


def _read(job_id: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (FileNotFoundError, NotADirectoryError):
        raise NoSuchRun(job_id) from None
