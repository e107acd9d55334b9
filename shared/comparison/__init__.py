"""Which is better, and is that real: two targets, or two runs, side by side. Pure.

`records` is what a comparison says, and is cheap; what computes (`compare`, and below
it `findings`, `quantities`, `success`, `calls`, `engine`) imports numpy and scipy, so
it is imported late and by its own name. docs/compare.md has the method.

May import: the machinery.
"""

from shared.comparison.records import (
    LABELS,
    METRICS,
    ComparedRun,
    Comparison,
    Difference,
    MetricVerdict,
    PairVerdict,
    Ranked,
    Ranking,
    Side,
    Statement,
)

__all__ = [
    "LABELS",
    "METRICS",
    "ComparedRun",
    "Comparison",
    "Difference",
    "MetricVerdict",
    "PairVerdict",
    "Ranked",
    "Ranking",
    "Side",
    "Statement",
]
