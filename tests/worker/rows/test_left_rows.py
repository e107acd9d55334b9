"""Rows that a dead worker left, of runs that were purged meanwhile."""

from pathlib import Path

from redis.asyncio import Redis

from shared.plan import Plan, steps
from shared.run import Ending, new_job_id
from shared.settings.settings import Settings
from shared.store.run import runs, states
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from worker.rows.left_rows import bring_left_rows
from worker.rows.spool import Spool

PLAN = Plan.model_validate(
    {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["Hi"]}, "runs": 1}
)


async def nothing(*_: object) -> float | None:
    return None


def left(root: Path, job_id: str) -> None:
    """A row in the folder of a process that has died since."""
    spool = Spool(root, f"there-1-{job_id[-4:].lower().translate(HEX)}")
    lease = Lease(*(job_id, steps(PLAN)[0], 0, 1, 1, 1, 0, 0, 0))
    spool.append(lease, [Entry(0, 0, "ok", 0, b"row")])
    spool.close()


HEX = {ord(c): "a" for c in "ghijklmnopqrstuvwxyz"}


def kept(root: Path) -> list[str]:
    return sorted(str(file.relative_to(root)) for file in root.rglob("*.rows"))


async def test_rows_of_a_purged_run_are_deleted_and_those_of_a_lost_one_kept(
    redis: Redis, tmp_path: Path
) -> None:
    settings = Settings(spool_dir=tmp_path)
    run = await runs.create(redis, PLAN)
    lost = new_job_id(1_000_000_000)
    for job_id in (run.job_id, lost):
        left(tmp_path, job_id)
    await states.end(redis, run.job_id, Ending.CANCELLED)
    over = await runs.load(redis, run.job_id)
    await states.finish(redis, over, {}, keep_s=60)
    await runs.purge(redis, run.job_id)
    await bring_left_rows(redis, settings, nothing)
    assert kept(tmp_path) == [f"lost/{lost}.0.0.1.rows"]
    # one that was set aside before it was purged goes at the next start
    (tmp_path / "lost" / f"{run.job_id}.0.0.1.rows").write_bytes(b"row")
    await bring_left_rows(redis, settings, nothing)
    assert kept(tmp_path) == [f"lost/{lost}.0.0.1.rows"]
