"""What a comparison says: frozen records, which the API shows and the terminal prints.

In each of them `a` and `b` are the two that are compared, and every difference is that
of `a` from `b`: -0.2 of a time means that `a` took 20 % less.
"""

from typing import Literal

from pydantic import Field

from shared.fields import Frozen, Moment

MetricName = Literal[
    "ttft",
    "latency",
    "tpot",
    "cost",
    "success",
    "pass_rate",
    "ttft_wins",
    "latency_wins",
    "latency_at_length",
    "ttft_p95",
    "latency_p95",
    "ttft_p99",
    "latency_p99",
]
Word = Literal["better", "worse", "equivalent", "cannot_tell"]
About = Literal["prompts like these", "these prompts"]

LABELS: dict[MetricName, str] = {
    "ttft": "time to first token",
    "latency": "latency",
    "tpot": "time per output token",
    "cost": "cost per good answer",
    "success": "success",
    "pass_rate": "pass rate",
    "ttft_wins": "quicker first tokens",
    "latency_wins": "quicker answers",
    "latency_at_length": "latency at equal length",
    "ttft_p95": "p95 of the time to first token",
    "latency_p95": "p95 of the latency",
    "ttft_p99": "p99 of the time to first token",
    "latency_p99": "p99 of the latency",
}
"""What people call each metric, in the order in which they are shown."""
METRICS: tuple[MetricName, ...] = tuple(LABELS)
SHARES: tuple[MetricName, ...] = ("success", "pass_rate")
"""Those that are shares of calls."""
FAILING_MORE = 0.01
"""Shares of failures that differ by no more are taken for equal. Beyond it the one that
fails more seems quicker than it is, if it is the slow calls that fail."""
EXPLORATORY: tuple[MetricName, ...] = (
    "latency_at_length",
    *("ttft_p95", "latency_p95", "ttft_p99", "latency_p99"),
)
"""Those that nobody has to look at for a decision. They are a family of their own, so
that the others need not be the surer for them."""


class Side(Frozen):
    """One of two that are compared: a target of a run."""

    job_id: str = Field(description="The run.", examples=["01JZ8M5T7Q4W9E2R6Y8V0B3N5C"])
    target: str = Field(
        description="The target's name in it.", examples=["acme/orca-70b-instruct:free"]
    )
    further: tuple[str, ...] = Field(
        default=(), description="Further runs, where several are one side."
    )


class Statement(Frozen):
    """What can be said of one metric, of the minutes of the run or beyond them."""

    about: About = Field(
        description="For which prompts it is said: from six prompts on for others like"
        " them too."
    )
    estimate: float = Field(
        description="Of a time or a cost: how much larger it is of `a`, as a share of"
        " that of `b` (-0.2: 20 % less). Of success and pass rate: `a` less `b`, as"
        " shares. Of wins: the share of pairs in which `a` was quicker, a tie being a"
        " half, less 0.5.",
        examples=[-0.31],
    )
    low: float = Field(description="The lower end of its 95 % interval.")
    high: float = Field(description="The upper end.")
    p: float = Field(
        description="How often chance alone would show so much; by the same method as"
        " the interval, so that it is below 0.05 where the interval leaves out 0."
    )
    p_holm: float = Field(
        description="The same after Holm, over all pairs and metrics of the answer that"
        " are exploratory, or over those that are not. `word` goes by it."
    )
    word: Word = Field(
        description="`better` or `worse` (`a` than `b`), `equivalent` (its 90 %"
        " interval is inside the margin), or `cannot_tell`: not yet."
    )
    moved: bool = Field(
        default=False,
        description="The difference moved during the run: run longer, or on several"
        " days.",
    )
    sentence: str = Field(
        description="The same in words.",
        examples=["acme/orca began to answer 31 % sooner (22 to 40)"],
    )


class MetricVerdict(Frozen):
    """One metric of two targets."""

    metric: MetricName = Field(
        description="`ttft`, `latency`, `tpot`, `cost` (of a good answer), `success`;"
        " `pass_rate`, of the answers that were checked; `ttft_wins` and"
        " `latency_wins`: who was quicker in each pair, where a failure loses to a"
        " success; `latency_at_length`: latency, had all answers had"
        " the mean length of both; `ttft_p95` and the like: percentiles."
    )
    exploratory: bool = Field(
        default=False,
        description="Good to know, and not a part of the sentence; its p after Holm is"
        " over the exploratory ones alone.",
    )
    a: float | None = Field(
        description="Its value of `a`: of times the geometric mean in seconds, USD per"
        " good answer, the share that succeeded or passed; null where there is none."
    )
    b: float | None = Field(description="The same of `b`.")
    n: int = Field(description="Pairs that it rests on; unpaired: calls of the fewer.")
    prompts: int = Field(description="Different prompts among them.")
    margin: float | None = Field(
        description="A difference up to this matters to nobody: a share, as `estimate`."
        " Null where none is fixed."
    )
    minutes: Statement | None = Field(
        description="What is true of the minutes of the run, or of the moments of two"
        " runs. Null: `why` tells."
    )
    beyond: Statement | None = Field(
        description="What is true beyond them, if the hour was typical. Null:"
        " `needs_beyond` tells what it would take."
    )
    why: str | None = Field(
        default=None, description="Why there is no figure, or no claim."
    )
    needs: str | None = Field(
        default=None, description="What it would take, about, to tell of these minutes."
    )
    needs_beyond: str | None = Field(
        default=None, description="The same of beyond them."
    )


class CostSplit(Frozen):
    """Why one costs more or less: its price, or how much it says. Their product is the
    ratio of the costs."""

    price: float = Field(description="Price of an output token of `a` by that of `b`.")
    tokens: float = Field(
        description="Output tokens for each good answer of `a` by those of `b`."
    )


class PairVerdict(Frozen):
    """Two targets, compared in every metric."""

    a: Side = Field(description="The one.")
    b: Side = Field(description="The other.")
    paired: bool = Field(
        description="Calls of the same prompt and repetition are compared with each"
        " other. False: the prompts differ, and only means are."
    )
    pairs: int = Field(description="How many such pairs both have closed.")
    token_ratio: float | None = Field(
        description="Output tokens of `a` for one of `b`; a longer answer takes longer."
    )
    cost_split: CostSplit | None = Field(
        default=None,
        description="The ratio of the costs as price by length; null where a cost or a"
        " length is unknown.",
    )
    control: str | None = Field(
        default=None,
        description="Of two runs: the target of both that shows what the hour did;"
        " every difference is that of the differences from it.",
    )
    metrics: tuple[MetricVerdict, ...] = Field(description="One of each metric.")
    sentence: str = Field(description="All of it in words.")


class Ranked(Frozen):
    """One place in a ranking."""

    side: Side = Field(description="Who.")
    value: float = Field(description="The value of the metric.")
    may_be_best: bool = Field(
        description="It is the best, or cannot be told from it in these minutes."
    )


class Ranking(Frozen):
    """Who is best in one metric, and who cannot be told from the best."""

    metric: MetricName = Field(description="Which metric.")
    places: tuple[Ranked, ...] = Field(description="The best first.")
    sentence: str = Field(description="The same in words.")


class FrontPoint(Frozen):
    """One of those that are compared, by what a choice goes by."""

    side: Side = Field(description="Who.")
    values: dict[MetricName, float] = Field(description="Its value of each metric.")
    on_front: bool = Field(
        description="Nobody is told better in something and at least as good in the"
        " rest."
    )
    ruled_out_by: tuple[Side, ...] = Field(description="Those who are.")
    alike: tuple[Side, ...] = Field(
        description="Those from which nothing tells it apart: one point, as it were."
    )


class Front(Frozen):
    """Who is worth a choice: the Pareto front, in these minutes."""

    metrics: tuple[MetricName, ...] = Field(
        description="`pass_rate` where answers are checked, else `success`; `latency`,"
        " `cost`. Without those of which not all have a value."
    )
    points: tuple[FrontPoint, ...] = Field(description="Of all that are compared.")
    sentence: str = Field(description="The same in words.")


class Difference(Frozen):
    """Something in which two or more runs differ beside what they measured."""

    what: str = Field(
        description="A field of the plan, or `versions`, `hosts`, `upstream`.",
        examples=["max_tokens"],
    )
    values: tuple[str, ...] = Field(
        description="In short, one of each run in the order of `jobs`.",
        examples=[["256", "512"]],
    )
    bars: bool = Field(
        description="It makes other work of it: without `anyway` this is refused."
    )


class ComparedRun(Frozen):
    """A run that was compared."""

    job_id: str = Field(description="Which.")
    created_at: Moment = Field(description="When it was asked for.")
    targets: tuple[str, ...] = Field(description="The names of its targets.")
    calls: int = Field(description="Its calls, warm-ups left out.")


class Comparison(Frozen):
    """The targets of one run beside each other, or several runs."""

    jobs: tuple[ComparedRun, ...] = Field(description="In the order of the question.")
    between: Literal["targets", "runs", "sides"] = Field(
        description="`targets` of one run, whose calls were interleaved; `runs`, each"
        " of which is one moment; or `sides` of several runs, each of which is one"
        " value."
    )
    differences: tuple[Difference, ...] = Field(
        description="What differs in plan, versions and machines of the runs."
    )
    left_out: tuple[str, ...] = Field(
        description="What is not compared, with the reason."
    )
    verdicts: tuple[PairVerdict, ...] = Field(description="Each two, in order.")
    rankings: tuple[Ranking, ...] = Field(
        description="By metric, where there are three or more."
    )
    front: Front | None = Field(
        default=None,
        description="Of the targets of one run: who is worth a choice. Null for runs,"
        " and where fewer than two of its metrics have values.",
    )
    notes: tuple[str, ...] = Field(description="How far all this may be trusted.")
