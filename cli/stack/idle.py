"""Whether a stack that is started for one benchmark would work on that one alone."""

from pathlib import Path

from shared.errors import BenchError
from shared.run import Run, Status
from shared.store.client import connect
from shared.store.run import runs

_RESTS = (Status.PAUSED, Status.REDUCING)
"""In these no call is made, unless somebody asks for it."""

_MOST_NAMED = 3


class OpenJobs(BenchError):
    """Workers of this store would go on with other benchmarks."""


async def check_idle(store_url: str, data_dir: Path) -> None:
    """Raise OpenJobs where the store has benchmarks that its workers would go on with:
    they would be paid for unasked, and be measured beside the new one."""
    redis = connect(store_url)
    try:
        found = [run for run in await runs.open_runs(redis) if run.status not in _RESTS]
    finally:
        await redis.aclose()
    if found:
        raise OpenJobs(_sentence(found, data_dir))


def _sentence(found: list[Run], data_dir: Path) -> str:
    named = ", ".join(f"{run.job_id} ({run.status})" for run in found[:_MOST_NAMED])
    more = len(found) - _MOST_NAMED
    named += f" and {more} more" if more > 0 else ""
    return (
        f"Nothing was begun: in {data_dir} there are benchmarks that have not ended,"
        f" and a stack of this folder would go on with them: {named}. `llmbench up`"
        " does so, and beside it `llmbench cancel JOB` ends one and `llmbench list`"
        " shows them all. To leave them as they are: --data-dir DIR"
    )
