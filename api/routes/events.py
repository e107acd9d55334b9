"""A benchmark's events, as they happen."""

from typing import Annotated

from fastapi import APIRouter, Header

from api.deps import JobId, PartsDep, StoreDep
from api.errors import responses
from api.live import EventStream, follower_of

router = APIRouter(prefix="/benchmark", tags=["benchmarks"])

_EXAMPLE = (
    'id: 1795420801250-0\nevent: snapshot\ndata: {"job_id":"..."}\n\n'
    'id: 1795420801500-0\nevent: progress\ndata: {"progress":{"closed":3}}\n\n'
    'id: 1795420802000-0\nevent: done\ndata: {"job_id":"..."}\n\n'
)


@router.get(
    "/{job_id}/events",
    operation_id="follow_benchmark",
    summary="Follow a benchmark",
    status_code=200,
    response_class=EventStream,
    responses={
        200: {
            "description": "Server-sent events: `snapshot` first, then `state` and"
            " `progress`, at last one `done`; `snapshot` and `done` carry the body of"
            " GET /benchmark/{job_id}.",
            "content": {
                "text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}
            },
        },
        **responses(
            "no-such-run", "newer-record", "no-store", "store-down", "too-many-watchers"
        ),
    },
)
async def events(
    job_id: JobId,
    parts: PartsDep,
    store: StoreDep,
    last_event_id: Annotated[
        str | None, Header(description="Go on after this event.")
    ] = None,
) -> EventStream:
    """Ends with the run. With `Last-Event-ID` nothing is told twice or left out."""
    store.watchers.check_room()
    follower = await follower_of(store, job_id, last_event_id)
    return EventStream(follower.events(parts.stopping))
