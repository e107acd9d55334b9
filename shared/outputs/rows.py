"""samples.csv read again as rows, from which a summary can be made anew.

Stamps, tokens, costs and outcomes are in it, so every metric is computed again from
these. Three things of a row are not: the histogram of its gaps, whether a response
cache answered, and its number among the retries, which follows from the rows before.
"""

import csv
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

from shared.errors import TooMuch
from shared.outputs.csv import unguarded
from shared.outputs.table import Column, all_columns
from shared.plan import Plan
from shared.sample import Outcome, Sample

MOST_ROWS = 1_000_000
NOT_KEPT = ("gap", "cache_hits")
"""Figures of a summary that cannot be made again from these rows."""

_OF_SAMPLE = {field.name: field for field in fields(Sample)}
_KEY = ("step", "slot", "attempt", "target", "prompt_index", "outcome")

Read = Callable[[str], Any]


def read_rows(plan: Plan, path: Path) -> Iterator[Sample]:
    """Its rows in their order, an earlier build's too: what that did not write is
    unknown.

    Raises TooMuch, OSError, ValueError.
    """
    labels = {target.label(): at for at, target in enumerate(plan.targets)}
    with path.open(encoding="utf-8", newline="") as file:
        table = csv.reader(file)
        head = next(table, [])
        missing = [name for name in _KEY if name not in head]
        if missing:
            raise ValueError(f"no column {missing[0]}")
        reads = _reads(head, labels)
        slot, retries = (-1, -1), 0
        for number, cells in enumerate(table, 1):
            if number > MOST_ROWS:
                raise TooMuch(
                    f"It has more than {MOST_ROWS:,} rows, which is more than is"
                    " summarised again at once."
                )
            if len(cells) != len(head):
                raise ValueError(f"line {number + 1} is cut")
            row = Sample(
                **{name: read(cells[at]) for name, at, read in reads if cells[at] != ""}
            )
            if (row.step, row.slot) != slot:
                slot, retries = (row.step, row.slot), 0
            object.__setattr__(row, "retry", retries)
            retries += row.kind == "retry"
            yield row


def _reads(head: list[str], labels: dict[str, int]) -> list[tuple[str, int, Read]]:
    """Of each column that a row is made of: the field, its place, what reads a cell."""
    known = all_columns()
    found: list[tuple[str, int, Read]] = []
    for at, name in enumerate(head):
        column = known.get(name)
        if column is None or column.of not in _OF_SAMPLE:
            continue
        if column.kind not in ("model", "digest"):  # the label and the index say it
            found.append((column.of, at, _read(column, labels)))
    return found


def _read(column: Column, labels: dict[str, int]) -> Read:
    if column.kind == "label":
        return lambda cell: labels[unguarded(cell)]
    if column.kind == "utc":
        return lambda cell: datetime.fromisoformat(cell).timestamp()
    if column.kind == "yes_no":
        return lambda cell: cell == "true"
    if column.of == "outcome":
        return Outcome
    if column.kind == "text":
        return unguarded
    return int if int in _kinds(column.of) else float


def _kinds(name: str) -> tuple[Any, ...]:
    annotation = _OF_SAMPLE[name].type
    return get_args(annotation) or (annotation,)
