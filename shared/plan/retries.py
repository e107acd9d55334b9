"""Which failed calls a plan makes again, how often, and after what pause."""

from typing import Annotated

from pydantic import AfterValidator, Field

from shared.fields import NOT_A_BOOL, Frozen
from shared.plan.input.lists import at_most
from shared.sample import Outcome

NEVER = {
    Outcome.OK: "it is no failure",
    Outcome.DROPPED: "it was never sent",
    Outcome.CANCELLED: "it was cut by us",
    Outcome.UNFINISHED: "it was cut by us, and its time is over",
    Outcome.REFUSED: "asking again gives the same",
    Outcome.NO_CREDIT: "every further call would fail like it",
}
"""Outcomes after which no call is made again, and why."""

USUAL = (
    Outcome.RATE_LIMITED,
    Outcome.UPSTREAM_ERROR,
    Outcome.CONNECT_ERROR,
    Outcome.TIMEOUT_CONNECT,
    Outcome.DISCONNECTED,
    Outcome.ERROR_IN_200,
    Outcome.TIMEOUT_FIRST_TOKEN,
    Outcome.TIMEOUT_IDLE,
    Outcome.TRUNCATED,
    Outcome.EMPTY,
)
"""Failures that often pass by themselves."""


def _can_be_retried(outcome: Outcome) -> Outcome:
    if outcome in NEVER:
        raise ValueError(
            f"{outcome} is never retried: {NEVER[outcome]}; leave it out of `on`"
        )
    return outcome


class Retries(Frozen):
    """Calls that are made again when they failed; a plan without it makes none again.

    Each attempt is a row, and the last one closes the slot. Attempts that a limit of
    the account turned away, or that a kept connection lost, are made again in any case,
    and are no retries.
    """

    max: Annotated[int, Field(ge=1, le=10), NOT_A_BOOL] = Field(
        default=2, description="Retries of one slot at most.", examples=[2]
    )
    on: Annotated[
        tuple[Annotated[Outcome, AfterValidator(_can_be_retried)], ...],
        Field(min_length=1, max_length=len(Outcome)),
        at_most(len(Outcome)),
    ] = Field(
        default=USUAL,
        description="Outcomes after which a call is made again.",
        examples=[["rate_limited", "upstream_error"]],
    )
    backoff_s: Annotated[float, Field(gt=0, le=60), NOT_A_BOOL] = Field(
        default=1.0,
        description="Pause before the first retry where the upstream names none;"
        " doubled for each further one, at most 60 s, and up to a quarter longer at"
        " random.",
        examples=[1],
    )
