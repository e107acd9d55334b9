"""What a run leaves on this machine's disk, deleted for good.

RESULTS_DIR/JOB/          its files
SPOOL_DIR/*/JOB.*.rows    rows that a worker could not bring to the store, or that
                          no store wanted (`lost`)
"""

import logging
import re
import shutil
from pathlib import Path

from shared.errors import Unwritable

log = logging.getLogger("traces")

_ROWS = re.compile(r"([0-9A-Z]{26})\.\d+\.\d+\.\d+\.rows")


def delete_results(folder: Path) -> bool:
    """Delete a run's folder; whether it is gone. What cannot be deleted is logged."""
    if folder.is_symlink():
        log.error("results that are a link are left alone: %s", folder)
        return False
    try:
        # summary.json first: without it a half-deleted folder is no run's
        (folder / "summary.json").unlink(missing_ok=True)
        shutil.rmtree(folder)
    except FileNotFoundError:
        return not folder.exists()  # somebody else deletes it as well
    except OSError as error:
        log.error("results cannot be deleted, and count as there: %s", error)
        return False
    return True


def delete(results_dir: Path, spool_dir: Path, job_id: str) -> bool:
    """Delete all that a run left here; False where that was nothing.

    Raises Unwritable where something cannot be deleted; it may be asked again.
    """
    folder = results_dir / job_id
    found = folder.exists() or folder.is_symlink()
    if found and not delete_results(folder):
        raise Unwritable("files", job_id, OSError())
    try:
        for file in spooled(spool_dir, job_id):
            file.unlink(missing_ok=True)
            found = True
    except OSError as error:
        raise Unwritable("rows in SPOOL_DIR", job_id, error) from error
    return found


def spooled(spool_dir: Path, job_id: str) -> list[Path]:
    """The files of its rows."""
    return sorted(spool_dir.glob(f"*/{job_id}.*.rows"))


def set_aside(spool_dir: Path) -> dict[str, list[Path]]:
    """The runs of which rows lie under `lost`, and their files."""
    found: dict[str, list[Path]] = {}
    for file in sorted(spool_dir.glob("lost/*.rows")):
        if name := _ROWS.fullmatch(file.name):
            found.setdefault(name[1], []).append(file)
    return found
