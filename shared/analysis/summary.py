"""What a summary holds: frozen records without any computing, cheap to import.

`shared.analysis.summarize` makes them; docs/metrics.md has the formula of each name.
With its verdict (`shared.verdict.Judged`) a summary is written as `summary.json`, and
read back by whoever shows or compares runs.
"""

from typing import Any

from pydantic import ConfigDict, Field

from shared.analysis.metrics import spread
from shared.analysis.percentiles import Adjusted, Distribution
from shared.analysis.worth import Cost, Integrity, PassRate, Tokens
from shared.fields import Frozen
from shared.opinion import Judging
from shared.plan import SearchAnswer
from shared.run import Ending, Status

SCHEMA = 1


class Counts(Frozen):
    """Where the slots went. ok + failed + dropped + cancelled = total_runs."""

    ok: int = Field(description="Ended `ok`.")
    failed: int = Field(description="Sent, and ended neither `ok` nor by a cancel.")
    dropped: int = Field(description="Due, and never sent.")
    cancelled: int = Field(description="Cut by the end of the run.")
    late: int = Field(description="First calls started more than 10 ms after due.")
    scheduled: int = Field(description="First calls that were due and did start.")
    retries: int = Field(description="Rows that failed and were retried by the plan.")
    turned_away: int = Field(
        default=0,
        description="Rows whose slot was offered again without that: a limit of the"
        " account, a call that we cut, or one lost with a connection that we had kept.",
    )
    cache_hits: int = Field(description="Answered from the upstream's response cache.")
    prompt_cache_hits: int = Field(description="Calls with `cached_tokens` above 0.")
    outcomes: dict[str, int] = Field(description="Slots by outcome, those that occur.")
    notes: dict[str, int] = Field(
        default_factory=dict,
        description="Rows by the codes of their `notes`, those that occur.",
    )


class Throughput(Frozen):
    """Rates over the measured window, and over the whole one beside it."""

    measured_window_s: float | None = Field(
        description="First send to last send: warm-up and drain are cut."
    )
    requests_per_s: float | None = Field(
        description="Successful calls that ended in the measured window, per second."
    )
    output_tokens_per_s: float | None = Field(description="Their output tokens.")
    whole_window_s: float | None = Field(description="First send to last end.")
    whole_requests_per_s: float | None = Field(description="All successful calls.")
    whole_output_tokens_per_s: float | None = Field(description="Their output tokens.")
    peak_open: int = Field(description="The most calls open at once.")
    asked_rate_per_s: float | None = Field(
        description="Slots that came due, per second; None in a closed load."
    )
    achieved_rate_per_s: float | None = Field(
        description="Slots that started, per second of the same stretch."
    )


class Goodput(Frozen):
    """How many calls met every objective; an error or an unknown value is a miss."""

    slo: dict[str, float] = Field(description="Column name to largest good value.")
    good: int = Field(description="Calls that met every objective.")
    share: float | None = Field(description="Of successful, failed and dropped calls.")
    requests_per_s: float | None = Field(
        description="Good calls that ended in the measured window, per second."
    )


class AttemptFigures(Frozen):
    """One attempt of each slot: how many succeeded, and how long those took."""

    ok: int = Field(description="Attempts that ended `ok`.")
    failed: int = Field(description="Neither `ok` nor dropped nor cancelled.")
    success_share: float | None = Field(description="ok / (ok + failed).")
    latency: Distribution = Field(description="To the end of the answer, in seconds.")
    ttft: Distribution = Field(description="To its first token, in seconds.")


class Attempts(Frozen):
    """First attempts, and what their slots came to with all retries and pauses."""

    first: AttemptFigures = Field(description="From the sending of the first attempt.")
    perceived: AttemptFigures = Field(
        description="Last attempts, from the due time of the slot, in a closed load"
        " from the sending of its first attempt."
    )
    retried_slots: int = Field(description="Slots with at least one retry.")
    retries: int = Field(description="All retries.")


def _name_each_metric(schema: dict[str, Any]) -> None:
    """The distribution of each metric of the table as a property, as the table says."""
    properties = schema["properties"]
    distribution = properties["latency"]["$ref"]
    for name, metric in spread().items():
        unit = ", in seconds" if metric.name.endswith("_s") else ""
        says = f"{metric.says}{unit}."
        properties[name] = {"$ref": distribution, "description": says}
    schema["additionalProperties"] = False


class Figures(Frozen):
    """Everything about one group of rows; the seed's seven names come first.

    A metric of the table (`metrics.METRICS`) that has no field here stands behind them
    all, under its name in the summary; the JSON Schema names all of them.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra=_name_each_metric)
    __pydantic_extra__: dict[str, Distribution]

    avg: float | None = Field(
        description="Mean `latency_s` of successful calls, in seconds. Of several"
        " models it is the mean over all of them: read `targets`, which has each one's."
    )
    min: float | None = Field(description="Their least, in seconds.")
    max: float | None = Field(description="Their greatest, in seconds.")
    std_dev: float | None = Field(
        description="Sample standard deviation, in seconds; None for fewer than two."
    )
    total_runs: int = Field(description="Slots closed outside warm-up.")
    successful_runs: int = Field(description="Those that ended `ok`.")
    total_tokens: int | None = Field(
        description="Sum of `usage.total_tokens` over all rows that report it, or both"
        " of its parts; None when none does."
    )
    latency: Distribution
    response: Distribution
    ttft: Distribution
    ttft_visible: Distribution
    tpot: Distribution
    gap: Distribution = Field(
        description="The gaps between token events, of all calls, in seconds."
    )
    latency_adjusted: Adjusted | None = Field(
        description="None when calls succeeded and none has the metric."
    )
    ttft_adjusted: Adjusted | None = Field(description="As above: not streamed.")
    counts: Counts = Field(description="Where the slots went.")
    throughput: Throughput = Field(description="Calls and tokens per second.")
    goodput: Goodput | None = Field(description="None without objectives.")
    cost: Cost = Field(description="What was billed.")
    tokens: Tokens = Field(description="What the rows report.")
    pass_rate: PassRate | None = Field(
        default=None, description="Of the answers that have checks; None: none has."
    )
    integrity: Integrity | None = Field(
        default=None,
        description="How often answers did not come whole. None: not said.",
    )


class ProviderFigures(Figures):
    """One target's rows that one provider served."""

    provider: str | None = Field(description="None: the upstream did not say.")


class TargetFigures(Figures):
    """One target's rows."""

    judge_cost_usd: float | None = Field(
        default=None, description="Of judging its answers; in no other cost of it."
    )
    judging: Judging | None = Field(
        default=None, description="What judges said. None where the plan has none."
    )

    target: str = Field(description="Its label: its name, or whom it asks.")
    model: str = Field(description="The model, as the plan names it.")
    upstream: str | None = Field(default=None, description="Its upstream's name.")
    upstreams: dict[str, int] = Field(default_factory=dict, description="Rows by URL.")
    attempts: Attempts | None = Field(
        default=None, description="None where the plan has no retries."
    )
    providers: tuple[ProviderFigures, ...] = Field(description="By name.")


class StepFigures(Figures):
    """One step's rows; a warm-up step is told here and counted nowhere else."""

    step: int = Field(description="Its number, from 0, as in the rows.")
    name: str = Field(description="`warm-up`, `main`, or what it holds: `rate 2`.")
    warmup: bool = Field(description="Its rows are in no other figures.")
    value: float | None = Field(
        default=None,
        description="The concurrency or the rate that a sweep or a search held in it."
        " None in a plan of one load.",
    )


class Complaint(Frozen):
    """One way in which calls failed."""

    outcome: str = Field(description="As in the rows: `rate_limited`, ...")
    error: str | None = Field(
        description="The sentence of the rows, cut at 200 characters. None: none."
    )
    calls: int = Field(description="Slots that came to it.")


class Pace(Frozen):
    """The rate at which one target of an adaptive load was asked."""

    target: str = Field(description="Its label.")
    per_minute: float = Field(description="Calls a minute, at the end.")
    throttled_at_per_minute: float | None = Field(
        description="The rate at which a call was last throttled. None: none was, so"
        " the upstream may allow more."
    )
    throttled_share: float | None = Field(description="Of all calls of the target.")
    held_throttled_share: float | None = Field(
        description="Of those after the first that was throttled. None: there are none."
    )
    changes: tuple[tuple[float, float], ...] = Field(
        description="(Unix seconds, calls a minute from then on), the last thousand."
    )


class Summary(Figures):
    """A run in numbers: a pure function of its plan and rows."""

    schema_version: int = Field(default=SCHEMA, description="Of this record.")
    status: Status | None = Field(
        default=None, description="done, cancelled or failed; None: not said."
    )
    ending: Ending | None = Field(
        default=None, description="Why the run came to its end; None: not said."
    )
    cause: str | None = Field(
        default=None, description="The sentence with which it ended, where it has one."
    )
    complaints: tuple[Complaint, ...] = Field(
        default=(), description="The five commonest failures, in the upstream's words."
    )
    upstreams: dict[str, int] = Field(default_factory=dict, description="Rows by URL.")
    calls_over_time: tuple[int, ...] = Field(
        default=(), description="Rows that ended in each fortieth of its time."
    )
    attempts: Attempts | None = Field(
        default=None, description="None where the plan has no retries."
    )
    doubtful_shares: dict[str, float] = Field(
        default_factory=dict,
        description="Figure to the share of its values that a late read may have put"
        " off by more than 5 %: of its calls, or for `gap` of its gaps.",
    )
    stamp_slack_p99_s: float | None = Field(
        description="Over successful streamed calls; a call without slack counts as 0."
    )
    warmup_usd: float | None = Field(description="Billed for warm-up, not in `cost`.")
    judge_cost_usd: float | None = Field(
        default=None,
        description="Billed for judges, not in `cost`. None: none says, or there is"
        " none.",
    )
    judging: Judging | None = Field(
        default=None, description="What judges said. None where the plan has none."
    )
    find: SearchAnswer | None = Field(
        default=None, description="The answer of a search; None in other plans."
    )
    targets: tuple[TargetFigures, ...] = Field(description="In the plan's order.")
    steps: tuple[StepFigures, ...] = Field(description="In the order they were run.")
