"""What is looked for among benchmarks: by tag, target, state, time or some text."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from api.schemas import Listed
from shared.clock import utc_label
from shared.run import Run, Status

MOST_LOOKED = 2000
"""Runs that one request looks through; the next page goes on behind them."""
_BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which runs; what is empty asks for nothing. Capitals do not count."""

    tags: tuple[str, ...] = ()
    """All of them."""
    models: tuple[str, ...] = ()
    """One of them, as a part of a target's name."""
    targets: tuple[str, ...] = ()
    """One of them, whole: the label of a target, or its model."""
    since_s: float | None = None
    """Made then or later, Unix seconds."""
    until_s: float | None = None
    """Made before."""
    statuses: tuple[Status, ...] = ()
    """One of them."""
    text: str | None = None

    def fits(self, run: Run) -> bool:
        """Whether it is one of those that are wanted."""
        about = run.about
        tags = {tag.casefold() for tag in about.tags}
        targets = [target.casefold() for target in run.targets]
        said = (run.job_id, about.name, about.note, run.submitter, *tags, *targets)
        text = (self.text or "").casefold()
        return (
            all(tag.casefold() in tags for tag in self.tags)
            and (not self.statuses or run.status in self.statuses)
            and (not self.models or _any_in(self.models, targets))
            and (not self.targets or self._has_target(targets))
            and (self.since_s is None or run.created_at >= self.since_s)
            and (self.until_s is None or run.created_at < self.until_s)
            and (not text or any(text in (each or "").casefold() for each in said))
        )

    def _has_target(self, labels: list[str]) -> bool:
        known = {*labels, *(label.rpartition("@")[0] for label in labels)}
        return any(target.casefold() in known for target in self.targets)

    def is_behind(self, run: Run) -> bool:
        """Whether this one, and all that are older, are too old."""
        return self.since_s is not None and run.created_at < self.since_s

    def asked(self) -> dict[str, Any]:
        """The same as parameters of a query."""
        said = {"tag": self.tags, "model": self.models, "status": self.statuses}
        said["target"] = self.targets
        lists = {name: list(map(str, each)) for name, each in said.items() if each}
        times = {"since": self.since_s, "until": self.until_s}
        ends = {name: utc_label(at) for name, at in times.items() if at is not None}
        return lists | ends | ({"text": self.text} if self.text else {})


def _any_in(parts: tuple[str, ...], texts: list[str]) -> bool:
    return any(part.casefold() in text for part in parts for text in texts)


async def search(
    page: Callable[[int, str | None], Awaitable[list[Run]]],
    wanted: Filter,
    limit: int,
    before: str | None,
) -> tuple[list[Run], str | None]:
    """Up to `limit` runs that are wanted, newest first, made before the run `before`;
    and the run before which to go on, or None where there are no more.

    page: up to so many runs, newest first, made before one.
    """
    size = limit + 1 if wanted == Filter() else _BATCH
    found: list[Run] = []
    looked = 0
    while len(found) <= limit:
        batch = await page(size, before)
        found += filter(wanted.fits, batch)
        looked += len(batch)
        is_over = len(batch) < size or (batch and wanted.is_behind(batch[-1]))
        if is_over and len(found) <= limit:
            return found, None
        before = batch[-1].job_id
        if looked >= MOST_LOOKED and len(found) <= limit:
            return found, before
    return found[:limit], found[limit - 1].job_id


def listed(run: Run) -> Listed:
    """A run's line in the list."""
    return Listed(
        job_id=run.job_id,
        status=run.status,
        targets=list(run.targets),
        submitter=run.submitter,
        name=run.about.name,
        tags=list(run.about.tags),
        closed=run.closed,
        failed=run.failed,
        total=run.total,
        created_at=utc_label(run.created_at),
        ended_at=None if run.ended_at is None else utc_label(run.ended_at),
        status_url=f"/benchmark/{run.job_id}",
    )
