"""Exclusive runs: alone on their upstream over all workers, in the order of creation.

The store refuses a claim beside a run that is measured alone (`claim.lua`). That alone
would starve an exclusive run where others follow one another, so whoever is younger
yields: it does not begin before it. What has begun goes on to its end.
"""

from collections.abc import Container, Iterable

from shared.clock import wall_s
from shared.run import Run, Status

Turn = tuple[float, bool, str]


def turn_of(run: Run) -> Turn:
    """Where a run stands in the order of creation; of those of one millisecond an
    exclusive one comes last."""
    return run.created_at, run.exclusive, run.job_id


def first_alone(found: Iterable[Run], unreadable: Container[str]) -> Turn | None:
    """The turn of the oldest exclusive run that waits to be worked on; None for none.

    unreadable: ids of runs on which nobody can work; they keep nobody waiting.
    """
    wanting = (run for run in found if run.exclusive and _wants(run))
    turns = (turn_of(run) for run in wanting if run.job_id not in unreadable)
    return min(turns, default=None)


def _wants(run: Run) -> bool:
    """One that is running has its place already, and one that waits for a limit leaves
    the upstream to others until that opens."""
    if run.status is Status.WAITING:
        return run.until is None or run.until <= wall_s()
    return run.status is Status.QUEUED
