"""All definitions on one page, each with an address of its own."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.pages.shell import page
from api.pages.shell.definitions import definitions

router = APIRouter(include_in_schema=False)


@router.get("/definitions")
async def shown(request: Request) -> Response:
    """Every name of docs/metrics.md, and what it means."""
    return page(request, "definitions.html", every=definitions().values())
