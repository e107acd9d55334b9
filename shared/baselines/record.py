"""A name that stands for a run, and how it is kept."""

import re
from typing import Annotated

from pydantic import Field
from pydantic_core import from_json, to_json

from shared.errors import NewerRecord
from shared.fields import Frozen
from shared.run import is_job_id

SCHEMA = 1

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


def together(*known: dict[str, Baseline]) -> dict[str, Baseline]:
    """All of them by name, in its order; of one name what was said last."""
    found: dict[str, Baseline] = {}
    for each in known:
        for name, baseline in each.items():
            if name not in found or found[name].set_at < baseline.set_at:
                found[name] = baseline
    return dict(sorted(found.items()))
