"""What keeps runs going when a worker, a ring or a message was lost.

Every worker does this at every tick, and it is safe that several do it at once: each
change is one script in the store that happens once. The claim itself hands on what a
silent worker had in hand (`shared/store/lua/claim.lua`).
"""

import asyncio
import logging
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from redis.asyncio import Redis

from shared.errors import NewerRecord, NoSuchRun
from shared.limits import account_of
from shared.plan import Finished, Plan, Step, next_step
from shared.run import Ending, Run, Status
from shared.settings import Settings
from shared.store import keys, runs, slots
from shared.store.slots import Lease
from worker.spool import left_behind, set_aside

log = logging.getLogger("worker.reaper")

_CLAIMABLE = (Status.RUNNING, Status.QUEUED, Status.WAITING)


NO_TURNS: Mapping[str, float] = MappingProxyType({})


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


async def current_step(
    redis: Redis, plan: Plan, run: Run, settings: Settings
) -> Step | None:
    """The step to claim a shard of; goes on to the next one where a worker died
    between a step's last row and that, and past a step in which nothing is to do."""
    step = next_step(plan, await runs.finished(redis, run.job_id))
    if step is None or step.number != run.step:
        return None  # it moved while we looked
    if not await slots.is_over(redis, run.job_id, step):
        return step
    await advance(redis, plan, run.job_id, step, settings)
    return None


async def advance(
    redis: Redis, plan: Plan, job_id: str, step: Step, settings: Settings
) -> None:
    """A step is over: go on to the next one, or to the reduce.

    A search needs the step's goodput for that, which takes pandas and so a process of
    its own.
    """
    if plan.find is not None and not step.warmup:
        await reduce(redis, job_id, settings)
        return
    over = await runs.finished(redis, job_id)
    if len(over) == step.number:
        await go_on(redis, plan, job_id, [*over, Finished(step.number)])


async def go_on(redis: Redis, plan: Plan, job_id: str, over: list[Finished]) -> None:
    """To what follows when the steps `over` are; the last of them has just ended."""
    step = next_step(plan, over)
    ending = Ending.COMPLETED if plan.find is None else Ending.FIND
    to = None if step is None else step.number
    await runs.advance(redis, job_id, over[-1], to, ending)


async def bring_left_rows(redis: Redis, settings: Settings) -> None:
    """Commit what dead workers of this machine kept on disk while the store was away.

    Rows whose run is over, or whose slot is closed, are refused by the store and
    forgotten: what was counted is final.
    """
    with left_behind(settings.spool_dir) as files:
        for left in files:
            job_id = left.job_id
            try:
                run = await runs.load(redis, job_id)
                plan = await runs.plan_of(redis, job_id)
            except NoSuchRun:
                log.error(
                    "the store has no benchmark %s any more; its %d rows are in %s",
                    job_id,
                    len(left.entries),
                    set_aside(settings.spool_dir, left),
                )
                continue
            except NewerRecord as error:
                log.error("rows of %s stay in SPOOL_DIR: %s", job_id, error)
                continue
            step = next_step(plan, await runs.finished(redis, job_id))
            if step is not None and step.number == left.step:
                lease = Lease(
                    *(job_id, step, left.shard, 1, left.epoch, run.segment, 0, 0, 0)
                )
                done = await slots.commit(
                    redis,
                    lease,
                    left.entries,
                    max_answers_bytes=settings.max_answers_bytes,
                    max_error_share=plan.max_error_share,
                    account=account_of(settings),
                )
                log.info("%d rows left for %s were brought", sum(done.accepted), job_id)
                if done.step_over:
                    await advance(redis, plan, job_id, step, settings)
            left.file.unlink()


async def reduce(redis: Redis, job_id: str, settings: Settings) -> None:
    """Have the run, or the step of a search that is over, reduced in a process of its
    own, unless another worker does.

    The reduce is idempotent, so the lock saves work and guards nothing. It lapses by
    itself; after a failure it stays, and the time until it lapses is the pause before
    the next try.
    """
    lock = keys.run(job_id, ":reduce")
    if not await redis.set(lock, os.getpid(), nx=True, px=int(settings.lease_s * 1000)):
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "worker.reduce", job_id
    )
    try:
        while process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), settings.heartbeat_s)
            except TimeoutError:
                await redis.pexpire(lock, int(settings.lease_s * 1000))
    except BaseException:
        process.terminate()
        raise
    if process.returncode == 0:
        await redis.delete(lock)
    else:
        log.error("the reduce of %s ended with %d", job_id, process.returncode)
