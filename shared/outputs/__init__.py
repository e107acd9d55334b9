"""The files of a finished run: each a function of its results, giving bytes.

A new file is one module here, and one line in the table below.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.outputs.csv import write_csv
from shared.outputs.json import write_json
from shared.outputs.jsonl import Answer, write_responses
from shared.plan import Plan
from shared.verdict import Judged

if TYPE_CHECKING:
    from shared.analysis.columns import Columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that is known of a finished run."""

    plan: Plan
    rows: "Columns | None"
    """None where there is none."""
    summary: Judged
    answers: Iterable[Answer] = ()
    """Read once, by responses.jsonl."""


Write = Callable[[Results], Iterable[bytes]]

OUTPUTS: dict[str, Write] = {
    "samples.csv": lambda run: write_csv(run.plan, run.rows),
    "responses.jsonl": lambda run: write_responses(run.plan, run.answers),
    "plan.json": lambda run: [write_json(run.plan)],
    "summary.json": lambda run: [write_json(run.summary)],
}
"""File name to the function that writes it, piece by piece. The summary is the last to
be written: where it is, the others are."""

__all__ = [
    "OUTPUTS",
    "Answer",
    "Results",
    "write_csv",
    "write_json",
    "write_responses",
]
