"""What tests of commands share: a terminal beside a stack in this process."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from shared.settings.settings import Settings
from shared.store import embedded
from tests.api.server import serving
from tests.children import CANARY, simulator, workers
from tests.cli.commands.terminal import Terminal


@pytest.fixture(scope="module")
def reader(
    store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Terminal]:
    """A terminal beside an API that measures nothing, with results of its own."""
    folder = tmp_path_factory.mktemp("read")
    with serving(Settings(redis_url=store_url, results_dir=folder)) as api:
        yield Terminal(api)


@pytest.fixture(scope="session")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """A store and a worker of its own: what others queued is not for this worker."""
    folder = tmp_path_factory.mktemp("control")
    options = ("--ttft-s", "0.02", "--gap-s", "0.001", "--tokens", "4", "--spread", "0")
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
                spool_dir=folder / "spool",
            )
            with workers(store.url, sim.base_url, folder) as fleet:
                fleet.start()
                with serving(config) as api:
                    yield Terminal(api)
    finally:
        store.stop()
