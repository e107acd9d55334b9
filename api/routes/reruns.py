"""Benchmarks that are done again."""

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from api.deps import CallerDep, JobId, PartsDep, StoreDep, Traceparent
from api.errors import responses
from api.parts import Store
from api.queueing import queue_again
from api.replies import accepted
from api.schemas import Accepted
from api.submission import changed, check_key, checked, checked_prices
from shared import archive
from shared.about import About
from shared.errors import NoSuchRun
from shared.plan import read_plan
from shared.settings import Settings
from shared.store.run import runs

router = APIRouter(prefix="/benchmark", tags=["benchmarks"])


class Rerun(BaseModel):
    """What to do again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"only": "failed"}, {"changes": {"runs": 1}}, {}]
        },
    )

    only: Literal["failed"] | None = Field(
        default=None,
        description="`failed`: the calls that did not end ok, or never ran. Null: all.",
    )
    changes: dict[str, Any] = Field(
        default_factory=dict,
        description="Fields of the plan that are otherwise this time, and name, tags,"
        " note. A JSON Merge Patch (RFC 7396): objects are changed field by field,"
        " null is the default; an object of another `kind` replaces the old one.",
        examples=[{"runs": 1, "load": {"concurrency": 4}, "tags": ["again"]}],
    )


@router.post(
    "/{job_id}/rerun",
    operation_id="rerun_benchmark",
    summary="Do a benchmark again",
    status_code=202,
    response_model=Accepted,
    responses={
        202: {"headers": {"Location": {"schema": {"type": "string"}}}},
        **responses(
            "no-such-run",
            "wrong-state",
            "not-ready",
            "unsupported-media-type",
            "invalid",
            "key-reused",
            "too-much",
            "unknown-model",
            "context-length",
            "unknown-price",
            "missing-key",
            "no-catalogue",
            "newer-record",
            "misconfigured",
            "no-store",
            "store-down",
            "busy",
            "outcome-unknown",
        ),
    },
)
async def rerun(
    job_id: JobId,
    parts: PartsDep,
    store: StoreDep,
    caller: CallerDep,
    traceparent: Traceparent,
    asked: Annotated[Rerun | None, Body()] = None,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="Sent again within a day, it gives the same rerun.",
        ),
    ] = None,
) -> Response:
    """A new benchmark of the same plan, whole, or only the calls that failed.

    It has the name and the tags of the old one. `changes` are checked as a new plan is.
    What failed can be told after the end, while the store remembers the rows
    (`KEEP_RUNS_DAYS`), and of plans with a fixed number of calls.
    """
    asked = asked or Rerun()
    async with store.access.deadline():
        text = await _plan_text(store, parts.settings, job_id)
        about = await _about(store, parts.settings, job_id)
    # Not within the store's time: a large plan takes some seconds to read.
    warnings: list[str] = []
    listed: list[dict[str, Any]] = []
    if asked.changes:
        plan, said = await asyncio.to_thread(changed, text, asked.changes)
        about = about.with_said(said)
        expanded, said_of_it = await checked(
            plan, parts, lambda path: f"changes.{path}"
        )
        plan, listed = expanded.plan, expanded.kept()
        warnings += said_of_it
    else:
        plan = await asyncio.to_thread(read_plan, text)
    del text
    warnings += await check_key(plan, parts)
    prices = await checked_prices(plan, parts)
    run, doubts = await queue_again(
        store,
        parts.settings,
        plan,
        of=job_id,
        only=asked.only,
        said_key=idempotency_key,
        prices=prices,
        traceparent=traceparent,
        about=about,
        listed=listed,
        changes=to_json(asked.changes) if asked.changes else b"",
        owner=caller.token,
    )
    return accepted(run, (*run.warnings, *warnings, *doubts))


async def _about(store: Store, settings: Settings, job_id: str) -> About:
    """Its name and its tags; a note is of the old one alone."""
    try:
        old = await runs.load(store.redis, job_id)
    except NoSuchRun:
        old = await asyncio.to_thread(archive.load, settings.results_dir, job_id)
    return About(name=old.about.name, tags=old.about.tags)


async def _plan_text(store: Store, settings: Settings, job_id: str) -> bytes:
    """As the store or, once it forgot, the results folder has it; raises NoSuchRun."""
    try:
        return await runs.plan_text(store.redis, job_id)
    except NoSuchRun:
        return await asyncio.to_thread(archive.plan_text, settings.results_dir, job_id)
