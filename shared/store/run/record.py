"""A run's record, read; and what becomes of one that a later version has written."""

import logging
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from pydantic_core import from_json, to_json

from shared.about import FIELDS as ABOUT
from shared.about import About
from shared.access import Token
from shared.errors import NewerRecord, Unreadable
from shared.money import usd
from shared.plan import SCHEMA as PLAN_SCHEMA
from shared.run import Ending, Run, Status

SCHEMA = 1

Value = str | int | float
"""Of a field of the record."""

NAMES = (
    *("schema", "plan_schema", "status", "reduce_error", "submitter", "targets"),
    *("name", "tags", "note", "created_ms", "started_ms", "ended_ms", "until_ms"),
    *("down", "step", "segment", "closed", "failed", "total", "ending", "error"),
    *("warnings", "rerun_of", "exclusive", "traceparent", "interrupted", "gap_ms"),
    *("outages", "outage_ms", "overlaps", "duplicates", "max_nano", "spent_nano"),
    *("held_nano", "unaccounted_nano", "shut", "judging", "judged", "to_judge"),
    "owner",
)
"""The fields that make a `Run` in a list. A record has others beside them, `listed`
among them, and one of those, the result, is larger than all of these together."""

log = logging.getLogger("store")


def read(job_id: str, record: Mapping[bytes, bytes]) -> Run:
    """The run; raises NewerRecord where the record, or its plan, is of a later one, and
    Unreadable where it is none of ours."""
    try:
        return _read(job_id, record)
    except (ValueError, KeyError) as error:
        raise Unreadable("record", job_id, error) from error


def _read(job_id: str, record: Mapping[bytes, bytes]) -> Run:
    r = {name.decode(): value.decode() for name, value in record.items()}
    for kind, name, known in (
        ("run", "schema", SCHEMA),
        ("plan", "plan_schema", PLAN_SCHEMA),
    ):
        found = int(r.get(name, known))
        if found > known:
            raise NewerRecord(kind, found, known)

    status = Status(r["status"])
    blocked = r.get("reduce_error") if status is Status.REDUCING else None

    def seconds(name: str) -> float | None:
        return float(r[name]) / 1000 if name in r else None

    return Run(
        job_id=job_id,
        status=status,
        submitter=r.get("submitter", ""),
        owner=r.get("owner"),
        targets=tuple(from_json(r.get("targets", "[]"))),
        about=About(
            name=r.get("name"),
            tags=tuple(from_json(r.get("tags", "[]"))),
            note=r.get("note"),
        ),
        created_at=float(r["created_ms"]) / 1000,
        started_at=seconds("started_ms"),
        ended_at=seconds("ended_ms"),
        until=seconds("until_ms"),
        down=r.get("down"),
        shut=r.get("shut"),
        step=int(r["step"]),
        segment=int(r["segment"]),
        closed=int(r["closed"]),
        failed=int(r["failed"]),
        total=int(r["total"]) if "total" in r else None,
        ending=Ending(r["ending"]) if "ending" in r else None,
        error=blocked or r.get("error"),
        blocked=blocked,
        warnings=tuple(from_json(r.get("warnings", "[]"))),
        listed=tuple(from_json(r.get("listed", "[]"))),
        rerun_of=r.get("rerun_of"),
        exclusive="exclusive" in r,
        traceparent=r.get("traceparent"),
        interrupted=int(r.get("interrupted", 0)),
        gap_s=int(r.get("gap_ms", 0)) / 1000,
        outages=int(r.get("outages", 0)),
        outage_s=int(r.get("outage_ms", 0)) / 1000,
        overlaps=int(r.get("overlaps", 0)),
        duplicates=int(r.get("duplicates", 0)),
        max_usd=usd(int(r["max_nano"])) if "max_nano" in r else None,
        spent_usd=usd(int(r.get("spent_nano", 0))),
        held_usd=usd(int(r.get("held_nano", 0))),
        unaccounted_usd=usd(int(r.get("unaccounted_nano", 0))),
        judging=r.get("judging") == "due",
        judged=int(r.get("judged", 0)),
        to_judge=int(r["to_judge"]) if "to_judge" in r else None,
    )


def readable(job_id: str, record: Mapping[bytes, bytes]) -> Run | None:
    """The run among others; None where there is no record, or a later version's, or
    one that cannot be read.

    One run that is not for us, or that is broken, must not hide the others.
    """
    if not record:
        return None
    try:
        return read(job_id, record)
    except (NewerRecord, Unreadable) as error:
        leave(job_id, str(error))
        return None


@lru_cache(maxsize=1000)
def leave(job_id: str, why: str) -> None:
    """Say that a run is left out. Remembered, so that it is said once and not at every
    look."""
    log.warning("benchmark %s is left out. %s", job_id, why)


def of_values(values: Sequence[bytes | None]) -> dict[bytes, bytes]:
    """The record of which these are the values of `NAMES`; {} where there is none."""
    pairs = zip(NAMES, values, strict=True)
    return {name.encode(): value for name, value in pairs if value is not None}


def of_about(about: About, names: Collection[str] = ABOUT) -> dict[str, Value]:
    """Some of what people say of a run, as fields; "" is nothing."""
    tags = to_json(about.tags).decode() if about.tags else ""
    said = {"name": about.name or "", "tags": tags, "note": about.note or ""}
    return {name: said[name] for name in ABOUT if name in names}


def of_owner(token: Token) -> dict[str, Value]:
    """Whose it is, and by whose name it has its turns."""
    return {"owner": token.id, "submitter": token.name}


def flat(fields: Mapping[str, Value]) -> list[Value]:
    """Names and values in turn, as a script takes them."""
    return [part for pair in fields.items() for part in pair]
