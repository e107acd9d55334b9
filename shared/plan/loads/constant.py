"""The open load with even spacing."""

from collections.abc import Iterator
from itertools import count
from random import Random
from typing import Literal

from pydantic import Field

from shared.fields import Frozen
from shared.plan.loads.fields import Count, Duration, MaxInFlight, Rate, Warmup
from shared.plan.loads.shape import OpenLoad


class Constant(OpenLoad, Frozen):
    """A call every 1 / rate seconds, whatever became of those before."""

    kind: Literal["constant"] = Field(
        default="constant", description="Open: evenly spaced in time."
    )
    rate_per_s: Rate = Field(description="Calls begun per second.", examples=[5])
    count: Count = None
    duration_s: Duration = None
    warmup: Warmup = 0
    max_in_flight: MaxInFlight = None

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """0, 1 / rate, 2 / rate ...; divided each time, so that no error adds up."""
        rate = self.rate_per_s
        return (slot / rate for slot in count())

    def slots_by(self, elapsed_s: float) -> float | None:
        """rate x time."""
        return self.rate_per_s * elapsed_s
