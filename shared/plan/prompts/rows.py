"""CSV as it arrives, a line at a time: which prompt does this line complete?"""

import csv
from typing import NamedTuple

from shared.checks import COLUMN
from shared.errors import BadPlan, TooMuch

# The csv module refuses fields over 131,072 characters unless told otherwise, for the
# whole process. A row is bounded before it gets there, so the limit has no use here.
csv.field_size_limit(2**31 - 1)


class PromptRow(NamedTuple):
    """A row that is whole."""

    number: int
    """From 1, the header."""
    prompt: str
    checks: dict[str, str]
    """Cells that are filled in, by columns that name a kind of check."""


class Rows:
    """RFC 4180, with a header; comma, semicolon or tab. Rows count from 1, the header.

    A quoted field may hold line ends, so a row may take several lines. It is whole
    when the quotes in it are even: inside a field each is written twice.
    """

    def __init__(self, column: str, max_row_chars: int) -> None:
        self._column = column
        self._max = max_row_chars
        self._lines: list[str] = []
        self._chars = 0
        self._quotes = 0
        self._number = 0
        """Rows completed."""
        self._place: int | None = None
        """Which cell is the prompt, once the header was read."""
        self._checks: dict[int, str] = {}
        """Which cells are checks, and the names of their columns."""
        self._delimiter = ","

    def take(self, line: str) -> PromptRow | None:
        """The row that `line` completes, or None, as for the header. Raises BadPlan."""
        self._lines.append(line)
        self._chars += len(line)
        self._quotes += line.count('"')
        if self._chars > self._max:
            raise TooMuch(
                f"Row {self._number + 1} has more than the {self._max} characters"
                " allowed. Shorten it or close its quotes, or raise MAX_PROMPT_BYTES.",
                "prompts",
            )
        return None if self._quotes % 2 else self._complete()

    def finish(self) -> None:
        """At the end of the file: raises BadPlan where a row is not whole."""
        if self._lines:
            raise BadPlan(
                f"Row {self._number + 1} ends within quotes. Close them, and write a"
                ' quote inside a field twice ("").',
                "prompts",
            )

    def _complete(self) -> PromptRow | None:
        row = "".join(self._lines)
        self._lines.clear()
        self._chars = self._quotes = 0
        self._number += 1
        if row.isspace():
            return None
        if self._place is None:
            self._place = self._header(row)
            return None
        cells = self._cells(row)
        if cells is None:
            raise BadPlan(
                f"Row {self._number} is not CSV. Put quotes around the whole field,"
                ' and write a quote inside it twice ("").',
                "prompts",
            )
        if len(cells) <= self._place or not cells[self._place].strip():
            raise BadPlan(
                f"Row {self._number} has no `{self._column}`. Fill it in, or take the"
                " row out.",
                "prompts",
            )
        checks = {
            name: cells[place]
            for place, name in self._checks.items()
            if place < len(cells) and cells[place].strip()
        }
        return PromptRow(self._number, cells[self._place], checks)

    def _header(self, row: str) -> int:
        # Spreadsheets write semicolons where the comma is the decimal sign.
        for self._delimiter in (",", ";", "\t"):
            names = [cell.strip() for cell in self._cells(row) or ()]
            if self._column in names:
                self._checks = {
                    place: name
                    for place, name in enumerate(names)
                    if name.startswith(COLUMN)
                }
                return names.index(self._column)
        raise BadPlan(
            f"Row {self._number} must name the columns, and none is called"
            f" `{self._column}`. Name one so, or say which `column` holds the prompts.",
            "prompts",
        )

    def _cells(self, row: str) -> list[str] | None:
        """The cells of a row; None where it is not CSV."""
        try:
            # One string is one row here: csv then keeps the line ends within quotes.
            return next(csv.reader([row], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
