"""Whether to believe it: the verdict on a summary, with reasons in words.

A doubt or a note is one small function of a `Evidence`; `judge` asks them all. Pure.
`selftest` lays what a machine measured beside the truth.

May import: the machinery, `run`, `sample`, `plan`, and the records of `analysis` and of
`comparison`.
"""

from shared.verdict.judge import judge
from shared.verdict.observations import Observations, together
from shared.verdict.records import Judged, Reason, Verdict
from shared.verdict.usable import in_short

__all__ = [
    "Judged",
    "Observations",
    "Reason",
    "Verdict",
    "in_short",
    "judge",
    "together",
]
