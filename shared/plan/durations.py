"""How long a plan takes at least, whatever the upstream does."""

from shared.plan.loads import Adaptive
from shared.plan.plan import Plan
from shared.plan.steps import LEAD_S, Step, due_times, steps


def least_s(plan: Plan) -> float:
    """Seconds from the first claim to where the last slot may begin, or the time of the
    last step is up: the sum over its steps, warm-ups too.

    A search is over after its first value, should that fail; only that counts.
    """
    return sum(_least_s(plan, step) for step in steps(plan))


def _least_s(plan: Plan, step: Step) -> float:
    due = due_times(plan, step)
    lead_s = 0.0 if due.closed else LEAD_S
    if step.count is None:  # time alone ends it
        return lead_s + (step.duration_s or 0.0)
    if due.closed:
        return _paced_s(plan, step, step.count)
    last_s = due.due(step.count - 1)
    # where there is no such slot, time ended the step before it
    return lead_s + ((step.duration_s or 0.0) if last_s is None else last_s)


def _paced_s(plan: Plan, step: Step, count: int) -> float:
    """Of a closed load with a number of slots, which is over as soon as the upstream
    has answered them; only an adaptive one keeps a pace, of each target."""
    if not isinstance(step.load, Adaptive):
        return 0.0
    each = -(-count // len(plan.targets))
    paced_s = (each - 1) * 60 / step.load.max_per_minute
    return min(paced_s, step.duration_s or paced_s)
