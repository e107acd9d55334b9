"""What it means: rows to columns, groups of columns to figures. Pure.

`summary` holds the records and is cheap; what computes (`columns`, `groups`,
`summarize`) imports pandas, so it is imported late and by its own name.

May import: the machinery, `run`, `sample`, `plan`, and `opinion` for what a summary
says of judges.
"""

from shared.analysis.gaps import gap_histogram, is_burst
from shared.analysis.metrics import (
    LATE_S,
    METRICS,
    MOST_OFF,
    RESOLUTION_S,
    latency_s,
    tpot_s,
    ttft_s,
)
from shared.analysis.percentiles import (
    PERCENTS,
    Distribution,
    Percentile,
    least_n,
    linear,
)
from shared.analysis.summary import Pace, ProviderFigures, Summary
from shared.analysis.worth import Integrity, clustered, wilson

__all__ = [
    "LATE_S",
    "METRICS",
    "MOST_OFF",
    "PERCENTS",
    "RESOLUTION_S",
    "Distribution",
    "Integrity",
    "Pace",
    "Percentile",
    "ProviderFigures",
    "Summary",
    "clustered",
    "gap_histogram",
    "is_burst",
    "latency_s",
    "least_n",
    "linear",
    "tpot_s",
    "ttft_s",
    "wilson",
]
