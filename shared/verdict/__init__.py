"""Whether to believe it: the verdict on a summary, with reasons in words.

A doubt or a note is one small function of a `Case`; `judge` asks them all. Pure.

May import: the machinery, `run`, `sample`, `plan`, and the records of `analysis`.
"""

from shared.verdict.judge import Verdict, judge
from shared.verdict.observations import Observations, together
from shared.verdict.reason import MOST_OFF, RESOLUTION_S

__all__ = ["MOST_OFF", "RESOLUTION_S", "Observations", "Verdict", "judge", "together"]
