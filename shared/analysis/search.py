"""What a search has found, in numbers and as a sentence."""

from collections.abc import Sequence

from pydantic import Field

from shared.fields import Frozen
from shared.plan import Find, Finished, Over, Plan, Search, found
from shared.run import Ending


class Found(Frozen):
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


def answer(
    plan: Plan, measured: Sequence[Finished], ending: Ending | None
) -> Found | None:
    """The answer of the plan's search; None for a plan without one.

    measured: each step that has rows. Where the run did not end as a search does, calls
    of the last one may be missing, so that it neither passed nor failed.
    """
    complete = ending is Ending.FIND
    state = found(plan, measured if complete else measured[:-1])
    if plan.find is None or state is None:
        return None
    return Found(
        over=plan.find.over,
        goodput=plan.find.goodput,
        passing=state.passing,
        failing=state.failing,
        complete=complete,
        words=_words(plan.find, state, complete),
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
