"""The form of page data: frozen records, kept as JSON.

A target is its place in `targets`, a provider its place in `providers` (-1: the
upstream did not say), a call its `call_id`. Times are seconds since the first call.
"""

from typing import Literal

from pydantic import Field

from shared.analysis import Percentile
from shared.comparison import Comparison
from shared.fields import Frozen

SCHEMA = 2

Metric = Literal["ttft", "latency", "tpot"]
METRICS: tuple[Metric, ...] = ("ttft", "latency", "tpot")


def call_id(step: int, slot: int) -> str:
    """How a page names a call.

    >>> call_id(0, 17)
    '0.17'
    """
    return f"{step}.{slot}"


class RunPart(Frozen):
    """A part of the run, by when calls began."""

    from_s: float
    to_s: float
    calls: int = 0
    of: int = 0


class Interval(Frozen):
    """A value with its 95 % interval; an end is None where it is not known."""

    value: float
    low: float | None = None
    high: float | None = None


class Group(Frozen):
    """The calls of one target, or those of them that one provider served."""

    target: int
    provider: str | None = None
    """None: of all providers, or the upstream did not say."""
    whole: bool = True
    """All calls of the target."""
    calls: int
    ok: int
    sent: int
    """Neither dropped nor cut by the end of the run: of these is `success`."""
    times: dict[Metric, dict[str, Percentile]]
    """By percentile: p50, p90, p95, p99."""
    success: Interval | None
    usd_per_1000_good: Interval | None
    pass_rate: Interval | None = None
    """Of the answers that were checked; None: no answer of it was."""
    billed_usd: float | None = None


class StepGroup(Frozen):
    """The calls of one target in one step of a sweep or a search."""

    step: int
    value: float
    group: Group


class Curve(Frozen):
    """An empirical distribution: the share of all calls at or under each value."""

    target: int
    values_s: tuple[float, ...]
    shares: tuple[float, ...]
    calls: int
    """All: those that failed are above the top of the curve."""


class Lane(Frozen):
    """The calls of one target over time: a mark for each, or for several.

    A failure is in `failed`. What was never sent has no time, and no mark.
    """

    target: int
    median_s: float | None
    at_s: tuple[float, ...]
    value_s: tuple[float | None, ...]
    provider: tuple[int, ...]
    failed: tuple[str, ...]
    """The outcome of a failure, else ""."""
    calls: tuple[int, ...]
    """How many calls the mark stands for."""
    call: tuple[str, ...]
    """The first of them."""


class Cells(Frozen):
    """CallRows of the same prompt and repetition beside each other, by target."""

    prompt: tuple[int, ...]
    repetition: tuple[int, ...]
    call: tuple[tuple[str | None, ...], ...]
    """Of each target, of each cell; None: it has none, or it failed."""
    provider: tuple[tuple[int, ...], ...]
    times: dict[Metric, tuple[tuple[float | None, ...], ...]]
    of: int
    """So many there are; these are some of them, evenly over the run."""


class FailureGroup(Frozen):
    """Failures of one outcome and, ids and numbers masked, one message."""

    outcome: str
    message: str | None
    calls: int
    targets: tuple[int, ...]
    providers: tuple[int, ...]
    at_s: tuple[float, ...]
    """When, some of them."""
    examples: tuple[str, ...]


class PageData(Frozen):
    """What the page of an ended run shows beside its summary."""

    schema_version: int = SCHEMA
    made_of: tuple[int, ...] = ()
    """Sizes and times of the files: other ones make it stale."""
    began_at: float | None = Field(description="Unix seconds.")
    length_s: float
    part: RunPart | None = None
    metric: Metric
    """The first that the run has: `ttft`, or `latency` where nothing was streamed."""
    targets: tuple[str, ...]
    providers: tuple[str, ...]
    groups: tuple[Group, ...]
    steps: tuple[StepGroup, ...]
    curves: dict[Metric, tuple[Curve, ...]]
    lanes: tuple[Lane, ...]
    waits: tuple[tuple[float, float], ...]
    """Stretches in which the run was not worked on."""
    cells: Cells
    failures: tuple[FailureGroup, ...]
    failed: int
    comparison: Comparison | None = None
    why_not: str | None = None
    """Why nothing is compared."""
