"""A load shape that exists in this file alone: what another one costs to add."""

from collections.abc import Iterator
from itertools import count
from math import cos, pi
from random import Random
from typing import Literal

import pytest
from pydantic import ValidationError

from shared.fields import Frozen, tagged
from shared.plan import Plan, check_size, due_times, most_calls, problems, steps, total
from shared.plan.durations import least_s
from shared.plan.loads import SHAPES, LoadShape
from shared.plan.loads.fields import Count, Duration, MaxInFlight, Rate, Seconds, Warmup
from shared.plan.loads.shape import OpenLoad
from shared.settings import Settings


class Swell(OpenLoad, Frozen):
    """A rate that swings between 0 and twice its mean."""

    kind: Literal["swell"] = "swell"
    rate_per_s: Rate
    period_s: Seconds
    count: Count = None
    duration_s: Duration = None
    warmup: Warmup = 0
    max_in_flight: MaxInFlight = None

    def due_times(self, rng: Random) -> Iterator[float] | None:
        """Slot i is due when the integral of the rate reaches i; by bisection."""
        return (self._reaches(slot) for slot in count())

    def slots_by(self, elapsed_s: float) -> float | None:
        """The integral of rate x (1 + sin(2 pi t / period))."""
        swing_s = self.period_s / (2 * pi)
        wave_s = swing_s * (1 - cos(elapsed_s / swing_s))
        return self.rate_per_s * (elapsed_s + wave_s)

    def _reaches(self, slot: int) -> float:
        low_s, high_s = 0.0, slot / self.rate_per_s
        for _ in range(60):
            middle_s = (low_s + high_s) / 2
            if (self.slots_by(middle_s) or 0.0) < slot:
                low_s = middle_s
            else:
                high_s = middle_s
        return high_s


WITH_SWELL: tuple[type[LoadShape], ...] = (*SHAPES, Swell)


class WithSwell(Plan):
    """The plan, had the name of the shape been in SHAPES."""

    load: tagged(WITH_SWELL)


def make(**load: object) -> WithSwell:
    return WithSwell.model_validate(
        {
            "targets": [{"model": "a/x"}, {"model": "a/y"}],
            "prompts": {"prompts": ["one", "two", "three"]},
            "load": {"kind": "swell", "rate_per_s": 2, "period_s": 10} | load,
        }
    )


def test_a_new_shape_runs_a_plan_to_its_due_times() -> None:
    plan = make(duration_s=20, warmup=4)
    warmup, main = steps(plan)
    assert (warmup.count, main.count, main.duration_s) == (4, None, 20)
    due = due_times(plan, main)
    seen = [at for slot in range(100) if (at := due.due(slot)) is not None]
    assert len(seen) == 40
    assert seen == sorted(seen)
    # of each period the first half has 5 x 2 x (1 + 2 / pi) of its 20 calls
    assert sum(at < 5 for at in seen) == 17
    assert sum(at < 10 for at in seen) == 20


def test_all_that_follows_from_a_plan_follows_from_a_new_shape() -> None:
    plan = make(count=12, max_in_flight=7)
    assert total(plan) == 12
    assert most_calls(plan) == 12
    assert not plan.waits_for_outages
    assert least_s(plan) == pytest.approx(
        0.3 + (due_times(plan, steps(plan)[0]).due(11) or 0)
    )
    check_size(plan, Settings())
    assert WithSwell.model_validate_json(plan.model_dump_json()) == plan
    schema = WithSwell.model_json_schema()["properties"]["load"]
    assert schema["discriminator"]["mapping"]["swell"] == "#/$defs/Swell"


def test_what_is_wrong_with_a_new_shape_is_told_by_its_field() -> None:
    with pytest.raises(ValidationError) as refused:
        make(rate_per_s=0)
    ((path, _),) = problems(refused.value)
    assert path == "load.rate_per_s"
