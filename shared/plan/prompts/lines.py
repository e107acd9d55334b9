"""Lines of bytes that arrive in pieces, bounded while they arrive."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Only these end a line. str.splitlines also cuts at U+2028, U+0085, VT and FF, which
# may stand inside a prompt.
_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file."""

    number: int
    """From 1."""
    offset: int
    """Bytes of the file before it."""
    data: bytes
    """With the end that it had: LF, CR LF, CR, or none at the end of the file."""


class LineTooLong(Exception):
    """A line has passed the cap; the rest of it was not read."""

    def __init__(self, number: int) -> None:
        super().__init__(f"line {number}")
        self.number = number


class Lines:
    """Splits what is fed to it; keeps one unfinished line at most, within the cap."""

    def __init__(self, max_line_bytes: int) -> None:
        self._max = max_line_bytes
        self._pieces: list[bytes] = []
        self._pending = 0
        """Bytes in the pieces."""
        self._number = 1
        self._offset = 0

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that `chunk` completes. Raises LineTooLong."""
        if self._pieces and self._pieces[-1] == b"\r":
            chunk = self._pieces.pop() + chunk
            self._pending -= 1
        # A CR at the end may be half of a CR LF: it waits for what comes next.
        whole, held = (chunk[:-1], b"\r") if chunk.endswith(b"\r") else (chunk, b"")
        done = 0
        for end in _END.finditer(whole):
            self._buffer(whole[done : end.start()])
            yield self._take(end.group())
            done = end.end()
        self._buffer(whole[done:])
        if held:
            self._pieces.append(held)
            self._pending += 1

    def finish(self) -> Iterator[Line]:
        """The last line, where it has no end; a file that ends with one has no more."""
        if self._pending:
            yield self._take(b"")

    def _buffer(self, piece: bytes) -> None:
        if self._pending + len(piece) > self._max:
            raise LineTooLong(self._number)
        if piece:
            self._pieces.append(piece)
            self._pending += len(piece)

    def _take(self, end: bytes) -> Line:
        line = Line(self._number, self._offset, b"".join((*self._pieces, end)))
        self._number += 1
        self._offset += len(line.data)
        self._pieces.clear()
        self._pending = 0
        return line
