"""A stack of this folder's own: a simulator, a store, a worker, the API."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from shared.settings.settings import Settings
from shared.store import embedded
from tests.api.server import Api, serving
from tests.children import CANARY, simulator, workers


@contextmanager
def stack(folder: Path) -> Iterator[Api]:
    """Its calls take a tenth of a second."""
    options = ("--ttft-s", "0.05", "--gap-s", "0.01", "--tokens", "5", "--spread", "0")
    store = embedded.start(folder / "store")
    try:
        with simulator(*options, "--list-faults", "--free-per-minute", "100000") as sim:
            config = Settings(
                openrouter_base_url=sim.base_url,
                openrouter_api_key=SecretStr(CANARY),
                upstream_kind="openrouter",
                free_limits="off",
                redis_url=store.url,
                results_dir=folder / "results",
            )
            with workers(store.url, sim.base_url, folder) as fleet:
                fleet.start()
                with serving(config) as api:
                    yield api
    finally:
        store.stop()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The API of such a stack."""
    os.environ.pop("COLUMNS", None)
    with stack(tmp_path_factory.mktemp("live")) as running:
        yield running
