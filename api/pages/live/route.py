"""The page of a run that goes on, and the pictures of it that follow."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.deps import JobId, PartsDep, StoreDep
from api.live import EventStream
from api.pages.live.feed import Feeds
from api.pages.shell import page
from api.parts import Parts, Store

router = APIRouter(include_in_schema=False)


def _feeds(request: Request) -> Feeds:
    state = request.app.state
    if not hasattr(state, "live_feeds"):
        state.live_feeds = Feeds()
    found: Feeds = state.live_feeds
    return found


async def live_page(
    request: Request, job_id: str, parts: Parts, store: Store
) -> Response | None:
    """As it is now; None where the run has ended meanwhile."""
    feed = _feeds(request).of(store, job_id, parts.settings.lease_s)
    picture = await feed.picture()
    if picture.ended:
        return None
    said = {**picture.context, "pieces": picture.pieces, "charts_now": picture.charts}
    return page(request, "run/live.html", **said)


@router.get("/runs/{job_id}/live")
async def follow(
    request: Request, job_id: JobId, parts: PartsDep, store: StoreDep
) -> EventStream:
    """Pictures as server-sent events: each is whole, so none need be sent again."""
    feeds = _feeds(request)
    feeds.check_room()
    async with store.access.deadline():
        await store.views.job(job_id)  # or it is told that there is none
    feed = feeds.of(store, job_id, parts.settings.lease_s)
    return EventStream(feed.events(parts.stopping))
