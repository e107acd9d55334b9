"""The bodies of benchmarks, as the API shows them."""

from dataclasses import fields
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from api.schemas.live import Live
from api.schemas.shown import ShownAs, ShownPlan
from shared.clock import utc_label, wall_s
from shared.fields import Moment
from shared.money import JudgeQuote, LimitQuote, Quote, TargetQuote
from shared.money.reconciliation import Totals
from shared.run import Ending, Status
from shared.upstream import ListedProvider
from shared.verdict import Judged


class Progress(BaseModel):
    """How far a benchmark has come; warm-up is not counted."""

    closed: int = Field(description="Calls that have ended for good, failed ones too.")
    failed: int = Field(description="Those of them that did not end `ok`.")
    total: int | None = Field(
        description="Calls to make; null where a search, or the upstream's speed,"
        " decides that."
    )
    elapsed_s: float | None = Field(
        description="Seconds in which somebody worked on it: without pauses, waits, and"
        " changes of workers. Null before the first took it."
    )
    wall_s: float | None = Field(
        description="Seconds since the first worker took it, whatever came between; to"
        " its end, once it has ended."
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

    state: Literal["pending", "done"] = Field(description="How far it is.")
    ended_at: Moment | None = Field(default=None, description="When it ended.")
    notes: list[str] = Field(default=[], description="Why not all were compared.")
    totals: Totals | None = Field(default=None, description="Null while it is pending.")


class Job(BaseModel):
    """A benchmark as it is now. Times are UTC; null is not known, or not yet."""

    job_id: str = Field(description="Its id: 26 characters that sort by time.")
    status: Status = Field(description="Where it is.")
    plan: Annotated[dict[str, Any], ShownAs(ShownPlan)] = Field(
        description="What was asked. Prompts over 100 KB are shown by count and hash."
    )
    progress: Progress = Field(description="How far it has come.")
    live: Live | None = Field(
        default=None,
        description="Figures of its newest calls. Null before the first row, and after"
        " the end, when there is a result.",
    )
    result: Annotated[dict[str, Any] | None, ShownAs(Judged | None)] = Field(
        description="Null before the end. At its top level avg, min, max, std_dev"
        " (seconds), total_runs, successful_runs, total_tokens, over all models: of"
        " several, read `targets`."
    )
    error: str | None = Field(description="Why it failed, or cannot be reduced yet.")
    warnings: list[str] = Field(description="What could not be checked beforehand.")
    ending: Ending | None = Field(description="Why it ended.")
    stopped_by: Ending | None = Field(
        description="What ended it before all was asked: budget, error_limit, find"
        " or decided."
    )
    money: Money = Field(description="What it costs.")
    submitter: str = Field(description="Whose it is: a label.")
    name: str | None = Field(
        description="A name for people. PATCH changes it, as the next two."
    )
    tags: list[str] = Field(description="To find it by, and others like it.")
    note: str | None = Field(description="Whatever should be known of it later.")
    created_at: Moment = Field(description="When it was queued.")
    started_at: Moment | None = Field(description="When a worker first took it.")
    ended_at: Moment | None = Field(description="When its result was there.")
    until: Moment | None = Field(
        description="In `waiting`: when the limit opens, or it asks the upstream again."
    )
    stalled_s: float | None = Field(
        description="In `running`: how long no worker has had it; null while one has."
    )
    waiting_for: str | None = Field(description="What has to happen before it goes on.")
    listed: Annotated[list[dict[str, Any]], ShownAs(list[ListedProvider])] = Field(
        default=[],
        description="What the upstream said, when it was queued, of each provider that"
        " the plan asked for by `providers`: prices, uptime, and its own percentiles of"
        " the last 30 minutes. Those that were left out stand last, with the reason.",
    )
    rerun_of: str | None = Field(description="The benchmark that it does again.")
    reconciliation: Reconciled | None = Field(
        description="Null before the end, and where RECONCILE does not ask for it."
    )


class Listed(BaseModel):
    """A benchmark in the list."""

    job_id: str = Field(description="Its id.")
    status: Status = Field(description="Where it is.")
    targets: list[str] = Field(description="Models, each perhaps at its provider.")
    submitter: str = Field(description="Whose it is: a label.")
    name: str | None = Field(description="A name for people.")
    tags: list[str] = Field(description="To find it by, and others like it.")
    closed: int = Field(description="Calls that have ended for good.")
    failed: int = Field(description="Those of them that did not end `ok`.")
    total: int | None = Field(description="Calls to make; null where it is not known.")
    created_at: Moment = Field(description="When it was queued.")
    ended_at: Moment | None = Field(description="When its result was there.")
    status_url: str = Field(description="Where it is shown.")


class Listing(BaseModel):
    """A page of benchmarks, newest first."""

    jobs: list[Listed] = Field(description="Newest first.")
    next: str | None = Field(description="Where the next page is; null on the last.")


class Accepted(BaseModel):
    """A benchmark was queued, now or by an earlier request with the same key."""

    job_id: str = Field(description="Its id.")
    status: Status = Field(description="Where it is.", examples=["queued"])
    status_url: str = Field(description="Where it is shown.")
    events_url: str = Field(description="Where it can be followed.")
    warnings: list[str] = Field(description="What could not be checked, or will wait.")


class Quoted(BaseModel):
    """What a plan would ask, cost and take; nothing was queued."""

    calls: int | None = Field(
        description="Warm-ups and judges too; null: the upstream's speed decides."
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
    earliest_end: Moment = Field(description="Now and `takes_s`.")
    targets: list[TargetQuote] = Field(description="In the plan's order.")
    judges: list[JudgeQuote] = Field(
        default=[], description="Models that judge answers, after the run."
    )
    limits: list[LimitQuote] = Field(
        description="Limits of the account that count these calls."
    )
    warnings: list[str] = Field(description="What could not be checked.")

    @classmethod
    def of(cls, quote: Quote, warnings: list[str]) -> "Quoted":
        """The body of a quote."""
        said = {field.name: getattr(quote, field.name) for field in fields(quote)}
        end = utc_label(wall_s() + quote.takes_s)
        return cls(**said, earliest_end=end, warnings=warnings)
