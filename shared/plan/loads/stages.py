"""Loads one after the other within one step, such as a day's traffic in short."""

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.fields import Frozen, tagged
from shared.plan.input.lists import at_most
from shared.plan.loads.burst import Burst
from shared.plan.loads.concurrency import Concurrency
from shared.plan.loads.constant import Constant
from shared.plan.loads.fields import Count, MaxInFlight, Warmup
from shared.plan.loads.poisson import Poisson
from shared.plan.loads.ramp import Ramp
from shared.plan.loads.shape import LoadShape, capped_lanes, is_open

STAGES: tuple[type[LoadShape], ...] = (Concurrency, Constant, Poisson, Ramp, Burst)
"""Loads that may be a stage."""

if TYPE_CHECKING:
    Stage = LoadShape
else:
    Stage = tagged(STAGES)


class Stages(Frozen):
    """Stages joined in time: each begins when the `duration_s` of the one before is up.

    Nothing else ends a stage: a number of calls would leave its border to chance, and
    two workers would see it at different times. All stages are open, or all closed.
    """

    kind: Literal["stages"] = Field(
        default="stages", description="Other loads, one after the other in time."
    )
    stages: Annotated[
        tuple[Stage, ...], Field(min_length=1, max_length=100), at_most(100)
    ] = Field(
        description="Loads with a `duration_s` each, in order; all open or all closed.",
        examples=[
            [
                {"kind": "constant", "rate_per_s": 1, "duration_s": 60},
                {"kind": "burst", "size": 50, "duration_s": 30},
            ]
        ],
    )
    count: Count = None
    warmup: Warmup = 0
    max_in_flight: MaxInFlight = None

    @field_validator("stages")
    @classmethod
    def _can_be_joined(cls, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        for number, stage in enumerate(stages):
            if stage.duration_s is None:
                raise ValueError(
                    f"stage {number} has no `duration_s`; every stage needs one, since"
                    " time alone ends it"
                )
            for name in ("count", "warmup", "max_in_flight"):
                if getattr(stage, name, None):
                    raise ValueError(
                        f"stage {number} has a `{name}`; put it beside `stages`, where"
                        " it holds for all of them"
                    )
        if len({is_open(stage) for stage in stages}) == 2:
            raise ValueError(
                "stages of calls open (concurrency) and of due times (rates, bursts)"
                " cannot be mixed; make two plans"
            )
        return stages

    @field_validator("max_in_flight")
    @classmethod
    def _of_open_stages(cls, value: int | None, info: ValidationInfo) -> int | None:
        stages = info.data.get("stages")
        if value and stages and not is_open(stages[0]):
            raise ValueError(
                "closed stages say themselves how many calls are open; leave"
                " `max_in_flight` out"
            )
        return value

    @property
    def duration_s(self) -> float:
        """The sum of the stages' durations."""
        return sum(_length_s(stage) for stage in self.stages)

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """Those of each stage, moved to where it begins; None where all are closed."""
        return self._joined(rng) if is_open(self.stages[0]) else None

    def lanes(self, elapsed_s: float) -> int:
        """Those of the stage at that time; after the end, of the last."""
        if is_open(self.stages[0]):
            return capped_lanes(self)
        for stage in self.stages:
            if elapsed_s < _length_s(stage):
                return stage.lanes(elapsed_s)
            elapsed_s -= _length_s(stage)
        return self.stages[-1].lanes(_length_s(self.stages[-1]))

    def most_lanes(self) -> int:
        """The most of any stage; where they are open, `max_in_flight` or UNCAPPED."""
        if is_open(self.stages[0]):
            return capped_lanes(self)
        return max(stage.most_lanes() for stage in self.stages)

    def slots(self, asked: int) -> int | None:
        """`count`, or None: the stages are as long as they are."""
        return self.count

    def slots_by(self, elapsed_s: float) -> float | None:
        """The sum over the stages begun; None where they are closed."""
        total = 0.0
        for stage in self.stages:
            slots = stage.slots_by(min(elapsed_s, _length_s(stage)))
            if slots is None:
                return None
            if elapsed_s <= 0:
                break
            total += slots
            elapsed_s -= _length_s(stage)
        return total

    def _joined(self, rng: Random) -> Iterator[float]:
        begin_s = 0.0
        for stage in self.stages:
            length_s = _length_s(stage)
            for due_s in stage.due_times(rng) or ():
                if due_s >= length_s:
                    break
                yield begin_s + due_s
            begin_s += length_s


def _length_s(stage: Stage) -> float:
    return stage.duration_s or 0.0  # never None once validated
