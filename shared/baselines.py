"""Runs that have a name, to which later ones are held: `main`, `v2.3`.

The store has them, and so has `RESULTS_DIR/baselines/NAME.json`, beside the results
that they name: the store may be emptied, and a folder may be copied. Where the two say
something else of one name, what was said last holds.
"""

import logging
import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_core import from_json, to_json

from shared.errors import NewerRecord, Unwritable
from shared.fields import Frozen
from shared.files import publish
from shared.run import is_job_id

SCHEMA = 1
FOLDER = "baselines"

log = logging.getLogger("baselines")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Name = Annotated[str, Field(pattern=f"^{_NAME.pattern}$", max_length=64)]


class Baseline(Frozen):
    """A name, and the run that it stands for."""

    name: Name
    job_id: str
    set_at: float
    """Unix seconds of the store's clock."""


def is_name(text: str) -> bool:
    """Whether a baseline may be called so: an id would hide the run that has it.

    >>> [*map(is_name, ("main", "v2.3", "../x", "", "01ARZ3NDEKTSV4RRFFQ69G5FAV"))]
    [True, True, False, False, False]
    """
    return _NAME.fullmatch(text) is not None and not is_job_id(text.upper())


def encode(baseline: Baseline) -> bytes:
    """As it is kept, in the store and as a file."""
    return to_json({"schema": SCHEMA, **baseline.model_dump()}) + b"\n"


def decode(text: bytes) -> Baseline:
    """The same again; raises NewerRecord, ValueError."""
    said = from_json(text)
    if not isinstance(said, dict):
        raise ValueError("no JSON object")
    schema = said.pop("schema", SCHEMA)
    if schema > SCHEMA:
        raise NewerRecord("baseline", schema, SCHEMA)
    return Baseline.model_validate(said)


def kept(results_dir: Path) -> dict[str, Baseline]:
    """Those of the folder, by name. What cannot be read is logged, and left out."""
    found = {}
    try:
        names = sorted(os.listdir(results_dir / FOLDER))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        log.error("%s cannot be seen (%s)", results_dir / FOLDER, error.strerror)
        return {}
    for file in names:
        name = file.removesuffix(".json")
        if file.endswith(".json") and is_name(name):
            try:
                found[name] = decode((results_dir / FOLDER / file).read_bytes())
            except (OSError, ValueError, TypeError, NewerRecord) as error:
                log.error("the baseline %s cannot be read: %s", name, error)
    return found


def keep(results_dir: Path, baseline: Baseline) -> None:
    """Write its file; raises Unwritable."""
    try:
        (results_dir / FOLDER).mkdir(parents=True, exist_ok=True)
        publish(results_dir / FOLDER / f"{baseline.name}.json", [encode(baseline)])
    except OSError as error:
        raise Unwritable(f"name `{baseline.name}`", baseline.job_id, error) from error


def drop(results_dir: Path, baseline: Baseline) -> None:
    """Delete its file, if there is one; raises Unwritable."""
    try:
        (results_dir / FOLDER / f"{baseline.name}.json").unlink(missing_ok=True)
    except OSError as error:
        raise Unwritable(f"name `{baseline.name}`", baseline.job_id, error) from error


def together(*known: dict[str, Baseline]) -> dict[str, Baseline]:
    """All of them by name, in its order; of one name what was said last."""
    found: dict[str, Baseline] = {}
    for each in known:
        for name, baseline in each.items():
            if name not in found or found[name].set_at < baseline.set_at:
                found[name] = baseline
    return dict(sorted(found.items()))
