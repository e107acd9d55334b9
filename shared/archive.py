"""Ended runs in the results folder: they answer after the store has forgotten them.

A folder `RESULTS_DIR/<job_id>/` is a run's when `summary.json` is in it, which is
published last. `run.json` is the run's record; what it does not say is unknown.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic_core import from_json, to_json

from shared.about import NOTHING, About
from shared.errors import BadPlan, NewerRecord, NoSuchRun, Unreadable, Unwritable
from shared.files import publish
from shared.money.reconciliation import FILE, Reconciliation, read
from shared.plan import Plan, read_plan
from shared.run import Ending, Run, Status, created_at, is_job_id

SCHEMA = 1

log = logging.getLogger("archive")


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
        "owner": run.owner,
        "about": run.about.model_dump(),
        "targets": run.targets,
        "created_at": run.created_at,
        "started_at": run.started_at,
        "closed": run.closed,
        "failed": run.failed,
        "total": run.total,
        "gap_s": run.gap_s,
        "error": run.error,
        "warnings": run.warnings,
        "listed": run.listed,
        "rerun_of": run.rerun_of,
        "max_usd": run.max_usd,
        "spent_usd": run.spent_usd,
        "unaccounted_usd": run.unaccounted_usd,
    }
    return _text(said)


class _Record(BaseModel):
    """`run.json` as it is read: what it does not say is unknown, what we do not know is
    passed over."""

    status: Status = Status.DONE
    ending: Ending | None = None
    submitter: str = ""
    owner: str | None = None
    about: About = NOTHING
    targets: tuple[str, ...] = ()
    created_at: float | None = None
    started_at: float | None = None
    closed: int = 0
    failed: int = 0
    total: int | None = None
    gap_s: float | None = None
    error: str | None = None
    warnings: tuple[str, ...] = ()
    listed: tuple[dict[str, Any], ...] = ()
    rerun_of: str | None = None
    max_usd: float | None = None
    spent_usd: float | None = None
    unaccounted_usd: float | None = None


def load(results_dir: Path, job_id: str) -> Run:
    """The run as its folder knows it; raises NoSuchRun, NewerRecord, Unreadable."""
    folder = results_dir / job_id
    with _reading(job_id, "summary.json"):
        ended_at = (folder / "summary.json").stat().st_mtime
    with _reading(job_id, "run.json"):
        said = _record(folder / "run.json")
    found = {name: getattr(said, name) for name in _Record.model_fields}
    if said.created_at is None:
        found["created_at"] = created_at(job_id)
    held_usd = None if said.spent_usd is None else 0.0
    return Run(job_id=job_id, ended_at=ended_at, held_usd=held_usd, **found)


def describe(results_dir: Path, job_id: str, about: About) -> None:
    """Say in `run.json` what people say of the run; nothing else in it changes.

    Raises NoSuchRun where the folder is no ended run's, NewerRecord, Unreadable, and
    Unwritable.
    """
    path = results_dir / job_id / "run.json"
    with _reading(job_id, "summary.json"):
        (results_dir / job_id / "summary.json").stat()
    with _reading(job_id, "run.json"):
        if _record(path).about == about:
            return
        said = from_json(path.read_bytes()) if path.exists() else {"schema": SCHEMA}
    said["about"] = about.model_dump()
    try:
        publish(path, [_text(said)])
    except OSError as error:
        raise Unwritable("run.json", job_id, error) from error


def _text(said: dict[str, Any]) -> bytes:
    return to_json(said, indent=2) + b"\n"


def _record(path: Path) -> _Record:
    try:
        said = from_json(path.read_bytes())
    except FileNotFoundError:
        return _Record()
    schema = said.get("schema", SCHEMA) if isinstance(said, dict) else SCHEMA
    if isinstance(schema, int) and schema > SCHEMA:
        raise NewerRecord("run.json", schema, SCHEMA)
    return _Record.model_validate(said)


def plan_of(results_dir: Path, job_id: str) -> Plan:
    """The run's plan; raises NoSuchRun, NewerRecord, Unreadable."""
    with _reading(job_id, "plan.json"):
        return read_plan((results_dir / job_id / "plan.json").read_bytes())


def plan_text(results_dir: Path, job_id: str) -> bytes:
    """The run's plan as it was written; raises NoSuchRun, Unreadable."""
    with _reading(job_id, "plan.json"):
        return (results_dir / job_id / "plan.json").read_bytes()


def result_of(results_dir: Path, job_id: str) -> dict[str, Any]:
    """The run's summary; raises NoSuchRun, Unreadable."""
    with _reading(job_id, "summary.json"):
        result = from_json((results_dir / job_id / "summary.json").read_bytes())
        if not isinstance(result, dict):
            raise ValueError("no JSON object")
        return result


def reconciliation_of(results_dir: Path, job_id: str) -> Reconciliation | None:
    """What came of comparing its bills, without the calls; None without the file.

    Raises NewerRecord, Unreadable.
    """
    try:
        with _reading(job_id, FILE):
            return read((results_dir / job_id / FILE).read_bytes())
    except NoSuchRun:
        return None


def is_there(results_dir: Path, job_id: str, name: str) -> bool:
    """Whether the run has this file; raises Unreadable where that cannot be seen."""
    with _reading(job_id, name):
        return (results_dir / job_id / name).is_file()


def check_readable(results_dir: Path, job_id: str, name: str) -> None:
    """Raises NoSuchRun where the file is gone, and Unreadable where it is there and
    gives nothing."""
    with _reading(job_id, name), (results_dir / job_id / name).open("rb") as file:
        file.read(1)


def ids(results_dir: Path, before_id: str | None = None) -> list[str]:
    """The ids of all ended runs there, newest first, older than `before_id`; none
    where the folder cannot be seen, which is said once."""
    try:
        names = os.listdir(results_dir)
    except FileNotFoundError:
        return []
    except OSError as error:
        _unseen(results_dir, error.strerror)
        return []
    found = (name for name in names if is_job_id(name))
    return sorted(
        (i for i in found if before_id is None or i < before_id), reverse=True
    )


@lru_cache(maxsize=8)
def _unseen(results_dir: Path, why: str) -> None:
    log.error("RESULTS_DIR %s cannot be seen (%s); mend that", results_dir, why)


@contextmanager
def _reading(job_id: str, name: str) -> Iterator[None]:
    """What may be wrong with a file of ours, as an error of ours."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise NoSuchRun(job_id) from None
    except (OSError, ValueError, KeyError, TypeError, BadPlan) as error:
        raise Unreadable(name, job_id, error) from error
