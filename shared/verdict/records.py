"""What a verdict is made of: the evidence, reasons, and the summary that bears them.

A figure is named whole (`ttft`, `gap`, `rate`), or by one number of it (`ttft.p99`).
`rate` is what `throughput` has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field, JsonValue

from shared.analysis import Pace, Summary
from shared.comparison.looks import LookAnswer
from shared.fields import TOLD
from shared.plan import Plan
from shared.verdict.observations import Observations

STREAMED = ("ttft", "ttft_visible", "tpot", "gap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One doubt, or one note: a number, its limit, and what to do."""

    __pydantic_config__: ClassVar[ConfigDict] = TOLD

    kind: Literal["invalid", "suspect", "note"]
    """What it makes of the run; a note nothing."""
    code: str
    """Stable name, for programs."""
    words: str
    """What was seen, as a sentence."""
    remedy: str
    """What to do about it."""
    value: float | None = None
    """The number that was seen, where it is one."""
    limit: float | None = None
    """The number that it is held against."""
    figures: tuple[str, ...] = ()
    """What cannot be used for this reason; () where it is a doubt of no figure alone.
    Of a note: what it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The worst of the reasons; notes are not faults.

    Invalid: headline figures cannot be used. Suspect: some cannot, or all of them with
    a doubt.
    """

    __pydantic_config__: ClassVar[ConfigDict] = TOLD

    kind: Literal["valid", "suspect", "invalid"]
    """The worst of the reasons."""
    reasons: tuple[Reason, ...] = ()
    """Why it is suspect or invalid."""
    notes: tuple[Reason, ...] = ()
    """What to know beside the numbers; nobody's fault."""
    unusable: tuple[str, ...] = ()
    """Figures that cannot be used, for these reasons: `gap`, `ttft.p99`, `rate` ..."""
    usable: tuple[str, ...] = ()
    """Figures that can: those of which the run has calls enough, less the others."""


class Judged(Summary):
    """A run's summary with what the workers saw, and the verdict on both: what is
    written as `summary.json`, and shown as the run's result."""

    summarized_by: str | None = Field(
        default=None,
        description="The version that made this of the rows: the worker's, or a later"
        " one's that was asked to. None: of before that was told.",
    )
    observations: Observations | None = Field(description="What the workers saw.")
    verdict: Verdict = Field(description="Whether to believe all this.")
    pace: tuple[Pace, ...] = Field(
        default=(), description="What an adaptive load has found, by target."
    )
    until: LookAnswer | None = Field(
        default=None,
        description="What the latest planned look found, of a plan with `until`.",
    )
    machines: tuple[dict[str, JsonValue], ...] = Field(
        default=(), description="What each worker reported of itself, shard by shard."
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is judged."""

    plan: Plan
    summary: Summary
    seen: Observations

    @property
    def figures(self) -> tuple[str, ...]:
        """All that a run of this plan could have."""
        streamed = STREAMED if self.plan.stream else ()
        is_closed = self.plan.load.slots_by(0) is None
        return ("latency", *(() if is_closed else ("response",)), *streamed, "rate")


Rule = Callable[[Evidence], Reason | None]
