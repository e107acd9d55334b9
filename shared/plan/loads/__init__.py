"""Load shapes: when calls begin, and how many may be open. One file each.

A shape answers five questions, all pure functions of its fields:

    due_times(rng)      seconds after the step's start at which each slot is due, never
                        decreasing; None for a closed load, where a slot begins as soon
                        as a lane is free. It may end: then there are no more slots.
    lanes(elapsed_s)    how many calls may be open that long after the step's start
    most_lanes()        the largest value that `lanes` ever has
    slots(asked)        how many slots a step has where the plan asks `asked`
                        questions; None while only time ends it
    slots_by(elapsed_s) the mean number of slots due by then; None for a closed load

and has the fields `count`, `duration_s` and `warmup`. Random numbers come from `rng`
by `rng.random()` alone, the one method that later Pythons promise not to change.

A new shape is one small file, and one name in the union below. Around them stand
`due` (due times by index), `sweep` and `find` (a load at several values).
"""

from typing import Annotated

from pydantic import Field

from shared.plan.loads.adaptive import Adaptive
from shared.plan.loads.burst import Burst
from shared.plan.loads.concurrency import Concurrency
from shared.plan.loads.constant import Constant
from shared.plan.loads.poisson import Poisson
from shared.plan.loads.ramp import Ramp
from shared.plan.loads.stages import Stages

Load = Annotated[
    Concurrency | Constant | Poisson | Ramp | Burst | Stages | Adaptive,
    Field(discriminator="kind"),
]

__all__ = [
    "Adaptive",
    "Burst",
    "Concurrency",
    "Constant",
    "Load",
    "Poisson",
    "Ramp",
    "Stages",
]
