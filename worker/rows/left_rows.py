"""Rows that dead workers of this machine left on its disk are committed at a start.

A dead worker's shards are another matter: who claims next takes over what it had in
hand (`shared/store/lua/claim.lua`).
"""

import logging
from contextlib import suppress

from redis.asyncio import Redis

from shared.errors import NewerRecord, NoSuchRun
from shared.files import set_aside
from shared.money import account_of
from shared.plan import next_step
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import runs, slots, states
from shared.store.run.leases import Lease
from worker.advance import Measure, step_over
from worker.rows import spool
from worker.rows.spool import Left, left_behind

log = logging.getLogger("worker.rows.left_rows")

_BATCH = 500
"""Rows of one commit."""


async def bring_left_rows(redis: Redis, settings: Settings, measure: Measure) -> None:
    """Commit what dead workers of this machine kept on disk while the store was away.

    Rows whose run is over, or whose slot is closed, are refused by the store and
    forgotten: what was counted is final. A file that cannot be brought stays, and
    hides no other. Raises what the store raises when it is away.
    """
    await _forget_purged(redis, settings)
    with left_behind(settings.spool_dir) as files:
        for file in files:
            try:
                await _bring(redis, settings, spool.read(file), measure)
            except AWAY:
                raise
            except (OSError, NewerRecord) as error:
                job_id = file.name.partition(".")[0]
                log.error("rows of %s stay in SPOOL_DIR: %s", job_id, error)
            except Exception:
                log.exception("the rows in %s stay in SPOOL_DIR", file)


async def _forget_purged(redis: Redis, settings: Settings) -> None:
    """Delete the rows under `lost` whose run was purged since they were put there."""
    for job_id, rows in set_aside(settings.spool_dir).items():
        if await runs.is_purged(redis, job_id):
            for file in rows:
                with suppress(OSError):  # it is tried again at the next start
                    file.unlink(missing_ok=True)


async def _bring(
    redis: Redis, settings: Settings, left: Left, measure: Measure
) -> None:
    job_id = left.job_id
    try:
        run = await runs.load(redis, job_id)
        plan = await runs.plan_of(redis, job_id)
    except NoSuchRun:
        if await runs.is_purged(redis, job_id):
            left.file.unlink(missing_ok=True)
            return
        log.error(
            "the store has no benchmark %s any more; its %d rows are in %s",
            job_id,
            len(left.entries),
            spool.set_aside(settings.spool_dir, left),
        )
        return
    step = next_step(plan, await states.finished(redis, job_id))
    if step is not None and step.number == left.step:
        lease = Lease(*(job_id, step, left.shard, 1, left.epoch, run.segment, 0, 0, 0))
        accepted, is_over = 0, False
        for at in range(0, len(left.entries), _BATCH):
            done = await slots.commit(
                redis,
                lease,
                left.entries[at : at + _BATCH],
                max_answers_bytes=settings.max_answers_bytes,
                max_error_share=plan.max_error_share,
                account=account_of(settings),
            )
            accepted += sum(done.accepted)
            is_over = is_over or done.step_over
        log.info("%d rows left for %s were brought", accepted, job_id)
        if is_over:
            await step_over(redis, plan, run, step, measure)
    left.file.unlink()
