"""samples.csv: one line per attempt, the columns in a fixed order, in pieces.

UTF-8 without a mark, LF, an empty cell for null. Numbers are printed so that they read
back equal, seconds as whole nanoseconds. Whatever a stranger may have written is made
harmless to spreadsheets: a cell that could begin a formula gets a leading apostrophe,
and so does one that begins with an apostrophe, so that `unguarded` is exact.

Columns are rendered whole, since a million lines of 54 cells one by one take a minute;
and one that says the same in all lines of a piece, as half of them do, is one cell.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from shared.outputs.table import Kind, all_columns, milliseconds
from shared.plan import Plan

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

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
Column = Cells | str
"""The cells of some lines; or the one that each of them has."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rows only point at: cells by target, and the digest by prompt."""

    targets: Cells
    models: Cells
    digest: Callable[[int], str]


Take = Callable[["pd.DataFrame", Asked], Column]


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
        made = _joined([take(part, asked) for take in takes], separator)
        cells = [repeat(c, len(part)) if isinstance(c, str) else c for c in made]
        lines = map(separator.join, zip(*cells, strict=True))
        yield ("\n".join(lines) + "\n").encode()


def _joined(columns: list[Column], separator: str) -> list[Column]:
    """Neighbours that are one cell each made one."""
    found: list[Column] = []
    for column in columns:
        last = found[-1] if found else None
        if isinstance(column, str) and isinstance(last, str):
            found[-1] = f"{last}{separator}{column}"
        else:
            found.append(column)
    return found


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


def _numbers(values: "NDArray[Any]") -> Column:
    """The shortest digits that read back equal; the whole column in one call."""
    bits = values.view(f"u{values.itemsize}")  # as numbers 0.0 and -0.0 are the same
    is_one = bool((bits == bits[0]).all())
    found = to_json(values[: 1 if is_one else None].tolist(), inf_nan_mode="null")
    cells = found.decode()[1:-1].replace("null", "").split(",")
    return cells[0] if is_one else cells


def _real(name: str) -> Take:
    return lambda rows, asked: _numbers(rows[name].to_numpy())


def _whole(name: str) -> Take:
    """Integers, which a column with missing ones holds as floats."""

    def take(rows: "pd.DataFrame", asked: Asked) -> Column:
        values, missing = rows[name], rows[name].isna().to_numpy()
        if missing.all():
            return ""
        cells = _numbers(values.fillna(0).astype("int64").to_numpy())
        if isinstance(cells, str):
            if not missing.any():
                return cells
            cells = [cells] * len(values)
        for place in missing.nonzero()[0].tolist():
            cells[place] = ""
        return cells

    return take


def _yes_no(name: str) -> Take:
    return lambda rows, asked: _at(rows[name].fillna(2).astype(int), _YES_NO)


def _text(name: str) -> Take:
    def take(rows: "pd.DataFrame", asked: Asked) -> Column:
        texts = rows[name].cat.remove_unused_categories().cat
        # The code of a missing text is -1: the last cell.
        return _at(texts.codes, [*map(guarded, texts.categories), ""])

    return take


def _utc(name: str) -> Take:
    """Unix seconds as `shared.clock.utc_label` writes them."""

    def take(rows: "pd.DataFrame", asked: Asked) -> Column:
        import numpy as np

        at = milliseconds(rows[name]).astype("datetime64[ms]")
        labels = np.datetime_as_string(at, "ms")
        return ["" if label == "NaT" else f"{label}Z" for label in labels.tolist()]

    return take


def _at(places: "pd.Series[int]", cells: Cells) -> Column:
    values = places.to_numpy()
    if (values == values[0]).all():
        return cells[int(values[0])]
    return [cells[place] for place in values.tolist()]


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
