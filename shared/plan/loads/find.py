"""A search for the most that an upstream carries while it still meets the SLO."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.fields import NOT_A_BOOL, Frozen, Number, Whole
from shared.plan.loads.sweep import Over, check_value


class Find(Frozen):
    """The largest concurrency or rate at which enough calls meet the plan's `slo`.

    It climbs from `low` by doubling, because a first step at `high` would bring
    throttling that spoils the steps after it; then it halves the space between the
    largest value that passed and the smallest that failed.

    It is over when `low` fails, when `high` passes, when that space is no wider than
    `resolution`, or after `max_steps`.
    """

    goodput: Number = Field(
        default=0.95,
        gt=0,
        le=1,
        description="A step passes where at least this share of its calls meets every"
        " threshold of `slo`; a failed call is a miss.",
        examples=[0.95],
    )
    over: Over = Field(
        description="Which field of the load is searched.", examples=["concurrency"]
    )
    low: Number = Field(
        gt=0, description="The first value; it should pass.", examples=[1]
    )
    high: Number = Field(gt=0, description="The largest value to try.", examples=[256])
    resolution: Annotated[float, Field(gt=0), NOT_A_BOOL] | None = Field(
        default=None,
        description="How exactly the answer is wanted. By default 1 call open, or a"
        " 32nd of `high` - `low` for a rate.",
        examples=[1],
    )
    max_steps: Whole = Field(
        default=20,
        ge=2,
        le=64,
        description="Measured steps at most; they may end it short of `resolution`.",
        examples=[20],
    )

    @model_validator(mode="after")
    def _can_be_searched(self) -> Self:
        check_value(self.over, self.low)
        check_value(self.over, self.high)
        if self.low >= self.high:
            raise ValueError(f"low {self.low:g} must be below high {self.high:g}")
        if self.over == "concurrency" and (self.resolution or 1) < 1:
            raise ValueError(
                f"a resolution of {self.resolution:g} is finer than one call open;"
                " give 1 or more"
            )
        return self

    def width(self) -> float:
        """`resolution`, or its default."""
        if self.resolution is not None:
            return self.resolution
        return 1.0 if self.over == "concurrency" else (self.high - self.low) / 32


class SearchAnswer(Frozen):
    """What a search (`find`) has found: the answer lies from `passing` to `failing`."""

    over: Over = Field(description="What was searched: the concurrency, or the rate.")
    goodput: float = Field(
        description="The share of good calls at which a step passes."
    )
    passing: float | None = Field(
        description="The answer: the largest value that passed. None: none did."
    )
    failing: float | None = Field(
        description="The smallest value that failed. None: none did, so the answer is"
        " `passing` or more."
    )
    complete: bool = Field(
        description="The search came to its end; else it was stopped, and its last step"
        " is in neither value."
    )
    words: str = Field(description="The answer as a sentence.")


@dataclass(frozen=True, slots=True)
class Search:
    """What is known after some steps."""

    passing: float | None
    """The largest value that passed: the answer so far. None: none did."""
    failing: float | None
    """The smallest value that failed. None: none did."""
    next: float | None
    """The value to try next; None when the search is over."""


def search(find: Find, goodputs: Sequence[float | None]) -> Search:
    """Where the search stands after steps with these goodputs, in order.

    goodputs: shape (n,), shares from 0 to 1; None (no call that counts) is a miss.
    A pure function: the values tried follow from the goodputs before them.
    """
    passing: float | None = None
    failing: float | None = None
    value: float | None = find.low
    for step, goodput in enumerate(goodputs, start=1):
        if value is None:
            raise ValueError(
                f"the search was over after {step - 1} steps, and {len(goodputs)} were"
                " given"
            )
        if goodput is not None and goodput >= find.goodput:
            passing = value
        else:
            failing = value
        value = None if step >= find.max_steps else _next(find, passing, failing)
    return Search(passing, failing, value)


def _next(find: Find, passing: float | None, failing: float | None) -> float | None:
    if passing is None or passing >= find.high:
        return None
    if failing is None:
        return min(passing * 2, find.high)
    if failing - passing <= find.width():
        return None
    middle = (passing + failing) / 2
    return float(middle // 1) if find.over == "concurrency" else middle


def answer_of(find: Find, state: Search, *, complete: bool) -> SearchAnswer:
    """Where a search stands, as the result of a run tells it.

    complete: it came to its end.
    """
    return SearchAnswer(
        over=find.over,
        goodput=find.goodput,
        passing=state.passing,
        failing=state.failing,
        complete=complete,
        words=_words(find, state, complete),
    )


def _words(find: Find, state: Search, complete: bool) -> str:
    what = "concurrency" if find.over == "concurrency" else "rate (calls per second)"
    share = f"{find.goodput * 100:g} % of the calls met the SLO"
    passing, failing = state.passing, state.failing
    if passing is not None and failing is not None:
        said = f"At a {what} of {passing:g} at least {share}, and at {failing:g} fewer"
    elif passing is not None:
        said = f"At a {what} of {passing:g}, the largest tried, at least {share}"
    elif failing is not None:
        said = f"At a {what} of {failing:g}, the least tried, fewer than {share}"
    else:
        said = f"No {what} was tried to the end of its step"
    return f"{said}." if complete else f"{said}. The search was stopped before its end."
