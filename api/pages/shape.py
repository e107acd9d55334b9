"""When the calls of a plan would begin: the picture beside the load. Pure."""

from itertools import count
from typing import Any

from shared.plan import Plan, Step, due_times, steps

HORIZON_S = 120.0
"""So much of each step is drawn; a longer one goes on in the same way."""
MOST_DUE = 1500
_POINTS = 60


def shape(plan: Plan) -> list[dict[str, Any]]:
    """Each step as the picture has it: due times, or how many calls are open.

    The due times are those that the run will have: they follow from the plan.
    """
    return [_of(plan, step) for step in steps(plan)]


def _of(plan: Plan, step: Step) -> dict[str, Any]:
    until_s = min(step.duration_s or HORIZON_S, HORIZON_S)
    said: dict[str, Any] = {
        "name": step.name,
        "warmup": step.warmup,
        "count": step.count,
        "duration_s": step.duration_s,
        "until_s": until_s,
    }
    if step.is_open:
        found = _due(plan, step, until_s)
        if step.duration_s is None and found and len(found) == step.count:
            said["until_s"] = max(found[-1], 0.001)
        return {**said, "due_s": found}
    times = [until_s * n / _POINTS for n in range(_POINTS + 1)]
    return {**said, "open": [(at_s, step.load.lanes(at_s)) for at_s in times]}


def _due(plan: Plan, step: Step, until_s: float) -> list[float]:
    due, found = due_times(plan, step), list[float]()
    for index in count():
        at_s = due.due(index)
        if at_s is None or at_s > until_s or len(found) == MOST_DUE:
            return [round(each, 4) for each in found]
        found.append(at_s)
    raise AssertionError("count() has no end")
