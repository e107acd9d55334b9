"""The closed load: so many calls open, the next begins when one ends."""

from typing import Literal

from pydantic import Field

from shared.fields import Frozen
from shared.plan.loads.fields import Count, Duration, Lanes, Warmup
from shared.plan.loads.shape import ClosedLoad


class Concurrency(ClosedLoad, Frozen):
    """A fixed number of calls open, for the whole run, over all workers and targets."""

    kind: Literal["concurrency"] = Field(
        default="concurrency", description="Closed: the next begins when one ends."
    )
    concurrency: Lanes = Field(default=8, description="Calls open.", examples=[8])
    count: Count = None
    duration_s: Duration = None
    warmup: Warmup = 0

    def lanes(self, elapsed_s: float) -> int:
        """The same at all times."""
        return self.concurrency

    def most_lanes(self) -> int:
        """The number of calls that may be open."""
        return self.concurrency
