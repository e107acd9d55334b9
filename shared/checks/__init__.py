"""Is the answer any good? What a text must be like, and whether it is. Pure.

A plan has checks for all of its prompts, and a prompt may have more of its own. A new
kind of check is one record in `kinds`, in its table; the union that a plan takes, CSV
columns and the tests of what every kind promises follow from that. `evaluate` bounds
the time that one may take, so it is for the main thread of a process of its own.
`judge` is the one kind that no program decides: a model is asked.

May import: the machinery.
"""

from shared.checks.cells import COLUMN, check_of_cell
from shared.checks.evaluate import Checked, evaluate, name_of
from shared.checks.judge import SYSTEM, USER, Judge, Word, quoted, word_of
from shared.checks.kinds import CHECKS, Check, CheckKind, Checks

__all__ = [
    "CHECKS",
    "COLUMN",
    "SYSTEM",
    "USER",
    "Check",
    "CheckKind",
    "Checked",
    "Checks",
    "Judge",
    "Word",
    "check_of_cell",
    "evaluate",
    "name_of",
    "quoted",
    "word_of",
]
