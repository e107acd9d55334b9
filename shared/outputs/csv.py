"""samples.csv: one line per attempt, the columns in a fixed order, in pieces.

UTF-8 without a mark, LF, an empty cell for null. Numbers are printed so that they read
back equal, seconds as whole nanoseconds. Whatever a stranger may have written is made
harmless to spreadsheets: a cell that could begin a formula gets a leading apostrophe,
and so does one that begins with an apostrophe, so that `unguarded` is exact.

Columns are rendered whole, since a million lines of 54 cells one by one take a minute.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from shared.outputs.table import Kind, all_columns, milliseconds
from shared.plan import Plan

if TYPE_CHECKING:
    import pandas as pd

    from shared.analysis.columns import Columns

CHUNK = 10_000

# What starts a formula (OWASP, CSV injection), its full-width forms, and what might be
# dropped unseen before one: spaces, control characters, zero-width ones.
_RISKY = re.compile(
    "[=+\\-@\uff1d\uff0b\uff0d\uff20\\s\x00-\x1f\u200b-\u200f\u2060\ufeff']"
)
# Any other cell is quoted: with the separator of some locale in it, it would be split
# there, and its rest would begin a cell of its own.
_PLAIN = re.compile(r"[\w./:@+~()-]+(?: [\w./:@+~()-]+)*")

Cells = list[str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rows only point at: cells by target, and the digest by prompt."""

    targets: Cells
    models: Cells
    digest: Callable[[int], str]


Take = Callable[["pd.DataFrame", Asked], Cells]


def write_csv(
    plan: Plan, rows: "Columns | None", *, excel: bool = False
) -> Iterator[bytes]:
    """The file, piece by piece.

    rows: None where there is none.
    excel: with a byte order mark, and `;` between cells.
    """
    asked = Asked(
        targets=[guarded(target.label()) for target in plan.targets],
        models=[guarded(target.model) for target in plan.targets],
        digest=cache(lambda index: plan.prompts.prompt(index).sha256()),
    )
    separator = ";" if excel else ","
    columns = all_columns()
    takes = [_TAKES[column.kind](column.of) for column in columns.values()]
    head = separator.join(columns) + "\n"
    yield head.encode("utf-8-sig" if excel else "utf-8")
    if rows is None:
        return
    for begin in range(0, len(rows.table), CHUNK):
        part = rows.table.iloc[begin : begin + CHUNK]
        cells = [take(part, asked) for take in takes]
        lines = map(separator.join, zip(*cells, strict=True))
        yield ("\n".join(lines) + "\n").encode()


def guarded(text: str) -> str:
    """A text as a cell that no spreadsheet takes for a formula or splits.

    >>> print(guarded("acme/orca"), guarded("=1+1"), guarded('say "hi"'))
    acme/orca "'=1+1" "say ""hi"\""
    """
    if _RISKY.match(text):
        text = "'" + text
    elif _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace('"', '""') + '"'


def unguarded(cell: str) -> str:
    """The text again, from a cell that a CSV reader has unquoted.

    >>> unguarded("'=1+1")
    '=1+1'
    """
    return cell.removeprefix("'")


def _numbers(values: list[Any]) -> Cells:
    """The shortest digits that read back equal; the whole column in one call."""
    found = to_json(values, inf_nan_mode="null").decode()[1:-1]
    return found.replace("null", "").split(",")


def _real(name: str) -> Take:
    return lambda rows, asked: _numbers(rows[name].tolist())


def _whole(name: str) -> Take:
    """Integers, which a column with missing ones holds as floats."""

    def take(rows: "pd.DataFrame", asked: Asked) -> Cells:
        cells = _numbers(rows[name].fillna(0).astype("int64").tolist())
        for place in rows[name].isna().to_numpy().nonzero()[0].tolist():
            cells[place] = ""
        return cells

    return take


def _yes_no(name: str) -> Take:
    return lambda rows, asked: _at(rows[name].fillna(2).astype(int), _YES_NO)


def _text(name: str) -> Take:
    def take(rows: "pd.DataFrame", asked: Asked) -> Cells:
        texts = rows[name].cat.remove_unused_categories().cat
        # The code of a missing text is -1: the last cell.
        return _at(texts.codes, [*map(guarded, texts.categories), ""])

    return take


def _utc(name: str) -> Take:
    """Unix seconds as `shared.clock.utc_label` writes them."""

    def take(rows: "pd.DataFrame", asked: Asked) -> Cells:
        import numpy as np

        at = milliseconds(rows[name]).astype("datetime64[ms]")
        labels = np.datetime_as_string(at, "ms")
        return ["" if label == "NaT" else f"{label}Z" for label in labels.tolist()]

    return take


def _at(places: "pd.Series[int]", cells: Cells) -> Cells:
    return [cells[place] for place in places.tolist()]


_YES_NO = ["false", "true", ""]

_TAKES: dict[Kind, Callable[[str], Take]] = {
    "whole": _whole,
    "real": _real,
    "yes_no": _yes_no,
    "text": _text,
    "utc": _utc,
    "label": lambda name: lambda rows, asked: _at(rows[name], asked.targets),
    "model": lambda name: lambda rows, asked: _at(rows[name], asked.models),
    "digest": lambda name: (
        lambda rows, asked: [*map(asked.digest, rows[name].tolist())]
    ),
}
