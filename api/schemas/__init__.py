"""Bodies that several files of the API know: of benchmarks, and of the account.

May import: `shared`.
"""

from api.schemas.account import (
    AccountNow,
    Count,
    Credit,
    FreeCalls,
    LimitNow,
    Spending,
    UpstreamNow,
)
from api.schemas.baseline import Baselines, NamedRun, NewBaseline
from api.schemas.benchmark import (
    Accepted,
    Job,
    Listed,
    Listing,
    Money,
    Progress,
    Quoted,
    Reconciled,
)
from api.schemas.live import Live, LiveFailure, LiveFigures, LiveStep, LiveTarget

__all__ = [
    "Accepted",
    "AccountNow",
    "Baselines",
    "Count",
    "Credit",
    "FreeCalls",
    "Job",
    "LimitNow",
    "Listed",
    "Listing",
    "Live",
    "LiveFailure",
    "LiveFigures",
    "LiveStep",
    "LiveTarget",
    "Money",
    "NamedRun",
    "NewBaseline",
    "Progress",
    "Quoted",
    "Reconciled",
    "Spending",
    "UpstreamNow",
]
