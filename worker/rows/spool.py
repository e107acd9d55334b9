"""Rows on this machine's disk while the store is away, so that they outlive us.

A file per shard, in a folder per process. The folder's lock tells whether its process
lives; what a dead one left is committed by the next worker on this machine, and the
store refuses what it has already.
"""

import logging
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.process import lock_file
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from worker.rows import spool_lines

log = logging.getLogger("worker.rows.spool")

_LOST = "lost"
"""The folder of rows whose run the store does not know any more."""
_MOST_FOLDERS = 100
"""Of one process. A second is needed where somebody looked into the first before its
lock was ours."""


class PartlyWritten(OSError):
    """Not all rows could be written. `kept` of them are on disk."""

    kept = 0


class Spool:
    """This process's folder; made when the first row has to be kept."""

    def __init__(self, root: Path, name: str) -> None:
        self._root = root
        self._name = name.replace(":", "-")
        self._folder = root / self._name
        self._lock: int | None = None

    def append(self, lease: Lease, entries: Sequence[Entry]) -> None:
        """Append rows to the shard's file, on disk when this returns.

        Raises PartlyWritten when that cannot be done for all of them, with the number
        of those that are on disk, which are the first; OSError when for none.
        """
        if self._lock is None:
            self._begin()
        path = self._path(lease)
        is_new = not path.exists()
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write_lines(file, [spool_lines.line(entry) for entry in entries])
        finally:
            os.close(file)
        if is_new:
            _sync(self._folder)

    def drop(self, lease: Lease) -> None:
        """The store has all of the shard's rows."""
        try:
            self._path(lease).unlink(missing_ok=True)
        except OSError as error:  # it refuses them, should they be brought again
            log.warning("rows that the store has stay on disk: %s", error)

    def close(self) -> None:
        """Take the folder away, unless it holds rows that the store has not."""
        if self._lock is None:
            return
        os.close(self._lock)
        self._lock = None
        if not any(self._folder.glob("*.rows")):
            shutil.rmtree(self._folder, ignore_errors=True)

    def _begin(self) -> None:
        """Make a folder whose lock is ours, so that nobody takes what we put there."""
        for number in range(_MOST_FOLDERS):
            self._folder = self._root / (
                f"{self._name}.{number}" if number else self._name
            )
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                lock = lock_file(self._folder / "lock", str(os.getpid()))
            except FileNotFoundError:  # who looked into it has taken it away
                continue
            if lock is not None and _is_at(lock, self._folder / "lock"):
                self._lock = lock
                return
            if lock is not None:
                os.close(lock)
        raise OSError(f"no folder of SPOOL_DIR can be locked: {self._folder}")

    def _path(self, lease: Lease) -> Path:
        numbers = f"{lease.step.number}.{lease.shard}.{lease.epoch}"
        return self._folder / f"{lease.job_id}.{numbers}.rows"


def _write_lines(file: int, lines: Sequence[bytes]) -> None:
    """Write all lines to disk, or of those that fit whole ones only."""
    begin = os.fstat(file).st_size
    text = memoryview(b"".join(lines))
    written = 0
    try:
        while written < len(text):  # a write may take a part, and fail only then
            written += os.write(file, text[written:])
        os.fsync(file)
    except OSError as error:
        kept, size = spool_lines.whole(lines, written)
        failed = PartlyWritten(error.errno, error.strerror)
        try:
            os.ftruncate(file, begin + size)
            os.fsync(file)
        except OSError:
            raise failed from error  # what was written is repeated, and refused then
        failed.kept = kept
        raise failed from error


def _sync(folder: Path) -> None:
    there = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(there)
    finally:
        os.close(there)


def _is_at(lock: int, path: Path) -> bool:
    """Whether the file that we have locked is still the one at this path."""
    try:
        return os.path.samestat(os.fstat(lock), path.stat())
    except FileNotFoundError:
        return False


@dataclass(frozen=True, slots=True)
class Left:
    """Rows of one shard."""

    job_id: str
    step: int
    shard: int
    epoch: int
    entries: list[Entry]
    file: Path


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
def left_behind(root: Path) -> Iterator[list[Path]]:
    """The files that dead processes left; while the block lasts nobody else takes them.
    Who has brought a file's rows deletes it; a folder without rows is gone after the
    block."""
    with ExitStack() as held:
        folders = [folder for folder in _folders(root) if _take(folder, held)]
        yield [file for folder in folders for file in sorted(folder.glob("*.rows"))]
        for folder in folders:
            if not any(folder.glob("*.rows")):
                shutil.rmtree(folder, ignore_errors=True)


def read(file: Path) -> Left:
    """The rows of a file that was left; says how many were torn.

    Raises OSError where it cannot be read, ValueError where its name is not one of
    ours.
    """
    job_id, step, shard, epoch = file.stem.split(".")
    entries, torn = spool_lines.read(file.read_bytes())
    if torn:
        log.warning(
            "%d torn rows of %s are left out: their process died, or its disk was full,"
            " while it wrote; %d are whole",
            torn,
            job_id,
            len(entries),
        )
    return Left(job_id, int(step), int(shard), int(epoch), entries, file)


def _folders(root: Path) -> list[Path]:
    try:
        found = sorted(root.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        log.error("what was left in SPOOL_DIR cannot be seen: %s", error)
        return []
    return [path for path in found if _is_ours(path)]


def _take(folder: Path, held: ExitStack) -> bool:
    """Whether its process is dead, and it is ours now."""
    try:
        lock = lock_file(folder / "lock", str(os.getpid()))
    except OSError as error:
        log.error("what was left in SPOOL_DIR cannot be taken: %s", error)
        return False
    if lock is None:
        return False
    held.callback(os.close, lock)
    return True
