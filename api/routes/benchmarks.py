"""Benchmarks: asked for, shown, listed."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.baselines.against import check_against
from api.deps import EXAMPLE, CallerDep, JobId, PartsDep, StoreDep, Traceparent
from api.errors import responses
from api.live import ended_within, unless_gone, wait_asked_s
from api.parts import Filter, listed, search
from api.parts.times import SinceTime, seconds_of
from api.queueing import queue
from api.replies import accepted, json_of
from api.schemas import Accepted, Job, Listing, Quoted
from api.submission import (
    check_key,
    checked_prices,
    quoted,
    read_submission,
    warnings_of,
)
from shared.errors import NoSuchRun
from shared.run import Status, is_job_id

router = APIRouter(prefix="/benchmark", tags=["benchmarks"])

Said = Annotated[str, Field(min_length=1, max_length=200)]

# The model is a router to some free model: these can be sent as they are.
PLAN_EXAMPLE = {
    "targets": [{"model": "openrouter/free"}],
    "prompts": {"kind": "inline", "prompts": ["Why is the sky blue?"]},
    "runs": 5,
    "load": {"kind": "concurrency", "concurrency": 8},
    "max_tokens": 512,
    "stream": True,
}
_FORM = {
    "multipart/form-data": {
        "schema": {"$ref": "#/components/schemas/PromptFileForm"},
        # a field for each model, and not one with commas
        "encoding": {"model": {"style": "form", "explode": True}},
    }
}
_PLAN = {
    "application/json": {
        "schema": {"$ref": "#/components/schemas/NewBenchmark"},
        "example": PLAN_EXAMPLE,
    }
}
_BODY = {"required": True, "content": {**_PLAN, **_FORM}}
_FORM_BODY = {"required": True, "content": _FORM}
"""Of the same at a path of its own, for clients whose generator knows one body of an
operation."""
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`wait=N` (RFC 7240): wait for the end up to N seconds, at most 60.",
    "schema": {"type": "string"},
    "examples": {"now": {"value": "respond-async"}, "later": {"value": "wait=10"}},
}


_CREATED: dict[int | str, dict[str, Any]] = {
    200: {
        "model": Job | Quoted,
        "description": "With `Prefer: wait`: it has ended, and this is it. With"
        " `dry_run`: what it would be.",
        "headers": {"Preference-Applied": {"schema": {"type": "string"}}},
    },
    202: {"headers": {"Location": {"schema": {"type": "string"}}}},
    **responses(
        "slow-body",
        "too-large",
        "unsupported-media-type",
        "invalid",
        "too-much",
        "key-reused",
        "unknown-model",
        "context-length",
        "unknown-price",
        "no-catalogue",
        "missing-key",
        "misconfigured",
        "no-store",
        "store-down",
        "busy",
        "outcome-unknown",
    ),
}


@router.post(
    "/file",
    operation_id="create_benchmark_of_file",
    summary="Queue a benchmark of a prompt file",
    status_code=202,
    response_model=Accepted,
    openapi_extra={"requestBody": _FORM_BODY, "parameters": [_PREFER]},
    responses=_CREATED,
)
@router.post(
    "",
    operation_id="create_benchmark",
    summary="Queue a benchmark",
    status_code=202,
    response_model=Accepted,
    openapi_extra={"requestBody": _BODY, "parameters": [_PREFER]},
    responses=_CREATED,
)
async def create(
    request: Request,
    parts: PartsDep,
    store: StoreDep,
    caller: CallerDep,
    traceparent: Traceparent,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            description="Sent again within a day with the same plan, it gives the same"
            " benchmark and not another one.",
        ),
    ] = None,
    dry_run: Annotated[
        bool,
        Query(
            description="Queue nothing: answer with the number of calls, what they cost"
            " at worst and probably, and how long limits make it."
        ),
    ] = False,
    against: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=64,
            description="A baseline, or a benchmark: a plan that could not be compared"
            " with it is refused before it costs anything.",
            examples=["main"],
        ),
    ] = None,
) -> Response:
    """Checks everything, queues the plan and answers at once; costs nothing yet.

    A form is the short spelling of a plan: its prompt file has a prompt on each line.
    """
    expanded, about, warnings = await read_submission(request, parts)
    plan = expanded.plan
    if against is not None:
        await check_against(parts, store, plan, against)
    warnings += await check_key(plan, parts, dry_run=dry_run)
    if dry_run:
        return json_of(Quoted.of(await quoted(plan, parts, store), warnings))
    prices = await checked_prices(plan, parts)
    warnings += await warnings_of(plan, prices, parts, store)
    run = await queue(
        store,
        parts.settings,
        expanded,
        warnings=warnings,
        said_key=idempotency_key,
        prices=prices,
        traceparent=traceparent,
        about=about,
        owner=caller.token,
    )
    wait_s = wait_asked_s(request.headers.getlist("prefer"))
    if wait_s:
        waiting = ended_within(parts, store, run.job_id, wait_s)
        job = await unless_gone(request, waiting)
        if job is not None:
            applied = {
                "Preference-Applied": f"wait={wait_s}",
                "Location": f"/benchmark/{run.job_id}",
            }
            return json_of(job, headers=applied)
    return accepted(run, run.warnings)


@router.get(
    "",
    operation_id="list_benchmarks",
    summary="List benchmarks",
    response_model=Listing,
    responses=responses("invalid", "no-store", "store-down", "busy"),
)
async def listing(
    store: StoreDep,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[
        str | None,
        Query(description="Only those made before this one.", examples=[EXAMPLE]),
    ] = None,
    tag: Annotated[
        list[Said] | None,
        Query(description="With this tag. Repeated: with each of them."),
    ] = None,
    model: Annotated[
        list[Said] | None,
        Query(description="With this in a target's name. Repeated: with one of them."),
    ] = None,
    status: Annotated[
        list[Status] | None,
        Query(description="In this state. Repeated: in one of them."),
    ] = None,
    target: Annotated[
        list[Said] | None,
        Query(
            description="With this target: its name, or its model. Repeated: with one"
            " of them."
        ),
    ] = None,
    since: Annotated[SinceTime, Query(description="Queued then or later.")] = None,
    until: Annotated[SinceTime, Query(description="Queued before.")] = None,
    text: Annotated[
        Said | None,
        Query(description="With this in id, name, note, tags, submitter or targets."),
    ] = None,
) -> Listing:
    """Newest first. `next` is where the next page is.

    Capitals count nowhere. One request looks through 2,000 benchmarks at most: where
    they are not enough, a page has fewer than `limit`, or none, and `next` goes on.
    """
    if before is not None and not is_job_id(before):
        raise NoSuchRun(repr(before[:40]))
    wanted = Filter(
        tags=tuple(tag or ()),
        models=tuple(model or ()),
        targets=tuple(target or ()),
        since_s=seconds_of(since),
        until_s=seconds_of(until),
        statuses=tuple(status or ()),
        text=text,
    )
    async with store.access.deadline():
        page, last = await search(store.views.page, wanted, limit, before)
    after = None
    if last is not None:
        asked = {"limit": limit, "before": last, **wanted.asked()}
        after = f"/benchmark?{urlencode(asked, doseq=True)}"
    return Listing(jobs=[listed(run) for run in page], next=after)


@router.get(
    "/{job_id}",
    operation_id="get_benchmark",
    summary="Show a benchmark",
    response_model=Job,
    responses=responses(
        *("no-such-run", "newer-record", "unreadable"),
        *("no-store", "store-down", "busy"),
    ),
)
async def show(job_id: JobId, store: StoreDep) -> Response:
    """The plan, the progress, and after the end the result."""
    async with store.access.deadline():
        job = await store.views.job(job_id)
    return json_of(job)
