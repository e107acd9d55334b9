"""What may be shown of a run that is not over: a difference so far, with its live band.

No p and no word: those are of the planned looks and of the end.
"""

from dataclasses import dataclass

from shared.comparison.calls import TargetCalls, beside
from shared.comparison.findings import about_of
from shared.comparison.looks import STRETCHES, Look
from shared.comparison.method.band import band
from shared.comparison.method.engine import LEAST_PAIRS, beyond_them, spread_of
from shared.comparison.method.values import Nothing
from shared.comparison.quantities import WINS, halves, shown_change, wins
from shared.comparison.records import MetricName


@dataclass(frozen=True, slots=True)
class SoFar:
    """A difference after some of the stretches, on the scale of a `Statement`."""

    stretches: int
    pairs: int
    estimate: float
    low: float
    high: float
    """The ends of the band: infinite while too little is known."""


def so_far(
    metric: MetricName, a: TargetCalls, b: TargetCalls, planned: int
) -> SoFar | None:
    """Of `a` beside `b`, at the end of the latest full stretch; None before there are
    pairs enough, or where the metric has no value.

    planned: pairs of the plan, whose stretches are as long at each look. The calls are
    the first of the plan, without a gap.
    """
    made = min(len(a), len(b))
    stretches = min(STRETCHES, made * STRETCHES // planned)
    if stretches < 2:
        return None
    # its level is that of the band, which is not looked up
    of = beside(a, b, paired=True, planned=planned, look=Look(stretches, 0.05))
    try:
        if metric in WINS:
            won = wins(metric, of)
            estimate, influence = won.value, won.influence
        else:
            won, other = halves(metric, of)
            estimate = won.value - other.value
            influence = won.influence - other.influence
    except Nothing:
        return None
    if len(influence) < LEAST_PAIRS:
        return None
    spread = spread_of(influence, won.prompt, won.stretch, stretches)
    doubt = beyond_them(spread, about_of(of))
    low, high = band(estimate, doubt, stretches)
    return SoFar(
        stretches,
        of.pairs,
        *(shown_change(metric, end) for end in (estimate, low, high)),
    )
