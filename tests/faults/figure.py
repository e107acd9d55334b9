"""A line of the scorecard, and where it is measured."""

import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One line of the scorecard."""

    number: int
    what: str
    measured: str
    bar: str
    met: bool


def a_folder() -> Path:
    """For a stack without a test's folder; it stays, to be looked at."""
    return Path(tempfile.mkdtemp(prefix="llmbench-faults-"))
