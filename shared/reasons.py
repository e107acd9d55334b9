"""Why a run may not be believed: one small function for each doubt.

A thing that nobody observed is unknown, and no reason to doubt.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.metrics import LATE_S
from shared.observations import Observations
from shared.plan import Plan

if TYPE_CHECKING:
    from shared.figures import Summary

LEAST_RATE = 0.98
MOST_LATE = 0.05
SOME_LATE = 0.01
MOST_SLACK = 0.05
MOST_LAG_S = 0.020
MOST_CPU = 0.90
MANY_STREAMS = 200
"""With so many the loop's own stamps were found within 0.5 ms (p99), with 500 in 3."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One doubt, or one note: a number, its limit, and what to do."""

    kind: Literal["invalid", "suspect", "note"]
    code: str
    """Stable name, for programs."""
    words: str
    remedy: str
    value: float | None = None
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged."""

    plan: Plan
    summary: "Summary"
    seen: Observations


Rule = Callable[[Case], Reason | None]


def _rate_missed(case: Case) -> Reason | None:
    asked = case.summary.throughput.asked_rate_per_s
    achieved = case.summary.throughput.achieved_rate_per_s
    if asked is None or achieved is None or achieved >= LEAST_RATE * asked:
        return None
    return Reason(
        kind="invalid",
        code="rate_missed",
        words=f"Calls were started at {achieved:.4g}/s where {asked:.4g}/s was asked"
        f" ({achieved / asked:.1%}).",
        remedy="Ask a lower rate, allow more calls open at once, or add workers.",
        value=achieved / asked,
        limit=LEAST_RATE,
    )


def _late_starts(case: Case) -> Reason | None:
    counts = case.summary.counts
    share = counts.late / counts.scheduled if counts.scheduled else 0.0
    if share <= SOME_LATE:
        return None
    much = share > MOST_LATE
    return Reason(
        kind="invalid" if much else "suspect",
        code="late_starts",
        words=f"{counts.late} of {counts.scheduled} calls ({share:.1%}) started more"
        f" than {LATE_S * 1000:.0f} ms after they were due.",
        remedy="Look at `queue_s`: allow more calls open at once, ask a lower rate, or"
        " give the workers a quieter machine.",
        value=share,
        limit=MOST_LATE if much else SOME_LATE,
    )


def _not_sent(case: Case) -> Reason | None:
    """Where nothing was due, no slot can have been dropped for want of a lane."""
    counts = case.summary.counts
    if not counts.dropped or counts.scheduled:
        return None
    return Reason(
        kind="invalid",
        code="not_sent",
        words=f"{counts.dropped} calls were never sent: a worker could open no more"
        " connections.",
        remedy="Raise the workers' limit of descriptors (ulimit -n), open fewer calls"
        " per worker, or add workers on other machines.",
        value=float(counts.dropped),
        limit=0.0,
    )


def _stamp_slack(case: Case) -> Reason | None:
    slack, ttft = case.summary.stamp_slack_p99_s, case.summary.ttft.p50.point
    if slack is None or ttft is None or slack <= MOST_SLACK * ttft:
        return None
    return Reason(
        kind="invalid",
        code="stamp_slack",
        words=f"Stamps may be {slack * 1000:.1f} ms late (p99), which is more than"
        f" {MOST_SLACK:.0%} of the median time to the first token"
        f" ({ttft * 1000:.1f} ms).",
        remedy="The worker read too late: fewer calls open per worker, more workers,"
        " or a quieter machine.",
        value=slack,
        limit=MOST_SLACK * ttft,
    )


def _too_many_errors(case: Case) -> Reason | None:
    counts = case.summary.counts
    sent = counts.ok + counts.failed
    limit = case.plan.max_error_share
    if limit is None or not sent:
        return None
    share = counts.failed / sent
    if share <= limit:
        return None
    return Reason(
        kind="invalid",
        code="too_many_errors",
        words=f"{counts.failed} of {sent} calls ({share:.1%}) failed; the plan accepts"
        f" {limit:.1%}.",
        remedy="Look at `counts.outcomes` and the `error` column, mend the cause, and"
        " run again.",
        value=share,
        limit=limit,
    )


def _loop_lag(case: Case) -> Reason | None:
    lag = case.seen.loop_lag_p99_s
    if lag is None or lag <= MOST_LAG_S:
        return None
    return Reason(
        kind="suspect",
        code="loop_lag",
        words=f"A worker's event loop was {lag * 1000:.1f} ms late (p99).",
        remedy="Fewer calls open per worker, more workers, or a quieter machine.",
        value=lag,
        limit=MOST_LAG_S,
    )


def _cpu(case: Case) -> Reason | None:
    share = case.seen.cpu_share
    if share is None or share <= MOST_CPU:
        return None
    return Reason(
        kind="suspect",
        code="cpu",
        words=f"A worker used {share:.0%} of a core: the generator may be what was"
        " measured.",
        remedy="Add workers, or ask a lower load of each.",
        value=share,
        limit=MOST_CPU,
    )


def _interrupted(case: Case) -> Reason | None:
    shards = case.seen.interrupted_shards
    if not shards:
        return None
    return Reason(
        kind="suspect",
        code="interrupted",
        words=f"The workers of {shards} share(s) of the work went silent, so the load"
        " was not held all the time.",
        remedy="Run again, with workers that stay.",
        value=float(shards),
        limit=0.0,
    )


def _overlap(case: Case) -> Reason | None:
    shards = case.seen.overlapping_shards
    if not shards:
        return None
    return Reason(
        kind="suspect",
        code="overlap",
        words=f"{shards} share(s) of the work were carried by two workers at once, so"
        " more calls may have been open than asked.",
        remedy="Run again; a worker that stalls longer than its lease is the cause.",
        value=float(shards),
        limit=0.0,
    )


def _mixed_versions(case: Case) -> Reason | None:
    versions = case.seen.versions or ()
    if len(versions) < 2:
        return None
    return Reason(
        kind="suspect",
        code="mixed_versions",
        words=f"Workers of several versions made the calls: {', '.join(versions)}.",
        remedy="Upgrade all workers, then run again.",
        value=float(len(versions)),
        limit=1.0,
    )


def _loop_stamps(case: Case) -> Reason | None:
    streams = case.summary.throughput.peak_open
    only_loop = case.seen.loop_stamps and not case.seen.kernel_stamps
    if not only_loop or not case.plan.stream or streams <= MANY_STREAMS:
        return None
    return Reason(
        kind="suspect",
        code="loop_stamps",
        words=f"All stamps are the event loop's own, with {streams} streams open"
        " at once; the kernel's were not to be had.",
        remedy="Measure from Linux without a proxy in the way of the socket option,"
        f" or open no more than {MANY_STREAMS} streams.",
        value=float(streams),
        limit=float(MANY_STREAMS),
    )


DOUBTS: tuple[Rule, ...] = (
    _rate_missed,
    _late_starts,
    _not_sent,
    _stamp_slack,
    _too_many_errors,
    _loop_lag,
    _cpu,
    _interrupted,
    _overlap,
    _mixed_versions,
    _loop_stamps,
)
