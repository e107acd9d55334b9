"""Runs that have a name, to which later ones are held: `main`, `v2.3`.

The store has them, and so has a folder beside the results that they name: the store may
be emptied, and a folder may be copied. Where the two say something else of one name,
what was said last holds.

May import: the machinery, `run`, `files`.
"""

from shared.baselines.files import drop, keep, kept
from shared.baselines.record import Baseline, Name, decode, encode, is_name, together

__all__ = [
    "Baseline",
    "Name",
    "decode",
    "drop",
    "encode",
    "is_name",
    "keep",
    "kept",
    "together",
]
