"""Rows as lines of a file, each with a checksum, so that a torn one spoils no other.

    \n CRC JSON \n      CRC: zlib.crc32 of the JSON, eight hexadecimal digits

A line begins with an end of line of its own: what a full disk has left of the line
before is then a line by itself, and not part of this one.
"""

from collections.abc import Iterable
from zlib import crc32

from pydantic_core import from_json, to_json

from shared.store.run.slots import Entry


def line(entry: Entry) -> bytes:
    """One row, as it is written."""
    e = entry
    text = to_json(
        [
            *(e.slot, e.attempt, e.kind, e.not_before_ms, e.row, e.answer),
            *(e.cost_nano, e.reservation),
        ]
    )
    return b"\n%08x %s\n" % (crc32(text), text)


def whole(lines: Iterable[bytes], written: int) -> tuple[int, int]:
    """(how many of these lines are whole, how many bytes they take) where so many
    bytes were written of all of them."""
    count = size = 0
    for each in lines:
        if size + len(each) > written:
            break
        count, size = count + 1, size + len(each)
    return count, size


def read(text: bytes) -> tuple[list[Entry], int]:
    """The rows of a file, and how many lines of it are none."""
    found: list[Entry] = []
    torn = 0
    for each in filter(None, text.split(b"\n")):
        entry = _entry(each)
        if entry is None:
            torn += 1
        else:
            found.append(entry)
    return found, torn


def _entry(text: bytes) -> Entry | None:
    if not text.startswith(b"["):  # of an earlier version, without a checksum
        checksum, _, text = text.partition(b" ")
        if checksum != b"%08x" % crc32(text):
            return None
    try:
        # an earlier version wrote nothing of money
        slot, attempt, kind, not_before_ms, row, answer, *money = from_json(text)
        return Entry(
            *(slot, attempt, kind, not_before_ms, row.encode(), answer.encode()), *money
        )
    except (ValueError, TypeError, AttributeError):
        return None
