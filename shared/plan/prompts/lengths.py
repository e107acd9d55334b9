"""Distributions of lengths, in tokens. Each is its quantile function, `at(u)`."""

from math import exp
from statistics import NormalDist
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from shared.fields import NOT_A_BOOL, Frozen, Number

MOST_TOKENS = 1_000_000

Tokens = Annotated[int, Field(ge=1, le=MOST_TOKENS), NOT_A_BOOL]


def _not_below_low(high: int, info: ValidationInfo) -> int:
    low = info.data.get("low")
    if low is not None and high < low:
        raise ValueError(f"high {high} is below low {low}; swap them")
    return high


def _clipped(tokens: float, low: int, high: int) -> int:
    return round(min(max(tokens, low), high))


class Fixed(Frozen):
    """Always the same length."""

    kind: Literal["fixed"] = Field(default="fixed", description="One length.")
    value: Tokens = Field(description="Tokens.", examples=[512])

    def at(self, u: float) -> int:
        """The value."""
        return self.value

    def most(self) -> int:
        """The value."""
        return self.value


class Uniform(Frozen):
    """Every whole number from `low` to `high` equally often."""

    kind: Literal["uniform"] = Field(
        default="uniform", description="All lengths in a range equally often."
    )
    low: Tokens = Field(description="Tokens at least.", examples=[128])
    high: Tokens = Field(description="Tokens at most.", examples=[1024])

    _order = field_validator("high")(_not_below_low)

    def at(self, u: float) -> int:
        """low + floor(u (high - low + 1)), for 0 < u < 1."""
        return self.low + int(u * (self.high - self.low + 1))

    def most(self) -> int:
        """`high`."""
        return self.high


class Normal(Frozen):
    """Bell-shaped around `mean`; what falls outside low .. high is set to the end."""

    kind: Literal["normal"] = Field(
        default="normal", description="Bell-shaped, clipped to a range."
    )
    mean: Number = Field(
        ge=1, le=MOST_TOKENS, description="Tokens, before clipping.", examples=[512]
    )
    sd: Number = Field(
        gt=0,
        le=MOST_TOKENS,
        description="Standard deviation in tokens, before clipping.",
        examples=[100],
    )
    low: Tokens = Field(default=1, description="Tokens at least.", examples=[64])
    high: Tokens = Field(
        default=100_000, description="Tokens at most.", examples=[2048]
    )

    _order = field_validator("high")(_not_below_low)

    def at(self, u: float) -> int:
        """mean + sd times the standard normal quantile of u, clipped and rounded."""
        return _clipped(NormalDist(self.mean, self.sd).inv_cdf(u), self.low, self.high)

    def most(self) -> int:
        """`high`."""
        return self.high


class LogNormal(Frozen):
    """Many short, a few long, as people write; clipped to low .. high."""

    kind: Literal["lognormal"] = Field(
        default="lognormal", description="Many short and a few long, clipped."
    )
    median: Number = Field(
        ge=1,
        le=MOST_TOKENS,
        description="Tokens; half are shorter, before clipping.",
        examples=[300],
    )
    sigma: Number = Field(
        gt=0,
        le=5,
        description="Standard deviation of the logarithm; 0.7 is usual for chats.",
        examples=[0.7],
    )
    low: Tokens = Field(default=1, description="Tokens at least.", examples=[16])
    high: Tokens = Field(
        default=100_000, description="Tokens at most.", examples=[8192]
    )

    _order = field_validator("high")(_not_below_low)

    def at(self, u: float) -> int:
        """median exp(sigma z), z the normal quantile of u; clipped and rounded."""
        tokens = self.median * exp(self.sigma * NormalDist().inv_cdf(u))
        return _clipped(tokens, self.low, self.high)

    def most(self) -> int:
        """`high`."""
        return self.high


Length = Annotated[
    Fixed | Uniform | Normal | LogNormal,
    Field(discriminator="kind"),
]
