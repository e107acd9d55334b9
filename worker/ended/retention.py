"""Old results are deleted: by age, and the oldest ones when they take too much room.

Only folders of runs are, so never `examples`, and none of a run that the store holds
open or that is a baseline. Off unless RESULTS_KEEP_DAYS or RESULTS_MAX_GIB is set.
"""

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path

from redis.asyncio import Redis

from shared import archive, baselines
from shared.clock import wall_s
from shared.files import delete_results
from shared.settings import Settings
from shared.standards.units import DAY_S
from shared.store import baselines as stored
from shared.store import keys

log = logging.getLogger("worker.ended.retention")

EVERY_S = 3600


async def keep_to_limits(redis: Redis, settings: Settings) -> None:
    """Delete what is over the limits, once an hour.

    Whichever worker comes first does it: its lock stays until it lapses.
    """
    if settings.results_keep_days is None and settings.results_max_gib is None:
        return
    if not await redis.set(keys.RETENTION, "1", nx=True, ex=EVERY_S):
        return
    # by ids alone: records of a later version cannot be read, and must not be lost
    spared = {job_id.decode() for job_id in await redis.zrange(keys.OPEN, 0, -1)}
    named = baselines.together(
        await stored.known(redis),
        await asyncio.to_thread(baselines.kept, settings.results_dir),
    )
    spared |= {each.job_id for each in named.values()}
    gone = await asyncio.to_thread(sweep, settings, spared)
    if gone:
        log.info("the results of %d old benchmarks were deleted", len(gone))


def sweep(settings: Settings, spared: Collection[str]) -> list[str]:
    """Delete the folders that are too old, then the oldest while all take too much;
    the ids of the runs whose files are gone.

    A folder is as old as the last file that came into it. `spared` are not deleted,
    but their bytes count.
    """
    folders = [settings.results_dir / i for i in archive.ids(settings.results_dir)]
    found = sorted(size for folder in folders if (size := _measured(folder)))
    room = sum(bytes_ for _, _, bytes_ in found)
    too_old_s, most = float("-inf"), float("inf")
    if settings.results_keep_days is not None:
        too_old_s = wall_s() - settings.results_keep_days * DAY_S
    if settings.results_max_gib is not None:
        most = settings.results_max_gib * 2**30
    gone = []
    for changed_s, folder, bytes_ in found:
        if folder.name in spared or (changed_s >= too_old_s and room <= most):
            continue
        if delete_results(folder):
            room -= bytes_
            gone.append(folder.name)
    return gone


def _measured(folder: Path) -> tuple[float, Path, int] | None:
    """(Unix seconds of its newest file, the folder, its bytes); None where it vanishes
    meanwhile or cannot be read, which is logged."""
    try:
        newest_s = max(file.stat().st_mtime for file in [folder, *folder.iterdir()])
        files = (file.stat() for file in folder.rglob("*") if file.is_file())
        return newest_s, folder, sum(file.st_size for file in files)
    except FileNotFoundError:
        return None
    except OSError as error:
        log.error("old results cannot be looked into: %s", error)
        return None
