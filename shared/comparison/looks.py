"""When a run may be looked at before its end, and how sure an answer must be then.

Who looks again and again, and stops when it pleases, is wrong far more often than each
look says. So the looks are planned: after 10, 15 and all 20 stretches, and the early
two answer only where p is tiny. docs/statistics.md says how often that is wrong.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from shared.comparison.records import MetricName, Word
from shared.fields import Frozen

LEAST_BEYOND = 200
"""Planned pairs, below which nothing is said beyond the minutes of the run."""
STRETCHES = 20
"""A run is cut into so many equal pieces of its planned pairs, whatever came of it."""


@dataclass(frozen=True, slots=True)
class Look:
    """A look at the first stretches of a run."""

    stretches: int
    """After so many of the 20."""
    level: float
    """A p (after Holm) up to it decides; of equivalence, the p of each side."""

    def pairs(self, planned: int) -> int:
        """How many pairs it takes, of so many that are planned: the first of them.

        >>> Look(10, 0.001).pairs(41)
        21
        """
        return -(-self.stretches * planned // STRETCHES)


LOOKS = (Look(10, 0.001), Look(15, 0.001), Look(STRETCHES, 0.05))
"""All looks at a run, in order. The last is that at its end."""
AT_END = LOOKS[-1]


class Answered(Frozen):
    """One question of `until`: two targets in one metric."""

    a: str = Field(description="The one.")
    b: str = Field(description="The other.")
    metric: MetricName = Field(description="In which metric.")
    word: Word = Field(description="Of `a`; `cannot_tell`: it is not answered.")
    sentence: str = Field(description="The same in words.")


class LookAnswer(Frozen):
    """What the latest look at a run with `until` found."""

    look: int = Field(description="Which one, from 1.")
    looks: int = Field(default=len(LOOKS), description="How many were planned.")
    stretches: int = Field(description="After so many of the 20 of the run.")
    pairs: int = Field(description="Pairs that were planned by then.")
    planned_pairs: int = Field(description="Of the whole run.")
    level: float = Field(
        description="A p after Holm up to it answered a question; of equivalence, the p"
        " of each side."
    )
    scope: Literal["minutes", "beyond"] = Field(
        description="Which statement had to be settled: `beyond` these minutes, where"
        " 200 pairs or more are planned."
    )
    decided: bool = Field(description="All questions were answered.")
    answers: tuple[Answered, ...] = Field(description="Each question.")
    words: str = Field(description="All of it in a sentence.")


def look_at(pairs: int, planned: int) -> Look | None:
    """The latest look that so many pairs allow; None before the first.

    pairs: the first of the plan, without a gap: what came early does not count until
    those before it have closed.

    >>> [look_at(pairs, 40) for pairs in (19, 20, 39)]
    [None, Look(stretches=10, level=0.001), Look(stretches=15, level=0.001)]
    """
    due = [look for look in LOOKS if pairs >= look.pairs(planned)]
    return due[-1] if due else None
