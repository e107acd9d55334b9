"""The open load of many users who do not know of each other."""

from collections.abc import Iterator
from math import log
from random import Random
from typing import Literal

from pydantic import Field

from shared.fields import Frozen
from shared.plan.loads.fields import Count, Duration, MaxInFlight, Rate, Warmup
from shared.plan.loads.shape import OpenLoad


class Poisson(OpenLoad, Frozen):
    """Independent arrivals at a mean rate (a Poisson process)."""

    kind: Literal["poisson"] = Field(
        default="poisson", description="Open: independent arrivals."
    )
    rate_per_s: Rate = Field(description="Mean arrivals per second.", examples=[5])
    count: Count = None
    duration_s: Duration = None
    warmup: Warmup = 0
    max_in_flight: MaxInFlight = None

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """Sums of exponential gaps with mean 1 / rate, by inversion.

        `random()` alone is promised to be the same in later Pythons; `expovariate`
        is not.
        """
        return _arrivals(self.rate_per_s, rng)

    def slots_by(self, elapsed_s: float) -> float | None:
        """rate x time: the mean; a run may have a few more or fewer."""
        return self.rate_per_s * elapsed_s


def _arrivals(rate_per_s: float, rng: Random) -> Iterator[float]:
    draw = rng.random
    due_s = 0.0
    while True:
        due_s -= log(1.0 - draw()) / rate_per_s  # 1 - draw() is never 0
        yield due_s
