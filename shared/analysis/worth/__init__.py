"""What answers were worth: whether they came whole, passed their checks, and for how
much money.

`records` is what is said of it; what computes (`cost`, `passing`, `integrity`) is
imported by its own name, with pandas.

May import: `distributions` and `windows` of `analysis`, `sample`.
"""

from shared.analysis.worth.records import Cost, Integrity, PassRate, Tokens, Trouble
from shared.analysis.worth.shares import clustered, wilson

__all__ = [
    "Cost",
    "Integrity",
    "PassRate",
    "Tokens",
    "Trouble",
    "clustered",
    "wilson",
]
