"""Files of a result: each appears whole under its name, or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from shared.process import crash_point


def publish(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file: temporary name, fsync, rename, fsync."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        crash_point(f"reduce:before-{path.name}")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def clear_unfinished(folder: Path, name: str = "*") -> None:
    """Delete temporary files of `name` that a killed process left."""
    for left in folder.glob(f".{name}.tmp"):
        left.unlink(missing_ok=True)
