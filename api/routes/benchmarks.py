"""Benchmarks: asked for, shown, listed, cancelled."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.deps import (
    EXAMPLE,
    JobId,
    PartsDep,
    Store,
    StoreDep,
    Traceparent,
)
from api.errors import responses
from api.key import check_key
from api.prefer import ended_within, wait_asked_s
from api.presence import unless_gone
from api.pricing import Prices, checked_prices, quoted, warnings_of
from api.schemas import Accepted, Job, Listing, Quoted
from api.submission import form_schema, read_submission
from api.view import listed
from shared.errors import NoSuchRun, StoreDown, WrongState
from shared.plan import Plan, plan_json
from shared.queue import ring
from shared.run import Ending, Run, Status, is_job_id, new_job_id
from shared.settings import Settings
from shared.store import durable, workers
from shared.store.client import UNCHANGED, now_s
from shared.store.run import runs, states

router = APIRouter(prefix="/benchmark", tags=["benchmarks"])

NO_WORKER = "No worker is alive: it waits for one. Start `python -m worker`."

# The model is a router to some free model: these can be sent as they are.
PLAN_EXAMPLE = {
    "targets": [{"model": "openrouter/free"}],
    "prompts": {"kind": "inline", "prompts": ["Why is the sky blue?"]},
    "runs": 5,
    "load": {"kind": "concurrency", "concurrency": 8},
    "max_tokens": 512,
    "stream": True,
}
_BODY = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"$ref": "#/components/schemas/Plan"},
            "example": PLAN_EXAMPLE,
        },
        "multipart/form-data": {"schema": form_schema()},
    },
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "description": "`wait=N` (RFC 7240): wait for the end up to N seconds, at most 60.",
    "schema": {"type": "string"},
    "examples": {"now": {"value": "respond-async"}, "later": {"value": "wait=10"}},
}


@router.post(
    "",
    summary="Queue a benchmark",
    status_code=202,
    response_model=Accepted,
    openapi_extra={"requestBody": _BODY, "parameters": [_PREFER]},
    responses={
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
    },
)
async def create(
    request: Request,
    parts: PartsDep,
    store: StoreDep,
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
) -> Response:
    """Checks everything, queues the plan and answers at once; costs nothing yet.

    A form is the short spelling of a plan: its prompt file has a prompt on each line.
    """
    plan, warnings = await read_submission(request, parts)
    warnings += await check_key(parts, dry_run=dry_run)
    if dry_run:
        return answer(Quoted.of(await quoted(plan, parts, store), warnings))
    prices = await checked_prices(plan, parts)
    warnings += await warnings_of(plan, prices, parts, store)
    run = await _queue(
        store, plan, warnings, idempotency_key, prices, traceparent, parts.settings
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
            return answer(job, headers=applied)
    return accepted(run, run.warnings)


async def _queue(
    store: Store,
    plan: Plan,
    warnings: list[str],
    said_key: str | None,
    prices: Prices | None,
    traceparent: str | None,
    settings: Settings,
) -> Run:
    key = None
    if said_key is not None:
        body = await asyncio.to_thread(lambda: sha256(plan_json(plan)).hexdigest())
        key = runs.IdempotencyKey(plan.submitter, said_key, body)
    async with store.asking.promptly():
        await durable.check(store.redis, allow_volatile=settings.allow_volatile)
        alive = await workers.alive(store.redis, lease_s=settings.lease_s)
        job_id = new_job_id(await now_s(store.redis))
    if not alive:
        warnings.append(NO_WORKER)
    run = await store.asking.write(
        store.redis,
        lambda: runs.create(
            store.redis,
            plan,
            warnings=warnings,
            key=key,
            job_id=job_id,
            prices=prices,
            traceparent=traceparent,
        ),
        perhaps_queued(job_id, said_key),
    )
    await wake(store, run.job_id, min(len(alive), plan.load.most_lanes()))
    return run


def perhaps_queued(job_id: str, said_key: str | None) -> str:
    """What to say and do when nobody knows whether a benchmark was queued."""
    remedy = (
        f"GET /benchmark/{job_id} tells once the store is back; what is sent again"
        " without an Idempotency-Key may be a second one."
        if said_key is None
        else "Send the same again with the same Idempotency-Key: it gives the same one."
    )
    return (
        f"The store fell silent while benchmark {job_id} was queued, so it may be there"
        f" or not. {remedy}"
    )


async def wake(store: Store, job_id: str, times: int = 1) -> None:
    """Ring for so many workers. One that hears nothing looks by itself, so nobody is
    told of a ring that was lost."""
    with suppress(StoreDown):
        async with store.asking.promptly():
            await ring(store.redis, job_id, max(1, times))


@router.get(
    "",
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
) -> Listing:
    """Newest first. `next` is where the next page is."""
    if before is not None and not is_job_id(before):
        raise NoSuchRun(repr(before[:40]))
    async with store.asking.promptly():
        found = await store.views.page(limit + 1, before)
    page, more = found[:limit], found[limit:]
    after = f"/benchmark?limit={limit}&before={page[-1].job_id}" if more else None
    return Listing(jobs=[listed(run) for run in page], next=after)


@router.get(
    "/{job_id}",
    summary="Show a benchmark",
    response_model=Job,
    responses=responses(
        *("no-such-run", "newer-record", "unreadable"),
        *("no-store", "store-down", "busy"),
    ),
)
async def show(job_id: JobId, store: StoreDep) -> Response:
    """The plan, the progress, and after the end the result."""
    async with store.asking.promptly():
        job = await store.views.job(job_id)
    return answer(job)


@router.delete(
    "/{job_id}",
    summary="Cancel a benchmark",
    status_code=202,
    response_model=Job,
    responses={
        200: {"model": Job, "description": "It was cancelled before."},
        202: {"description": "It ends now; what was measured is kept."},
        **responses(
            "no-such-run",
            "wrong-state",
            "no-store",
            "store-down",
            "busy",
            "outcome-unknown",
        ),
    },
)
async def cancel(job_id: JobId, store: StoreDep) -> Response:
    """No call begins a second later; partial results are reduced and kept.

    May be asked again. One that has ended by itself is a 409.
    """
    changed = UNCHANGED
    with suppress(NoSuchRun, WrongState):  # ended, here or in the results folder
        await store.asking.write(
            store.redis,
            lambda: states.end(store.redis, job_id, Ending.CANCELLED),
            perhaps(job_id, "cancelled"),
        )
        changed = f"benchmark {job_id} ends"
        await wake(store, job_id)
    async with store.asking.promptly(changed):
        job = await store.views.job(job_id)
    if job.ending != Ending.CANCELLED:
        raise WrongState(
            f"Benchmark {job_id} is {job.status} ({job.ending}); it has nothing left to"
            " cancel."
        )
    return answer(job, 200 if job.status is Status.CANCELLED else 202)


def perhaps(job_id: str, done: str) -> str:
    """What to say when nobody knows whether this was done to a benchmark."""
    return (
        f"The store fell silent while benchmark {job_id} was {done}, so it may be, or"
        " not. Ask for it again; twice is as good as once."
    )


def accepted(run: Run, warnings: Sequence[str]) -> Response:
    """202: the run was queued, and here is where to look."""
    url = f"/benchmark/{run.job_id}"
    body = Accepted(
        job_id=run.job_id,
        status=run.status,
        status_url=url,
        events_url=f"{url}/events",
        warnings=list(warnings),
    )
    return answer(body, 202, {"Location": url})


def answer(
    model: BaseModel, status: int = 200, headers: dict[str, Any] | None = None
) -> Response:
    """A model as JSON."""
    return Response(model.model_dump_json(), status, headers, "application/json")
