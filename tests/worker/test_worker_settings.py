"""What `arq worker.main.WorkerSettings` is given."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.settings.settings import Settings
from worker import main


@pytest.fixture(autouse=True)
def _as_it_was(logging_as_it_was: None) -> Iterator[None]:
    yield
    vars(main).pop("WorkerSettings", None)


def test_it_is_the_store_of_env_file_as_for_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("REDIS_URL=redis://ann:p@127.0.0.1:1/7\n")
    monkeypatch.setitem(Settings.model_config, "env_file", str(tmp_path / ".env"))
    monkeypatch.chdir(tmp_path)
    made = main.WorkerSettings["redis_settings"]
    assert (made.port, made.database, made.username) == (1, 7, "ann")
