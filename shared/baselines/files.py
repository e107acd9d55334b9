"""Baselines beside the results that they name: `RESULTS_DIR/baselines/NAME.json`."""

import logging
import os
from pathlib import Path

from shared.baselines.record import Baseline, decode, encode, is_name
from shared.errors import NewerRecord, Unwritable
from shared.files import publish

FOLDER = "baselines"

log = logging.getLogger("baselines")


def kept(results_dir: Path) -> dict[str, Baseline]:
    """Those of the folder, by name. What cannot be read is logged, and left out."""
    found = {}
    try:
        names = sorted(os.listdir(results_dir / FOLDER))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        log.error("%s cannot be seen (%s)", results_dir / FOLDER, error.strerror)
        return {}
    for file in names:
        name = file.removesuffix(".json")
        if file.endswith(".json") and is_name(name):
            try:
                found[name] = decode((results_dir / FOLDER / file).read_bytes())
            except (OSError, ValueError, TypeError, NewerRecord) as error:
                log.error("the baseline %s cannot be read: %s", name, error)
    return found


def keep(results_dir: Path, baseline: Baseline) -> None:
    """Write its file; raises Unwritable."""
    try:
        (results_dir / FOLDER).mkdir(parents=True, exist_ok=True)
        publish(results_dir / FOLDER / f"{baseline.name}.json", [encode(baseline)])
    except OSError as error:
        raise Unwritable(f"name `{baseline.name}`", baseline.job_id, error) from error


def drop(results_dir: Path, baseline: Baseline) -> None:
    """Delete its file, if there is one; raises Unwritable."""
    try:
        (results_dir / FOLDER / f"{baseline.name}.json").unlink(missing_ok=True)
    except OSError as error:
        raise Unwritable(f"name `{baseline.name}`", baseline.job_id, error) from error
