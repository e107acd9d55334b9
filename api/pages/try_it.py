"""One prompt against a few targets at once: `POST /generate` for each, side by side."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.deps import PartsDep
from api.pages.shell import page

router = APIRouter(include_in_schema=False)

MOST_TARGETS = 4


@router.get("/try")
async def try_it(request: Request, parts: PartsDep) -> Response:
    """The page; what is asked goes past it."""
    return page(request, "try.html", places=range(MOST_TARGETS))
