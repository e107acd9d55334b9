"""A closed load that asks as often as the upstream lets it."""

from typing import Annotated, Literal

from pydantic import Field

from shared.fields import NOT_A_BOOL, Frozen
from shared.plan.loads.fields import Count, Duration, Lanes, Warmup
from shared.plan.loads.shape import ClosedLoad

PerMinute = Annotated[float, Field(ge=1, le=6_000), NOT_A_BOOL]


class Adaptive(ClosedLoad, Frozen):
    """The highest rate at which fewer than 1 % of the calls are throttled, found for
    each target and held (additive increase, multiplicative decrease)."""

    kind: Literal["adaptive"] = Field(
        default="adaptive", description="Closed: as often as the upstream allows."
    )
    start_per_minute: PerMinute = Field(
        default=10, description="The rate to begin with, of each target.", examples=[10]
    )
    max_per_minute: PerMinute = Field(
        default=6_000, description="Never more than this.", examples=[600]
    )
    max_in_flight: Lanes = Field(
        default=64, description="Calls open at most, of all targets.", examples=[64]
    )
    count: Count = None
    duration_s: Duration = None
    warmup: Warmup = 0

    def lanes(self, elapsed_s: float) -> int:
        """The same at all times."""
        return self.max_in_flight

    def most_lanes(self) -> int:
        """The number of calls that may be open."""
        return self.max_in_flight
