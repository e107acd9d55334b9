"""Which is better, and is that real: two targets, or two runs, side by side. Pure.

`records` is what a comparison says, and `looks` when it may be made; both are cheap.
What computes (`compare` and `sides`, and below them `findings`, `quantities`, `calls`
and the folder `method`) imports numpy and scipy, so it is imported late and by its own
name. docs/compare.md explains it, docs/statistics.md has the method.

May import: the machinery.
"""

from shared.comparison.choice.front import front_of
from shared.comparison.records import (
    EXPLORATORY,
    FAILING_MORE,
    LABELS,
    METRICS,
    SHARES,
    ComparedRun,
    Comparison,
    CostSplit,
    Difference,
    Front,
    FrontPoint,
    MetricName,
    MetricVerdict,
    PairVerdict,
    Ranked,
    Ranking,
    Side,
    Statement,
    Word,
)

__all__ = [
    "EXPLORATORY",
    "FAILING_MORE",
    "LABELS",
    "METRICS",
    "SHARES",
    "ComparedRun",
    "Comparison",
    "CostSplit",
    "Difference",
    "Front",
    "FrontPoint",
    "MetricName",
    "MetricVerdict",
    "PairVerdict",
    "Ranked",
    "Ranking",
    "Side",
    "Statement",
    "Word",
    "front_of",
]
