"""Where the stack of a folder is: it leaves its address in its data directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ
from pathlib import Path

from shared.errors import BenchError
from shared.process import is_locked

DATA_DIR = Path(".llmbench")
LOCK = "stack.lock"
"""Held by a stack as long as it lives, so that an address left behind is noticed."""

_ADDRESS = "address"


class NoStack(BenchError):
    """Nobody said which API to ask, and no stack runs in this folder."""


@dataclass(frozen=True, slots=True)
class FoundStack:
    """The API that is asked."""

    url: str
    how: str
    """Which one that is, for people."""


@contextmanager
def left(data_dir: Path, url: str) -> Iterator[None]:
    """Tell others of this folder where the stack is, while the block lasts."""
    note = data_dir / _ADDRESS
    note.write_text(url)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def forget(data_dir: Path) -> None:
    """Take away an address that is not of the stack that holds the folder's lock: who
    left it was killed, and a stranger may listen there by now."""
    (data_dir / _ADDRESS).unlink(missing_ok=True)


def find(url: str | None, data_dir: Path = DATA_DIR) -> FoundStack | None:
    """The API of --url, else of LLMBENCH_URL, else the stack that runs in this folder.

    No port is tried by default: whoever listens there may be a stranger's stack, with
    a stranger's money.
    """
    if url:
        return FoundStack(url, "of --url")
    if url := environ.get("LLMBENCH_URL"):
        return FoundStack(url, "of LLMBENCH_URL")
    try:
        left_here = (data_dir / _ADDRESS).read_text().strip()
    except OSError:
        return None
    if left_here and is_locked(data_dir / LOCK):
        return FoundStack(left_here, "of this folder")
    return None  # it was killed, and could not take its address away


def must_find(url: str | None, data_dir: Path = DATA_DIR) -> FoundStack:
    """The same; raises NoStack where there is none."""
    found = find(url, data_dir)
    if found is None:
        raise NoStack(
            f"No stack runs in this folder ({data_dir} has no address of one). Start"
            " one with `llmbench up`, or name another with --url or LLMBENCH_URL."
        )
    return found
