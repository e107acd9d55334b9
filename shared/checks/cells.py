"""Checks as cells of a CSV file: a column for each kind."""

import json
from typing import Any

from shared.checks.kinds import KINDS

COLUMN = "check:"
"""What such a column's name begins with; its kind follows."""


def check_of_cell(column: str, cell: str) -> dict[str, Any]:
    """The check that a cell says, not yet looked at: a text as it stands, all else as
    JSON. Raises ValueError for a kind that there is not, and for what is no JSON."""
    kind = column.removeprefix(COLUMN).strip()
    if kind not in KINDS:
        raise ValueError(f"there is no check `{kind}`; there are {', '.join(KINDS)}")
    if kind == "judge":
        return _judge(column, cell)
    field = KINDS[kind].model_fields[kind]
    if field.annotation is str:
        return {kind: cell}
    try:
        return {kind: json.loads(cell)}
    except ValueError:
        raise ValueError(
            f"`{column}` is written as JSON, like {field.examples[0]!r}"
        ) from None


def _judge(column: str, cell: str) -> dict[str, Any]:
    """A judge has two fields at least, so its cell is the whole object."""
    try:
        said = json.loads(cell)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise ValueError(
            f'`{column}` is written as JSON, like {{"rubric": "Is it polite?",'
            ' "model": "acme/judge"}'
        )
    return {**said, "kind": "judge"}
