"""Where each call of a run stands in samples.csv, and its answer in responses.jsonl.

An array of one element a row, kept as a file that is mapped and not read: a million
rows are 64 MB of disk and nothing of memory.
"""

import csv
import json
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.outputs.csv import unguarded

FILE = ".page-index.npy"
_ROW = np.dtype(
    [
        *(("step", "i4"), ("slot", "i4"), ("attempt", "i4"), ("target", "i4")),
        *(("prompt", "i4"), ("repetition", "i4"), ("ok", "?"), ("again", "?")),
        *(("at", "i8"), ("size", "i4"), ("answer_at", "i8"), ("answer_size", "i4")),
        ("digest", "u8"),
    ]
)
"""`answer_at` is -1 where no answer is kept; `digest` is of its text."""

Rows = NDArray[Any]


def write_index(folder: Path, labels: list[str]) -> None:
    """Make the file. folder: that of the run. labels: of its targets, in order."""
    rows = np.fromiter(_rows(folder / "samples.csv", labels), dtype=_ROW)
    rows.sort(order=("step", "slot", "attempt"))
    keys = _keys(rows["step"], rows["slot"], rows["attempt"])
    for key, at, size, digest in _answers(folder / "responses.jsonl"):
        place = int(np.searchsorted(keys, key))
        if place < len(keys) and keys[place] == key:
            rows["answer_at"][place], rows["answer_size"][place] = at, size
            rows["digest"][place] = digest
    temporary = folder / f"{FILE}.tmp.npy"
    np.save(temporary, rows)
    temporary.replace(folder / FILE)


def read_index(folder: Path) -> Rows:
    """The array, as the file has it. Raises OSError, ValueError."""
    found: Rows = np.load(folder / FILE, mmap_mode="r")
    return found


def find(rows: Rows, step: int, slot: int) -> list[int]:
    """The places of the attempts of one call, in order."""
    keys, key = _keys(rows["step"], rows["slot"], 0), _keys(step, slot, 0)
    first = int(np.searchsorted(keys, key, "left"))
    return [*range(first, int(np.searchsorted(keys, key, "right")))]


def row_at(folder: Path, rows: Rows, place: int) -> dict[str, str]:
    """The cells of one row of samples.csv, by column; unknown ones are left out."""
    with (folder / "samples.csv").open("rb") as file:
        head = file.readline().decode()
        file.seek(int(rows["at"][place]))
        line = file.read(int(rows["size"][place])).decode()
    names, cells = next(csv.reader([head])), next(csv.reader([line]))
    found = zip(names, cells, strict=False)
    return {name: unguarded(cell) for name, cell in found if cell}


def answer_at(folder: Path, rows: Rows, place: int) -> dict[str, Any] | None:
    """The kept answer of a row; None where none is kept."""
    if rows["answer_at"][place] < 0:
        return None
    with (folder / "responses.jsonl").open("rb") as file:
        file.seek(int(rows["answer_at"][place]))
        found: dict[str, Any] = json.loads(file.read(int(rows["answer_size"][place])))
    return found


def _keys(step: Any, slot: Any, attempt: Any) -> Any:
    return (
        np.asarray(step, np.int64) << 48
        | np.asarray(slot, np.int64) << 12
        | np.asarray(attempt, np.int64)
    )


def _rows(path: Path, labels: list[str]) -> Iterator[tuple[Any, ...]]:
    """Each row; a cell may hold ends of lines, so a line is not yet a row."""
    numbers = {label: number for number, label in enumerate(labels)}
    with path.open("rb") as file:
        at = len(head := file.readline())
        names = next(csv.reader([head.decode()]))
        places = {name: n for n, name in enumerate(names)}
        wanted = ("step", "slot", "attempt", "target", "prompt_index", "repetition")
        step, slot, attempt, target, prompt, repetition = (places[w] for w in wanted)
        outcome, kind = places["outcome"], places.get("kind", -1)
        whole = b""
        for line in file:
            whole += line
            if whole.count(b'"') % 2:
                continue
            cells = next(csv.reader([whole.decode()]))
            yield (
                *(int(cells[step]), int(cells[slot]), int(cells[attempt] or 0)),
                numbers.get(unguarded(cells[target]), -1),
                *(int(cells[prompt]), int(cells[repetition] or 0)),
                cells[outcome] == "ok",
                kind >= 0 and cells[kind] == "again",
                *(at, len(whole), -1, 0, 0),
            )
            at += len(whole)
            whole = b""


def _answers(path: Path) -> Iterator[tuple[int, int, int, int]]:
    """The key of each answer, where it stands, and what its text comes to."""
    if not path.exists():
        return
    at = 0
    with path.open("rb") as file:
        for line in file:
            said = json.loads(line)
            text = blake2b(said["text"].encode("utf-8", "replace"), digest_size=8)
            key = _keys(said["step"], said["slot"], said.get("attempt", 0))
            yield int(key), at, len(line), int.from_bytes(text.digest())
            at += len(line)
