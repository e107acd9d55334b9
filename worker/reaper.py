"""What keeps runs going when a worker, a ring or a message was lost.

Every worker does this at every tick, and it is safe that several do it at once: each
change is one script in the store that happens once. The claim itself hands on what a
silent worker had in hand (`shared/store/lua/claim.lua`).
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from redis.asyncio import Redis

from shared.errors import NewerRecord, NoSuchRun
from shared.money import account_of
from shared.plan import Finished, Plan, Step, next_step
from shared.run import Ending, Run, Status
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import runs, slots, states
from shared.store.run.leases import Lease
from worker.rows import spool
from worker.rows.spool import Left, left_behind

log = logging.getLogger("worker.reaper")

_CLAIMABLE = (Status.RUNNING, Status.QUEUED, Status.WAITING)
_BATCH = 500
"""Rows of one commit."""

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


Measure = Callable[[Run], None]
"""Have the step of a search measured, and the search go on after it (`Reduces.ask`)."""


async def current_step(
    redis: Redis, plan: Plan, run: Run, measure: Measure
) -> Step | None:
    """The step to claim a shard of; goes on to the next one where a worker died
    between a step's last row and that, and past a step in which nothing is to do."""
    step = next_step(plan, await states.finished(redis, run.job_id))
    if step is None or step.number != run.step:
        return None  # it moved while we looked
    if not await slots.is_over(redis, run.job_id, step):
        return step
    await advance(redis, plan, run, step, measure)
    return None


async def advance(
    redis: Redis, plan: Plan, run: Run, step: Step, measure: Measure
) -> None:
    """A step is over: go on to the next one, or to the reduce.

    A search needs the step's goodput for that, which takes pandas and so a process of
    its own.
    """
    if plan.find is not None and not step.warmup:
        measure(run)
        return
    over = await states.finished(redis, run.job_id)
    if len(over) == step.number:
        await go_on(redis, plan, run.job_id, [*over, Finished(step.number)])


async def go_on(redis: Redis, plan: Plan, job_id: str, over: list[Finished]) -> None:
    """To what follows when the steps `over` are; the last of them has just ended."""
    step = next_step(plan, over)
    ending = Ending.COMPLETED if plan.find is None else Ending.FIND
    to = None if step is None else step.number
    await states.advance(redis, job_id, over[-1], to, ending)


async def bring_left_rows(redis: Redis, settings: Settings, measure: Measure) -> None:
    """Commit what dead workers of this machine kept on disk while the store was away.

    Rows whose run is over, or whose slot is closed, are refused by the store and
    forgotten: what was counted is final. A file that cannot be brought stays, and
    hides no other. Raises what the store raises when it is away.
    """
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


async def _bring(
    redis: Redis, settings: Settings, left: Left, measure: Measure
) -> None:
    job_id = left.job_id
    try:
        run = await runs.load(redis, job_id)
        plan = await runs.plan_of(redis, job_id)
    except NoSuchRun:
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
        brought, step_over = 0, False
        for at in range(0, len(left.entries), _BATCH):
            done = await slots.commit(
                redis,
                lease,
                left.entries[at : at + _BATCH],
                max_answers_bytes=settings.max_answers_bytes,
                max_error_share=plan.max_error_share,
                account=account_of(settings),
            )
            brought += sum(done.accepted)
            step_over = step_over or done.step_over
        log.info("%d rows left for %s were brought", brought, job_id)
        if step_over:
            await advance(redis, plan, run, step, measure)
    left.file.unlink()
