"""How often the product's interval misses what is true, and how often it calls."""

from dataclasses import dataclass

import numpy as np

from shared.comparison.calls import beside
from shared.comparison.findings import Finding, find
from shared.comparison.looks import AT_END, Look
from shared.comparison.records import MetricName
from tests.stats import truths
from tests.stats.worlds import Case, Drawn, drawn

SEED = 20261128

TRUTHS: dict[MetricName, truths.Truth] = {
    "ttft": truths.latency,
    "ttft_wins": truths.wins,
    "success": truths.success,
    "cost": truths.cost,
    "ttft_p95": truths.p95,
}


@dataclass(frozen=True, slots=True)
class Missed:
    """Shares of runs. None: nothing was said."""

    minutes: float | None
    beyond: float | None
    said: int
    """Runs of which something was said."""


def found(
    metric: MetricName, of: Drawn, run: int, look: Look = AT_END
) -> tuple[Finding, int]:
    """What the product finds in one run, and from how many pairs."""
    a, b = of.calls(run)
    planned = of.case.pairs
    side_by_side = beside(a, b, paired=True, planned=planned, look=look)
    return find(metric, side_by_side, planned, one_run=True), side_by_side.pairs


def missed(metric: MetricName, case: Case, runs: int) -> Missed:
    """How often the 95 % interval of a metric misses its own truth."""
    near = far = said = said_far = 0
    for of in drawn(case, runs, SEED):
        true_near = TRUTHS[metric](of, True)
        true_far = TRUTHS[metric](of, False)
        for run in range(len(true_near)):
            finding, _ = found(metric, of, run)
            if finding.minutes is not None:
                said += 1
                within = finding.minutes
                near += not within.low <= true_near[run] <= within.high
            if finding.beyond is not None:
                said_far += 1
                within = finding.beyond
                far += not within.low <= true_far[run] <= within.high
    return Missed(
        near / said if said else None, far / said_far if said_far else None, said
    )


def called(case: Case, runs: int, metric: MetricName = "ttft") -> tuple[float, float]:
    """How often p is at most 5 % and the first is called slower: in these minutes, and
    beyond them."""
    near = far = 0
    for of in drawn(case, runs, SEED + 1):
        for run in range(len(of.logs[0])):
            finding, _ = found(metric, of, run)
            for which, reading in enumerate((finding.minutes, finding.beyond)):
                if reading is not None and reading.p <= 0.05 and reading.estimate > 0:
                    near, far = (near + 1, far) if which == 0 else (near, far + 1)
    return near / runs, far / runs


def equivalent(case: Case, runs: int) -> tuple[float, float]:
    """How often both are called equivalent: in these minutes, and beyond them."""
    counts = np.zeros(2)
    for of in drawn(case, runs, SEED + 2):
        for run in range(len(of.logs[0])):
            finding, _ = found("ttft", of, run)
            delta = finding.margin or 0.0
            for which, reading in enumerate((finding.minutes, finding.beyond)):
                if reading is not None:
                    inside = -delta < reading.low_near and reading.high_near < delta
                    counts[which] += inside
    return float(counts[0]) / runs, float(counts[1]) / runs
