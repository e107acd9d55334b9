"""What failed calls said: the commonest sentences, for people who ask why."""

import numpy as np

from shared.analysis.groups import Tally
from shared.analysis.summary import Complaint
from shared.analysis.windows import Rows

MOST = 5
MOST_CHARACTERS = 200


def complaints(run: Tally, rows: Rows) -> tuple[Complaint, ...]:
    """The commonest failures among these rows, outcome and sentence, commonest first.

    Of what slots came to; where no slot came to anything, of the calls that were turned
    away.
    """
    bad = rows[run.final[rows] & ~run.ok[rows]]
    if not len(bad) and not run.final[rows].any():
        bad = rows
    outcomes, named = run.text["outcome"]
    errors, said = run.text["error"]
    pairs = np.stack((outcomes[bad], errors[bad]))
    kinds, counts = np.unique(pairs, axis=1, return_counts=True)
    found = [
        Complaint(
            outcome=named[outcome],
            error=None if error < 0 else _cut(said[error]),
            calls=calls,
        )
        for (outcome, error), calls in zip(
            kinds.T.tolist(), counts.tolist(), strict=True
        )
    ]
    found.sort(key=lambda one: (-one.calls, one.outcome, one.error or ""))
    return tuple(found[:MOST])


def _cut(sentence: str) -> str:
    if len(sentence) <= MOST_CHARACTERS:
        return sentence
    return sentence[: MOST_CHARACTERS - 1] + "…"
