"""What a target has come to, run by run, in the order of time."""

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.deps import PartsDep, StoreDep
from api.errors import responses
from api.parts import Filter, search
from api.parts.times import SinceTime, seconds_of
from shared import archive
from shared.clock import utc_label
from shared.errors import NewerRecord, NoSuchRun, Unreadable
from shared.fields import Moment
from shared.run import Run, Status

log = logging.getLogger("api.comparing.history")

router = APIRouter(tags=["benchmarks"])

MOST = 200
METRICS = ("ttft", "latency", "tpot")
"""Whose medians are told."""


class PointInTime(BaseModel):
    """One figure of one benchmark."""

    value: float | None = Field(description="Null: not known, or the verdict bars it.")
    low: float | None = Field(description="Lower end of its 95 % interval; null: none.")
    high: float | None = Field(description="The upper end.")
    n: int = Field(description="Of how many calls.")


class PastRun(BaseModel):
    """What the target came to in one benchmark."""

    job_id: str = Field(description="Which.")
    created_at: Moment = Field(description="When it was queued.")
    name: str | None = Field(description="Its name for people.")
    tags: list[str] = Field(description="Its tags.")
    target: str = Field(description="The target's name in it.")
    verdict: str | None = Field(description="Whether it can be believed.")
    ttft: PointInTime = Field(description="Median, seconds.")
    latency: PointInTime = Field(description="Median, seconds.")
    tpot: PointInTime = Field(description="Median, seconds.")
    success: PointInTime = Field(description="The share that succeeded.")
    usd_per_1000_good: PointInTime = Field(description="Billed USD.")


class History(BaseModel):
    """A target's benchmarks; each is one moment."""

    target: str = Field(description="As it was asked for.")
    runs: list[PastRun] = Field(description="The oldest first.")
    more: bool = Field(description="There are older ones: ask with `until`.")


@router.get(
    "/history",
    operation_id="get_history",
    summary="A target, run by run",
    response_model=History,
    responses=responses("invalid", "no-store", "store-down", "busy"),
)
async def history(
    parts: PartsDep,
    store: StoreDep,
    target: Annotated[
        str,
        Query(
            min_length=1,
            max_length=200,
            description="Its name, or its model.",
            examples=["acme/orca-70b-instruct:free"],
        ),
    ],
    tag: Annotated[
        list[str] | None,
        Query(description="Of benchmarks with this tag; repeated: with each."),
    ] = None,
    since: Annotated[SinceTime, Query(description="Queued then or later.")] = None,
    until: Annotated[SinceTime, Query(description="Queued before.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST, description="The newest of them.")] = 50,
) -> History:
    """Medians with their intervals, success and cost of each benchmark that is done.

    Figures of the whole benchmark: of a sweep its steps are pooled.
    """
    wanted = Filter(
        tags=tuple(tag or ()),
        targets=(target,),
        since_s=seconds_of(since),
        until_s=seconds_of(until),
        statuses=(Status.DONE,),
    )
    async with store.access.deadline():
        found, last = await search(store.views.page, wanted, limit, None)
    folder = parts.settings.results_dir
    past = await asyncio.to_thread(
        lambda: [each for run in reversed(found) for each in _of(run, target, folder)]
    )
    return History(target=target, runs=past, more=last is not None)


def _of(run: Run, target: str, results_dir: Path) -> list[PastRun]:
    """The target in one run, once for each provider that it was pinned to; nothing
    where the run's summary is not here."""
    try:
        result = archive.result_of(results_dir, run.job_id)
    except NoSuchRun:
        return []
    except (NewerRecord, Unreadable) as error:
        log.warning("%s", error)
        return []
    verdict = result.get("verdict") or {}
    barred = verdict.get("unusable") or ()
    return [
        PastRun(
            job_id=run.job_id,
            created_at=utc_label(run.created_at),
            name=run.about.name,
            tags=list(run.about.tags),
            target=figures["target"],
            verdict=verdict.get("kind"),
            **{name: _median(name, figures, barred) for name in METRICS},
            success=_success(figures),
            usd_per_1000_good=_cost(figures),
        )
        for figures in result.get("targets") or ()
        if target.casefold() in _names(figures)
    ]


def _names(figures: Mapping[str, Any]) -> tuple[str, str]:
    return figures["target"].casefold(), figures["model"].casefold()


def _median(name: str, figures: Mapping[str, Any], barred: Any) -> PointInTime:
    spread = figures.get(name) or {}
    found = spread.get("p50") or {}
    if name in barred or f"{name}.p50" in barred:
        found = {}
    ends = {end: found.get(end) for end in ("low", "high")}
    return PointInTime(value=found.get("point"), **ends, n=spread.get("n") or 0)


def _success(figures: Mapping[str, Any]) -> PointInTime:
    counts = figures["counts"]
    tried = counts["ok"] + counts["failed"] + counts["dropped"]
    share = counts["ok"] / tried if tried else None
    return PointInTime(value=share, low=None, high=None, n=tried)


def _cost(figures: Mapping[str, Any]) -> PointInTime:
    cost = figures["cost"]
    return PointInTime(
        value=cost["usd_per_1000_good"], low=None, high=None, n=cost["rows_reporting"]
    )
