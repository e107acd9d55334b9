"""Whether the process lives, and whether the service can do its work."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.deps import PartsDep
from api.errors import Problem, responses
from shared.errors import StoreDown
from shared.store import workers

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = Field(default="ok", description="Always the same.")


class Ready(BaseModel):
    """Benchmarks are taken and worked on."""

    status: Literal["ready"] = Field(default="ready", description="Always the same.")
    workers: int = Field(description="Workers heard of within a lease.", examples=[2])


@router.get(
    "/health", operation_id="get_health", summary="Is it alive?", responses=responses()
)
async def health() -> Alive:
    """Asks nobody: restart the process when this does not answer."""
    return Alive()


@router.get(
    "/health/ready",
    operation_id="get_readiness",
    summary="Can it work?",
    responses=responses("service-down"),
)
async def ready(parts: PartsDep) -> Ready:
    """503 names in `down` what is missing: `store`, `workers`."""
    if parts.store is None:
        raise _down("No store is set: set REDIS_URL, or start `llmbench up`.", "store")
    try:
        async with parts.store.access.deadline():
            alive = await workers.alive(
                parts.store.redis, lease_s=parts.settings.lease_s
            )
    except StoreDown as error:
        raise _down(str(error), "store") from None
    if not alive:
        raise _down("No worker is alive: start `python -m worker`.", "workers")
    return Ready(workers=len(alive))


def _down(detail: str, part: str) -> Problem:
    return Problem("service-down", detail, headers={"Retry-After": "5"}, down=[part])
