"""What FastAPI hands to an endpoint: the parts, a checked job id, the trace.

All of them are coroutines: FastAPI runs any other function in a thread, and a request
that goes to a thread and back twice takes a fifth longer.
"""

from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request
from fastapi.dependencies.models import Dependant

from api.access import caller_of
from api.errors import Problem, invalid
from api.parts import Parts, Store
from shared import tracing
from shared.access import Caller
from shared.errors import NoSuchRun
from shared.near import meant
from shared.run import is_id_prefix, is_job_id
from shared.settings import DEFAULT
from shared.upstream import Contact

EXAMPLE = "01JZ8M5T7Q4W9E2R6Y8V0B3N5C"

LEAST_PREFIX = 4
"""Characters that the beginning of an id needs, as `is_id_prefix` has it."""

_MOST_NAMED = 5
"""Of the ids that a beginning may mean so many are named."""


async def _caller(request: Request) -> Caller:
    caller = caller_of(request)
    if caller is None:  # a public route knows nobody, and shows nothing of anybody
        return Caller(frozenset())
    return caller


CallerDep = Annotated[Caller, Depends(_caller)]


async def _parts(request: Request, caller: CallerDep) -> Parts:
    parts: Parts = request.app.state.parts
    return parts.of(caller)


PartsDep = Annotated[Parts, Depends(_parts)]


async def _contact(
    parts: PartsDep,
    upstream: Annotated[
        str,
        Query(
            max_length=100,
            description="The upstream: `default`, or a name that `/upstreams` lists.",
            examples=["default"],
        ),
    ] = DEFAULT,
) -> Contact:
    # On the loop, to which the contact's connections belong: it may be a new one.
    return parts.contacts.of(upstream)


ContactDep = Annotated[Contact, Depends(_contact)]
"""With the upstream that `?upstream=` names; BadPlan where there is none."""


async def _store(parts: PartsDep) -> Store:
    return _store_of(parts)


def _store_of(parts: Parts) -> Store:
    if parts.store is None:
        raise Problem(
            "no-store",
            "This server has no store, so it has no benchmarks. Set REDIS_URL, or start"
            " everything with `llmbench up`.",
        )
    return parts.store


StoreDep = Annotated[Store, Depends(_store)]


async def _job_id(
    job_id: Annotated[
        str,
        Path(
            description="What POST /benchmark answered with, or the beginning of it:"
            " four characters or more, and no other id begins so.",
            examples=[EXAMPLE],
        ),
    ],
    parts: PartsDep,
) -> str:
    return await whole_id(job_id, parts)


async def whole_id(job_id: str, parts: Parts) -> str:
    """The id that begins so, of those that are shown to who asks. Raises NoSuchRun,
    and Problem where several do."""
    said = job_id.upper()
    if is_job_id(said):
        if parts.store is not None and parts.store.views.hides:
            async with parts.store.access.deadline():
                await parts.store.views.check(said)
        return said
    if len(said) < LEAST_PREFIX:
        raise Problem(
            "no-such-run",
            f"{job_id!r} is too short for the beginning of an id: give"
            f" {LEAST_PREFIX} characters or more.",
        )
    if not is_id_prefix(said):
        raise NoSuchRun(repr(job_id[:40]))
    store = _store_of(parts)
    async with store.access.deadline():
        found = await store.views.ids(said)
    if not found:
        raise NoSuchRun(f"whose id begins with {said}")
    if len(found) > 1:
        more = f" and {len(found) - _MOST_NAMED} more" * (len(found) > _MOST_NAMED)
        raise Problem(
            "ambiguous-id",
            f"{len(found)} benchmarks begin with {said}:"
            f" {', '.join(found[:_MOST_NAMED])}{more}. Give more of the id.",
            suggestions=found[:_MOST_NAMED],
        )
    return found[0]


JobId = Annotated[str, Depends(_job_id)]


async def known_query(request: Request) -> None:
    """Refuses a parameter of the URL that the path does not have: one that is passed
    over would be taken for obeyed."""
    if not request.query_params:
        return
    route = request.scope["route"]
    known = sorted(_query_names(route.dependant))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise invalid(
            (name[:40], f"There is no such parameter. {meant(name[:100], known)}")
            for name in unknown
        )


def _query_names(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*map(_query_names, dependant.dependencies))


async def _traceparent(
    traceparent: Annotated[
        str | None,
        Header(
            description="W3C Trace Context: its spans and calls belong to this trace.",
            examples=["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
        ),
    ] = None,
) -> str | None:
    return tracing.received(traceparent)


Traceparent = Annotated[str | None, Depends(_traceparent)]
"""Where the request stands in a trace; None: in none."""
