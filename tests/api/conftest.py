"""What tests of the API share: a simulator, settings, an API with everything."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
from pydantic import SecretStr

from shared.settings.settings import Settings
from tests.api.client import Played, playing
from tests.api.server import Api, Start, serving
from tests.children import CANARY, Simulator, simulator


@pytest.fixture(scope="session")
def sim() -> Iterator[Simulator]:
    """A quick simulator for all tests of the API."""
    options = ("--ttft-s", "0.02", "--gap-s", "0.001", "--tokens", "12")
    with simulator(*options, "--spread", "0", "--free-per-minute", "100000") as found:
        yield found


@pytest.fixture(scope="session")
def config(
    sim: Simulator, store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """Settings of an API that has everything."""
    return Settings(
        openrouter_base_url=sim.base_url,
        openrouter_api_key=SecretStr(CANARY),
        upstream_kind="openrouter",
        free_limits="off",
        redis_url=store_url,
        results_dir=tmp_path_factory.mktemp("results"),
        first_token_timeout_s=1,
        idle_timeout_s=1,
        total_timeout_s=5,
        connect_timeout_s=2,
    )


@pytest.fixture(scope="session")
def shared_api(config: Settings) -> Iterator[Api]:
    """Made once: a start costs a third of a second."""
    with serving(config) as api:
        yield api


@pytest.fixture
def api(shared_api: Api) -> Api:
    """An API with everything, shared by all tests."""
    return shared_api


@pytest.fixture
def start(config: Settings) -> Iterator[Start]:
    """Start an API with settings of one's own: `start(redis_url=None)`."""
    with ExitStack() as stack:
        yield lambda **changes: stack.enter_context(
            serving(config.model_copy(update=changes))
        )


@pytest.fixture
async def worker(config: Settings) -> AsyncIterator[Played]:
    """A played worker; it is alive only when told to `live`."""
    assert config.redis_url
    async with playing(config.redis_url, config.results_dir) as found:
        yield found
        await found.die()
