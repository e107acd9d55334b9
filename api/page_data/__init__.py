"""What the page of an ended run shows beside its summary: calls, binned and counted.

Made once from the files of the run, in a process beside the API, since it takes pandas
and for a million rows some seconds; then kept as hidden files beside them. Numbers that
`summary.json` has are taken from it, and all others come of the same functions.

`kept` gives it, `make` makes it, `records` is its form, `index` finds one call again.

May import: `shared`, `api.comparing`, `api.errors`.
"""

from api.page_data.records import (
    Cells,
    Curve,
    FailureGroup,
    Group,
    Lane,
    PageData,
    RunPart,
    StepGroup,
    call_id,
)

__all__ = [
    "Cells",
    "Curve",
    "FailureGroup",
    "Group",
    "Lane",
    "PageData",
    "RunPart",
    "StepGroup",
    "call_id",
]
