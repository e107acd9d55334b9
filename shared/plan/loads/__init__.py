"""Load shapes: when calls begin, and how many may be open. One file each.

What a shape has to answer is `shape.LoadShape`; fields that several have are in
`fields`. A new shape is one small file and its name in SHAPES; the union that a plan
takes, and the tests of what every shape promises, follow from that. Around them stand
`due` (due times by index), `sweep` and `find` (a load at several values).
"""

from typing import TYPE_CHECKING

from shared.fields import tagged
from shared.plan.loads.adaptive import Adaptive
from shared.plan.loads.burst import Burst
from shared.plan.loads.concurrency import Concurrency
from shared.plan.loads.constant import Constant
from shared.plan.loads.poisson import Poisson
from shared.plan.loads.ramp import Ramp
from shared.plan.loads.shape import LoadShape
from shared.plan.loads.stages import STAGES, Stages

SHAPES: tuple[type[LoadShape], ...] = (*STAGES, Stages, Adaptive)
"""Every shape; those that may be a stage of another load are in STAGES."""

if TYPE_CHECKING:
    Load = LoadShape
else:
    Load = tagged(SHAPES)

__all__ = [
    "SHAPES",
    "Adaptive",
    "Burst",
    "Concurrency",
    "Constant",
    "Load",
    "LoadShape",
    "Poisson",
    "Ramp",
    "Stages",
]
