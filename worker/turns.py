"""In which order open runs are claimed: by turns of their submitters, and an exclusive
run alone on its upstream.

The store refuses a claim beside a run that is measured alone (`claim.lua`). That would
starve an exclusive run where others follow one another, so a younger run yields: it
does not begin before it. What has begun goes on to its end.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType

from shared.clock import wall_s
from shared.run import Run, Status

_CLAIMABLE = (Status.RUNNING, Status.QUEUED, Status.WAITING)

NO_TURNS: Mapping[str, float] = MappingProxyType({})

Age = tuple[float, bool, str]


def fair(found: Iterable[Run], turns: Mapping[str, float] = NO_TURNS) -> list[Run]:
    """Claimable runs in the order in which to claim them.

    Running ones keep their turn, so that a lapsed shard is taken over first. Then
    round robin over submitters: whoever has fewer runs under way, and of those the one
    whose last turn (`turns`) is longest ago; each one's own runs by age.
    """
    claimable = [run for run in found if run.status in _CLAIMABLE]
    under_way = Counter(
        run.submitter for run in claimable if run.status is Status.RUNNING
    )
    order: list[tuple[bool, int, float, Run]] = []
    for run in claimable:
        if run.status is Status.RUNNING:
            order.append((False, 0, 0.0, run))
        else:
            order.append(
                (True, under_way[run.submitter], turns.get(run.submitter, 0.0), run)
            )
            under_way[run.submitter] += 1
    return [run for *_, run in sorted(order, key=lambda each: each[:3])]


def age_of(run: Run) -> Age:
    """Orders runs by their creation, the oldest first; of those of one millisecond an
    exclusive one comes last."""
    return run.created_at, run.exclusive, run.job_id


def first_exclusive(found: Iterable[Run], unreadable: Container[str]) -> Age | None:
    """The age of the oldest exclusive run that waits to be worked on; None for none.

    unreadable: ids of runs on which nobody can work; they keep nobody waiting.
    """
    waiting = (run for run in found if run.exclusive and _may_begin(run))
    ages = (age_of(run) for run in waiting if run.job_id not in unreadable)
    return min(ages, default=None)


def _may_begin(run: Run) -> bool:
    """A running one has its place already, and one that waits for a limit leaves the
    upstream to others until that opens."""
    if run.status is Status.WAITING:
        return run.until is None or run.until <= wall_s()
    return run.status is Status.QUEUED
