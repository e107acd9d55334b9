"""A sweep: the same load at one value after another, a step each."""

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.fields import Frozen, Number
from shared.plan.input.lists import at_most
from shared.plan.loads import Concurrency, Constant, Load, Poisson
from shared.plan.loads.fields import LEAST_RATE, MOST_RATE, UNCAPPED

Over = Literal["concurrency", "rate"]


class Sweep(Frozen):
    """Values to hold one after another; each step begins when the one before is over.

    The order is kept and a value may come twice: 1, 8, 1 shows whether 8 has an effect
    that lasts.
    """

    over: Over = Field(
        description="Which field of the load changes: `concurrency` or `rate_per_s`.",
        examples=["concurrency"],
    )
    values: Annotated[
        tuple[Number, ...], Field(min_length=1, max_length=100), at_most(100)
    ] = Field(
        description="Its values, in order.",
        examples=[[1, 2, 4, 8, 16]],
    )

    @field_validator("values")
    @classmethod
    def _can_be_held(
        cls, values: tuple[float, ...], info: ValidationInfo
    ) -> tuple[float, ...]:
        if "over" in info.data:
            for value in values:
                check_value(info.data["over"], value)
        return values


def check_value(over: Over, value: float) -> None:
    """Raise ValueError where a load cannot hold `value`."""
    if over == "concurrency" and not (value.is_integer() and 1 <= value <= UNCAPPED):
        raise ValueError(
            f"{value:g} calls cannot be open; give whole numbers from 1 to {UNCAPPED}"
        )
    if over == "rate" and not LEAST_RATE <= value <= MOST_RATE:
        raise ValueError(
            f"{value:g} calls per second cannot be made; give {LEAST_RATE:g} to"
            f" {MOST_RATE}"
        )


def check_load(over: Over, load: Load) -> None:
    """Raise ValueError where `load` has no field of that name to change."""
    if over == "concurrency" and not isinstance(load, Concurrency):
        raise ValueError(
            f"over the concurrency needs a load of kind concurrency, not {load.kind}"
        )
    if over == "rate" and not isinstance(load, Constant | Poisson):
        raise ValueError(
            "over the rate needs an open load with one rate (constant or poisson),"
            f" not {load.kind}"
        )


def at_value(load: Load, over: Over, value: float) -> Load:
    """The same load at another value, which was checked with the plan."""
    if over == "rate":
        return load.model_copy(update={"rate_per_s": value})
    return load.model_copy(update={"concurrency": int(value)})
