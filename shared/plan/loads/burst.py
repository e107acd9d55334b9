"""Many calls in one instant: what a queue, a cold start or a retry storm does."""

from collections.abc import Iterator
from itertools import chain, count, repeat
from math import ceil
from random import Random
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.fields import MOST, Frozen, Whole
from shared.plan.loads.fields import (
    Count,
    Duration,
    MaxInFlight,
    Seconds,
    Warmup,
)
from shared.plan.loads.shape import OpenLoad


class Burst(OpenLoad, Frozen):
    """`size` calls at once; once, or again every `interval_s`."""

    kind: Literal["burst"] = Field(
        default="burst", description="Open: many calls due in the same instant."
    )
    size: Whole = Field(
        ge=1, le=MOST, description="Calls due at the same instant.", examples=[50]
    )
    interval_s: Seconds | None = Field(
        default=None,
        description="Seconds from one burst to the next. None: a single burst.",
        examples=[10],
    )
    count: Count = None
    duration_s: Duration = None
    warmup: Warmup = 0
    max_in_flight: MaxInFlight = None

    @field_validator("count", "warmup")
    @classmethod
    def _in_the_burst(cls, value: int | None, info: ValidationInfo) -> int | None:
        size = info.data.get("size")
        if size and info.data.get("interval_s") is None and (value or 0) > size:
            raise ValueError(
                f"a single burst of {size} has no {value} slots; raise `size`, or give"
                " `interval_s`"
            )
        return value

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """0, `size` times; then interval_s, `size` times; and so on."""
        if self.interval_s is None:
            return repeat(0.0, self.size)
        interval_s, size = self.interval_s, self.size
        return chain.from_iterable(
            repeat(burst * interval_s, size) for burst in count()
        )

    def slots(self, asked: int) -> int | None:
        """A single burst: `count`, or its size. Else as the other loads."""
        if self.interval_s is None:
            return self.count or self.size
        return super().slots(asked)

    def slots_by(self, elapsed_s: float) -> float | None:
        """The size times the bursts begun."""
        if self.interval_s is None:
            return self.size
        return self.size * ceil(elapsed_s / self.interval_s)
