"""The bodies of benchmarks, as the API shows them."""

from dataclasses import fields
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas.live import Live
from shared.clock import utc_label, wall_s
from shared.money import LimitQuote, Quote, TargetQuote
from shared.money.reconciliation import Totals
from shared.run import Status


class Progress(BaseModel):
    """How far a benchmark has come; warm-up is not counted."""

    closed: int = Field(description="Calls that have ended for good, failed ones too.")
    failed: int = Field(description="Those of them that did not end `ok`.")
    total: int | None = Field(description="Calls to make; null while only time ends.")
    elapsed_s: float | None = Field(
        description="Seconds since the first worker took it; null before that."
    )
    step: int = Field(description="Which of the plan's steps is under way, from 0.")


class Money(BaseModel):
    """USD of a benchmark by now, warm-up and failures included."""

    spent_usd: float | None = Field(description="Billed, as rows say.")
    held_usd: float | None = Field(
        description="The worst cost of calls that are open under a budget."
    )
    unaccounted_usd: float | None = Field(
        description="The most that may have been billed beyond what the rows tell."
    )
    max_cost_usd: float | None = Field(description="The budget; null: none.")


class Reconciled(BaseModel):
    """Its rows compared with the upstream's bills; the calls are in the file."""

    state: Literal["pending", "done"]
    ended_at: str | None = None
    notes: list[str] = Field(default=[], description="Why not all were compared.")
    totals: Totals | None = Field(default=None, description="Null while it is pending.")


class Job(BaseModel):
    """A benchmark as it is now. Times are UTC; null is not known, or not yet."""

    job_id: str
    status: Status
    plan: dict[str, Any] = Field(
        description="The plan. Prompts over 100 KB are shown by count and hash."
    )
    progress: Progress
    live: Live | None = Field(
        default=None,
        description="Figures of its newest calls. Null before the first row, and after"
        " the end, when there is a result.",
    )
    result: dict[str, Any] | None = Field(
        description="Null before the end. At its top level avg, min, max, std_dev"
        " (seconds), total_runs, successful_runs, total_tokens."
    )
    error: str | None = Field(description="Why it failed, or cannot be reduced yet.")
    warnings: list[str]
    ending: str | None = Field(description="Why it ended: completed, cancelled, ...")
    stopped_by: str | None = Field(
        description="What ended it before all was asked: budget, error_limit or find."
    )
    money: Money
    submitter: str
    name: str | None = Field(description="PATCH changes it, as the next two.")
    tags: list[str]
    note: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    until: str | None = Field(
        description="In `waiting`: when the limit opens, or it asks the upstream again."
    )
    stalled_s: float | None = Field(
        description="In `running`: how long no worker has had it; null while one has."
    )
    waiting_for: str | None = Field(description="What has to happen before it goes on.")
    rerun_of: str | None
    reconciliation: Reconciled | None = Field(
        description="Null before the end, and where RECONCILE does not ask for it."
    )


class Listed(BaseModel):
    """A benchmark in the list."""

    job_id: str
    status: Status
    targets: list[str]
    submitter: str
    name: str | None
    tags: list[str]
    closed: int
    failed: int
    total: int | None
    created_at: str
    ended_at: str | None
    status_url: str


class Listing(BaseModel):
    """A page of benchmarks, newest first."""

    jobs: list[Listed]
    next: str | None = Field(description="Where the next page is; null on the last.")


class Accepted(BaseModel):
    """A benchmark was queued, now or by an earlier request with the same key."""

    job_id: str
    status: Status = Field(examples=["queued"])
    status_url: str
    events_url: str
    warnings: list[str]


class Quoted(BaseModel):
    """What a plan would ask, cost and take; nothing was queued."""

    calls: int | None = Field(
        description="Warm-ups too; null: the upstream's speed decides."
    )
    worst_usd: float | None = Field(
        description="No more than this, at today's prices; null: one is not known."
    )
    expected_usd: float | None = Field(
        description="A guess; each target says what it is made from."
    )
    max_cost_usd: float | None = Field(description="The budget at which it stops.")
    takes_s: float = Field(
        description="At least, by the loads of all steps and the account's limits; of"
        " a search its first value alone."
    )
    earliest_end: str = Field(description="Now and `takes_s`.")
    targets: list[TargetQuote]
    limits: list[LimitQuote] = Field(
        description="Limits of the account that count these calls."
    )
    warnings: list[str]

    @classmethod
    def of(cls, quote: Quote, warnings: list[str]) -> "Quoted":
        """The body of a quote."""
        said = {field.name: getattr(quote, field.name) for field in fields(quote)}
        end = utc_label(wall_s() + quote.takes_s)
        return cls(**said, earliest_end=end, warnings=warnings)
