"""The files of a finished run: each a function of its results, giving bytes.

A new file is one module here, and one entry of the table below: the reduce writes it,
and the API serves it under its name.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.opinion import FILE, Opinion, has_judges
from shared.outputs.csv import write_csv
from shared.outputs.json import write_json
from shared.outputs.jsonl import KeptAnswer, write_responses
from shared.outputs.judged import write_judged
from shared.outputs.parquet import is_installed, write_parquet
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
    answers: Iterable[KeptAnswer] = ()
    """Read once, by responses.jsonl."""
    opinions: Sequence[Opinion] = ()
    """Of judges, in the order of their slots."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One file: what writes it piece by piece, and how the API's schema names it."""

    write: Callable[[Results], Iterable[bytes]]
    media_type: str
    title: str
    about: str
    is_for: Callable[[Plan], bool] = lambda plan: True
    """Which plans have it."""


_PARQUET = Output(
    write=lambda run: write_parquet(run.plan, run.rows),
    media_type="application/vnd.apache.parquet",
    title="Every call as a row, with types",
    about="The columns and nulls of samples.csv; docs/data.md. Only where pyarrow is\n"
    "installed.",
)

OUTPUTS = {
    "samples.csv": Output(
        write=lambda run: write_csv(run.plan, run.rows),
        media_type="text/csv",
        title="Every call as a row",
        about="A row for each call that was made, failed ones too; docs/metrics.md"
        " names the\ncolumns.",
    ),
    **({"samples.parquet": _PARQUET} if is_installed() else {}),
    "responses.jsonl": Output(
        write=lambda run: write_responses(run.plan, run.answers),
        media_type="application/jsonl",
        title="The answers",
        about="One JSON object per answer that the plan's `keep_answers` kept.",
    ),
    FILE: Output(
        write=lambda run: write_judged(run.plan, run.opinions),
        media_type="application/jsonl",
        title="What judges said",
        about="One JSON object per answer and judge; docs/checks.md. Only of plans with"
        " a check\nof kind `judge`.",
        is_for=has_judges,
    ),
    "plan.json": Output(
        write=lambda run: [write_json(run.plan)],
        media_type="application/json",
        title="The plan",
        about="The whole plan, with all prompts; POST it again to do the same again.",
    ),
    "summary.json": Output(
        write=lambda run: [write_json(run.summary)],
        media_type="application/json",
        title="The statistics",
        about="The same as `result` in the benchmark's body.",
    ),
}
"""By file name. The summary is the last to be written: where it is, the others are."""

__all__ = [
    "OUTPUTS",
    "KeptAnswer",
    "Output",
    "Results",
    "write_csv",
    "write_json",
    "write_parquet",
    "write_responses",
]
