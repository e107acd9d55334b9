"""A load that rises or falls evenly, to see at which level an upstream fails."""

from collections.abc import Iterator
from math import ceil, floor, sqrt
from random import Random
from typing import Literal, Self

from pydantic import Field, model_validator

from shared.fields import Frozen, Number
from shared.plan.loads.fields import (
    LEAST_RATE,
    MOST_RATE,
    UNCAPPED,
    Count,
    MaxInFlight,
    Seconds,
    Warmup,
)
from shared.plan.loads.shape import capped_lanes


class Ramp(Frozen):
    """From `start` to `end`, evenly over `duration_s`.

    Over the rate it is open, over the concurrency closed.
    """

    kind: Literal["ramp"] = Field(
        default="ramp", description="Rises or falls evenly from start to end."
    )
    over: Literal["rate", "concurrency"] = Field(
        description="What changes: calls begun per second, or calls open.",
        examples=["rate"],
    )
    start: Number = Field(
        ge=0, le=MOST_RATE, description="The value at the start.", examples=[1]
    )
    end: Number = Field(
        ge=0, le=MOST_RATE, description="The value at `duration_s`.", examples=[20]
    )
    duration_s: Seconds = Field(
        description="Seconds from start to end; then it is over.", examples=[120]
    )
    count: Count = None
    warmup: Warmup = 0
    max_in_flight: MaxInFlight = None

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        ends = (self.start, self.end)
        if self.over == "rate":
            if max(ends) < LEAST_RATE:
                raise ValueError("a ramp from 0 to 0 calls nothing; raise `end`")
            return self
        if self.max_in_flight is not None:
            raise ValueError(
                "a ramp over the concurrency says itself how many calls are open;"
                " leave `max_in_flight` out"
            )
        for value in ends:
            if not (value.is_integer() and 1 <= value <= UNCAPPED):
                raise ValueError(
                    f"{value:g} calls cannot be open; give whole numbers from 1 to"
                    f" {UNCAPPED}"
                )
        return self

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """Slot i is due when the integral of the rate reaches i; ends with the ramp.

        With a = start and c = (end - start) / duration, a t + c t^2 / 2 = i has the
        root t = 2 i / (a + sqrt(a^2 + 2 c i)). This form, unlike the schoolbook's,
        holds for c = 0 and loses no digits for small c.

        None over the concurrency.
        """
        if self.over == "concurrency":
            return None
        slope = (self.end - self.start) / self.duration_s
        return _inverted(self.start, slope, ceil(self._integral(self.duration_s)))

    def lanes(self, elapsed_s: float) -> int:
        """Over the concurrency: the nearest whole number, and `end` ever after."""
        if self.over == "rate":
            return capped_lanes(self)
        share = min(max(elapsed_s / self.duration_s, 0.0), 1.0)
        return floor(self.start + (self.end - self.start) * share + 0.5)

    def most_lanes(self) -> int:
        """The larger end; over the rate `max_in_flight`, or UNCAPPED."""
        if self.over == "rate":
            return capped_lanes(self)
        return int(max(self.start, self.end))

    def slots(self, asked: int) -> int | None:
        """`count`, or None: the ramp is as long as it is."""
        return self.count

    def slots_by(self, elapsed_s: float) -> float | None:
        """The integral of the rate; None over the concurrency."""
        if self.over == "concurrency":
            return None
        return self._integral(min(elapsed_s, self.duration_s))

    def _integral(self, elapsed_s: float) -> float:
        slope = (self.end - self.start) / self.duration_s
        return self.start * elapsed_s + slope * elapsed_s**2 / 2


def _inverted(start: float, slope: float, slots: int) -> Iterator[float]:
    for slot in range(slots):
        # Rounding may put the last slot of a fall to 0 a hair below the root.
        root = sqrt(max(start * start + 2 * slope * slot, 0.0))
        yield 2 * slot / (start + root) if slot else 0.0
