"""What is said of the worth of some answers: frozen records, cheap to import."""

from typing import ClassVar

from pydantic import Field

from shared.fields import Frozen


class Cost(Frozen):
    """Billed USD over every row that reports it, retries included.

    Each sum is None where some rows belong to it and none of them reports a cost, and
    0 where none belongs to it.
    """

    billed_usd: float | None = Field(description="None when no row reports a cost.")
    rows_reporting: int = Field(description="Rows whose cost is known.")
    rows_silent: int = Field(description="Sent, and no cost is known: a lower bound.")
    rows_unaccounted: int | None = Field(
        default=None, description="Silent ones that may have been billed all the same."
    )
    usd_per_row: float | None = Field(
        default=None, description="Mean of the rows that report."
    )
    good: int | None = Field(
        default=None,
        description="Calls that were good: `ok`, and met the SLO and passed the checks,"
        " where there are some.",
    )
    usd_per_1000_good: float | None = Field(
        description="Billed USD per 1,000 good calls."
    )
    usd_per_1m_output_tokens: float | None = Field(
        description="Over the rows whose cost is known."
    )
    wasted_usd: float | None = Field(
        default=None, description="Spent on rows that were sent and are not `ok`."
    )
    wasted_share: float | None = Field(default=None, description="Of the bill.")
    failed_usd: float | None = Field(
        description="Of the waste: rows that closed their slot."
    )
    retried_usd: float | None = Field(
        default=None, description="Of the waste: rows whose slot was tried again."
    )
    truncated_usd: float | None = Field(
        description="Of the waste: rows whose stream broke off."
    )


class Tokens(Frozen):
    """Sums over every row that reports, retries included; None when none does."""

    prompt: int | None = Field(description="Of the prompts.")
    output: int | None = Field(description="Of the answers, reasoning included.")
    reasoning: int | None = Field(description="Of the output: reasoning.")
    cached: int | None = Field(description="Of the prompts: read from a cache.")
    rows_reporting: int = Field(description="Rows with `total_tokens`.")
    rows_estimated: int = Field(description="Rows whose output tokens are our count.")


class PassRate(Frozen):
    """The answers that passed their checks, of those that were checked: calls that
    succeeded, and have checks. A check that failed is no failed call."""

    passed: int = Field(description="Answers that passed all of their checks.")
    checked: int = Field(description="Those, and those that failed one.")
    undecided: int = Field(
        description="Not among them: a check took too long, or could not be made."
    )
    prompts: int = Field(description="Different prompts among the checked.")
    share: float | None = Field(description="passed / checked.")
    low: float | None = Field(
        description="Lower end of its 95 % interval, which knows that answers to one"
        " prompt resemble each other."
    )
    high: float | None = Field(description="Upper end.")
    failed: dict[str, int] = Field(
        description="Answers by the name of the first check that they failed."
    )


class Trouble(Frozen):
    """One way in which an answer does not come whole, and how often it was so."""

    n: int = Field(description="Attempts that were so.")
    of: int = Field(description="Attempts that could have been.")
    share: float | None = Field(description="n / of.")
    low: float | None = Field(description="Lower end of its 95 % interval (Wilson).")
    high: float | None = Field(
        description="Upper end; where n is 0, at most so much with 95 %: about 3 / of."
    )
    usd: float | None = Field(
        description="What those cost. None: none of them says; 0: there are none."
    )


class Integrity(Frozen):
    """How often answers did not come whole, over attempts, retried ones too."""

    NAMES: ClassVar = (
        *("error_in_200", "truncated", "empty", "refused"),
        *("stalled", "no_done", "one_burst"),
    )
    """Of its troubles, in their order."""

    error_in_200: Trouble = Field(
        description="An error under status 200, of the answers with that status."
    )
    truncated: Trouble = Field(description="Broke off before its end, of the same.")
    empty: Trouble = Field(
        description="Ended properly without text or tool call, of the same."
    )
    refused: Trouble = Field(
        description="Refused by the model, a moderator or the upstream, of all that was"
        " answered with any status."
    )
    stalled: Trouble = Field(
        description="Silent between two tokens for longer than `stall_s`, or until our"
        " deadline, of the streams that began."
    )
    no_done: Trouble = Field(
        description="Without `[DONE]`, of the streams that came to their end."
    )
    one_burst: Trouble = Field(
        description="All tokens in one read or two, of the same."
    )
    stall_s: float = Field(description="The silence that is a stall, in seconds.")
