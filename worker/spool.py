"""Rows on this machine's disk while the store is away, so that they outlive us.

A file per shard, in a folder per process. The folder's lock tells whether its process
lives; what a dead one left is committed by the next worker on this machine, and the
store refuses what it has already.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import from_json, to_json

from shared.process import hold
from shared.store.slots import Entry, Lease


class Spool:
    """This process's folder; made when the first row has to be kept."""

    def __init__(self, root: Path, name: str) -> None:
        self._folder = root / name.replace(":", "-")
        self._lock: int | None = None

    def keep(self, lease: Lease, entries: Sequence[Entry]) -> None:
        """Append rows to the shard's file, on disk when this returns.

        Raises OSError when there is no room for them.
        """
        if self._lock is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock = hold(self._folder / "lock", str(os.getpid()))
        lines = [
            to_json(
                [
                    *(e.slot, e.attempt, e.kind, e.not_before_ms, e.row, e.answer),
                    *(e.cost_nano, e.hold),
                ]
            )
            for e in entries
        ]
        file = os.open(
            self._path(lease),
            os.O_WRONLY | os.O_APPEND | os.O_CREAT,
            0o600,
        )
        try:
            os.write(file, b"".join(line + b"\n" for line in lines))
            os.fsync(file)
        finally:
            os.close(file)

    def drop(self, lease: Lease) -> None:
        """The store has all of the shard's rows."""
        self._path(lease).unlink(missing_ok=True)

    def close(self) -> None:
        """Take the folder away, unless it holds rows that the store has not."""
        if self._lock is None:
            return
        os.close(self._lock)
        self._lock = None
        if not any(self._folder.glob("*.rows")):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, lease: Lease) -> Path:
        numbers = f"{lease.step.number}.{lease.shard}.{lease.epoch}"
        return self._folder / f"{lease.job_id}.{numbers}.rows"


@dataclass(frozen=True, slots=True)
class Left:
    """Rows of one shard."""

    job_id: str
    step: int
    shard: int
    epoch: int
    entries: list[Entry]
    file: Path


_LOST = "lost"
"""The folder of rows whose run the store does not know any more."""


def set_aside(root: Path, left: Left) -> Path:
    """Keep rows that no store wants, for a person; where they are."""
    aside = root / _LOST
    aside.mkdir(parents=True, exist_ok=True)
    return left.file.rename(aside / left.file.name)


_NAME = re.compile(r".+-\d+-[0-9a-f]+")


def _is_ours(folder: Path) -> bool:
    """Whether a process of ours made it: one without rows is taken away, and SPOOL_DIR
    may by mistake be a place where others keep theirs."""
    return bool(_NAME.fullmatch(folder.name)) and (folder / "lock").is_file()


@contextmanager
def left_behind(root: Path) -> Iterator[list[Left]]:
    """What dead processes left; while the block lasts nobody else takes it. Who has
    brought a file's rows deletes it; a folder without rows is gone after the block."""
    folders, locks = [], []
    for folder in filter(_is_ours, sorted(root.glob("*/"))):
        lock = hold(folder / "lock", str(os.getpid()))
        if lock is not None:
            folders.append(folder)
            locks.append(lock)
    try:
        yield [
            _left(file) for folder in folders for file in sorted(folder.glob("*.rows"))
        ]
        for folder in folders:
            if not any(folder.glob("*.rows")):
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        for lock in locks:
            os.close(lock)


def _left(file: Path) -> Left:
    job_id, step, shard, epoch = file.stem.split(".")
    return Left(job_id, int(step), int(shard), int(epoch), _entries(file), file)


def _entries(file: Path) -> list[Entry]:
    found = []
    for line in file.read_bytes().splitlines():
        try:
            # an earlier version wrote nothing of money
            slot, attempt, kind, not_before_ms, row, answer, *money = from_json(line)
        except ValueError:
            break  # the last line of a process that was killed while it wrote
        found.append(
            Entry(
                *(slot, attempt, kind, not_before_ms, row.encode(), answer.encode()),
                *money,
            )
        )
    return found
