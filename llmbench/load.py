"""Where the results of a benchmark lie, and what is read of them."""

import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from llmbench.samples import from_csv, from_parquet
from llmbench.targets import targets_of
from shared.run import is_job_id
from shared.settings import Settings

_CSV, _PARQUET, _SUMMARY = "samples.csv", "samples.parquet", "summary.json"


class Frames(NamedTuple):
    """What a benchmark measured."""

    samples: pd.DataFrame
    """A row for each call, failed ones too: the columns of samples.csv, typed."""
    targets: pd.DataFrame
    """A row for each target: its figures. Without rows where there is no summary."""


def load(job: str | Path) -> Frames:
    """The results of a benchmark that has ended.

    job: its id, looked for in RESULTS_DIR; the path of its folder, of its samples.csv
    or samples.parquet; or its URL (`http://127.0.0.1:8000/benchmark/ID`).

    Raises FileNotFoundError, which says where was looked, and OSError where a server
    does not answer with the results.
    """
    text = str(job)
    if text.startswith(("http://", "https://")):
        return _of_server(text.rstrip("/"))
    path = Path(job)
    if not path.exists() and is_job_id(text):
        path = Settings().results_dir / text
    if path.is_dir():
        found = [path / name for name in (_PARQUET, _CSV)]
        path = next((each for each in found if each.exists()), path / _CSV)
    if not path.exists():
        raise FileNotFoundError(
            f"No results at {path.absolute()}. Give the path of a job's folder, or set"
            " RESULTS_DIR to the folder that has it; a job has results once it has"
            " ended."
        )
    return Frames(_table(path), _figures(path.with_name(_SUMMARY)))


def _table(path: Path) -> pd.DataFrame:
    if path.suffix != ".parquet":
        return from_csv(path)
    try:
        return from_parquet(path)
    except ImportError:
        return from_csv(path.with_name(_CSV))


def _figures(path: Path) -> pd.DataFrame:
    if not path.exists():
        return targets_of({})
    return targets_of(json.loads(path.read_text("utf-8")))


def _of_server(url: str) -> Frames:
    import httpx

    def get(name: str) -> bytes:
        try:
            answer = httpx.get(f"{url}/{name}", timeout=60, trust_env=False)
        except httpx.HTTPError as error:
            raise OSError(f"{url} does not answer ({error}).") from error
        if answer.is_error:
            raise OSError(f"{url}/{name} answers {answer.status_code}: {_why(answer)}")
        return answer.content

    summary: dict[str, Any] = json.loads(get(_SUMMARY))
    return Frames(from_csv(io.BytesIO(get(_CSV))), targets_of(summary))


def _why(answer: Any) -> str:
    """The problem in the server's own words (RFC 9457), or what there is of it."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return str(answer.text[:200])
