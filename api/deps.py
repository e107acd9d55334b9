"""What endpoints share: made at the start, handed to them by FastAPI."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from redis.asyncio import Redis

from api.account_page import AccountPage
from api.asking import Asking
from api.errors import Problem
from api.feed import Feed
from api.traffic import Traffic
from api.view import Views
from shared import tracing
from shared.errors import NoSuchRun
from shared.run import is_job_id
from shared.settings import Settings
from shared.upstream import Catalogue, Contact

EXAMPLE = "01JZ8M5T7Q4W9E2R6Y8V0B3N5C"


@dataclass(frozen=True, slots=True)
class Store:
    """The store, and what is kept of it in this process."""

    redis: Redis
    views: Views
    feed: Feed
    asking: Asking = field(default_factory=Asking)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the process has."""

    contact: Contact
    account_page: AccountPage
    store: Store | None
    traffic: Traffic
    stopping: Callable[[], bool]
    """Whether the server was told to end; long answers look at it twice a second."""
    large: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by who reads a large plan."""

    @property
    def settings(self) -> Settings:
        """With what is known of the upstream by now."""
        return self.contact.settings

    @property
    def catalogue(self) -> Catalogue:
        """The upstream's models."""
        return self.contact.catalogue


def _parts(request: Request) -> Parts:
    parts: Parts = request.app.state.parts
    return parts


PartsDep = Annotated[Parts, Depends(_parts)]


def _store(parts: PartsDep) -> Store:
    if parts.store is None:
        raise Problem(
            "no-store",
            "This server has no store, so it has no benchmarks. Set REDIS_URL, or start"
            " everything with `llmbench up`.",
        )
    return parts.store


StoreDep = Annotated[Store, Depends(_store)]


def _job_id(
    job_id: Annotated[
        str, Path(description="What POST /benchmark answered with.", examples=[EXAMPLE])
    ],
) -> str:
    if not is_job_id(job_id):
        raise NoSuchRun(repr(job_id[:40]))
    return job_id


JobId = Annotated[str, Depends(_job_id)]


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
