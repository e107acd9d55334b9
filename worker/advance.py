"""From the end of a step to the next step or to the end of its run; no other module
moves a run on.

A step is over when its last row is committed, or its time has passed and nobody holds a
shard of it. The worker that commits that row calls `step_over`, whether the row is from
a shard of its own or from a dead worker's disk. Where it died in between, the next
claim finds the step over (`current_step`).

The next value of a search follows from the goodput of the last one, and a plan with
`until` ends at the look that answers its questions. Both take pandas, so `measure` has
the process that reduces do it, which ends in `step_measured`.

Several workers may do so at once: the store moves a run on only once.
"""

from collections.abc import Callable

from redis.asyncio import Redis

from shared.plan import Finished, Plan, Step, is_measured, next_step
from shared.run import Ending, Run
from shared.store.run import slots, states

Measure = Callable[[Run], None]
"""Asks for what the step after this one depends on."""


async def current_step(
    redis: Redis, plan: Plan, run: Run, measure: Measure
) -> Step | None:
    """The step to claim a shard of; None while the run moves on to another."""
    step = next_step(plan, await states.finished(redis, run.job_id))
    if step is None or step.number != run.step:
        return None  # it moved while we looked
    if not await slots.is_over(redis, run.job_id, step):
        return step
    await step_over(redis, plan, run, step, measure)
    return None


async def step_over(
    redis: Redis, plan: Plan, run: Run, step: Step, measure: Measure
) -> None:
    """Go on after this step: to the next one, or to the reduce of the run."""
    if is_measured(plan, step):
        measure(run)
        return
    over = await states.finished(redis, run.job_id)
    if len(over) == step.number:
        await _go_on(redis, plan, run.job_id, [*over, Finished(step.number)])


async def step_measured(
    redis: Redis, plan: Plan, run: Run, finish: Callable[[Step], Finished]
) -> bool:
    """Go on after a step on whose rows the next one depends; False where there was
    nothing to do.

    finish: measures the step.
    """
    over = await states.finished(redis, run.job_id)
    step = next_step(plan, over)
    if step is None or step.number != run.step or not is_measured(plan, step):
        return False
    if not await slots.is_over(redis, run.job_id, step):
        return False
    await _go_on(redis, plan, run.job_id, [*over, finish(step)])
    return True


async def _go_on(redis: Redis, plan: Plan, job_id: str, over: list[Finished]) -> None:
    """Move the run on from the steps `over`, the last of which has just ended."""
    step = next_step(plan, over)
    ending = Ending.COMPLETED if plan.find is None else Ending.FIND
    if over[-1].decided:
        ending = Ending.DECIDED
    to = None if step is None else step.number
    await states.advance(redis, job_id, over[-1], to, ending)
