"""Several runs a side: each run is one value, and runs differ as hours and days do.

Calls of one run say nothing of another hour, however many there are. So a claim about a
target rests on how much the values of its runs differ: Welch's t of their means.
"""

import numpy as np

from shared.comparison.calls import TargetCalls
from shared.comparison.findings import Finding, Reading
from shared.comparison.method.engine import Doubt, interval, p_of, together
from shared.comparison.method.values import Nothing, mean
from shared.comparison.quantities import QUANTITIES, WINS, margin, shown_of
from shared.comparison.records import MetricName

LEAST_RUNS = 3
"""Of each side."""
_WHY = "each run counts as one value"


def find_of_runs(
    metric: MetricName, a: tuple[TargetCalls, ...], b: tuple[TargetCalls, ...]
) -> Finding:
    """The metric of both sides, by its value in each run."""
    runs = min(len(a), len(b))
    try:
        if metric in WINS:
            raise Nothing("wins are of pairs, and these runs were not interleaved")
        quantity = QUANTITIES[metric]
        of_a, of_b = ([quantity.of(run, run) for run in side] for side in (a, b))
    except Nothing as nothing:
        return Finding(metric=metric, a=None, b=None, why=str(nothing))
    doubt = together(_doubt(of_a), _doubt(of_b))
    estimate = float(np.mean(of_a) - np.mean(of_b))
    beyond = Reading(
        doubt.about,
        estimate,
        *interval(estimate, doubt, 0.95),
        *interval(estimate, doubt, 0.90),
        p_of(estimate, doubt),
    )
    return Finding(
        metric=metric,
        a=shown_of(metric, float(np.mean(of_a))),
        b=shown_of(metric, float(np.mean(of_b))),
        n=runs,
        prompts=min(len(set(run.prompt.tolist())) for run in (*a, *b)),
        margin=margin(metric, (*a, *b)),
        beyond=beyond,
        why=_WHY,
        runs=runs,
    )


def _doubt(values: list[float]) -> Doubt:
    """Of the mean of the runs of a side."""
    n = len(values)
    _, influence = mean(np.array(values))
    variance = n / (n - 1) * float(influence @ influence)
    return Doubt(variance, n - 1, "these prompts")
