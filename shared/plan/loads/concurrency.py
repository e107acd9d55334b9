"""The closed load: so many calls open, the next begins when one ends."""

from collections.abc import Iterator
from random import Random
from typing import Literal

from pydantic import Field

from shared.fields import Frozen
from shared.plan.loads.fields import Count, Duration, Lanes, Warmup, slots_asked


class Concurrency(Frozen):
    """A fixed number of calls open, for the whole run, over all workers and targets."""

    kind: Literal["concurrency"] = Field(
        default="concurrency", description="Closed: the next begins when one ends."
    )
    concurrency: Lanes = Field(default=8, description="Calls open.", examples=[8])
    count: Count = None
    duration_s: Duration = None
    warmup: Warmup = 0

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """None: nothing is due in a closed load."""
        return None

    def lanes(self, elapsed_s: float) -> int:
        """The same at all times."""
        return self.concurrency

    def most_lanes(self) -> int:
        """The number of calls that may be open."""
        return self.concurrency

    def slots(self, asked: int) -> int | None:
        """`count`, or all that the plan asks, or None where time ends it."""
        return slots_asked(self.count, self.duration_s, asked)

    def slots_by(self, elapsed_s: float) -> float | None:
        """None: the upstream's speed decides."""
        return None
