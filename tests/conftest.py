"""What every room's tests share."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.settings.settings import Settings
from shared.store import embedded
from shared.store.client import connect

# A developer's own environment and `.env`, with a real key perhaps, stay out.
for name in [*os.environ]:
    if name.lower() in Settings.model_fields or name.startswith("OTEL_"):
        del os.environ[name]
Settings.model_config["env_file"] = None


@pytest.fixture
def no_midnight() -> None:
    """Waits where a day of UTC ends within the minute: what counts by the day would
    begin anew in the middle of the test."""
    left_s = 86_400 - time.time() % 86_400
    if left_s < 60:
        time.sleep(left_s)


@pytest.fixture(scope="session")
def store_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real store of this session; it is not emptied between tests."""
    folder: Path = tmp_path_factory.mktemp("store")
    store = embedded.start(folder)
    yield store.url
    store.stop()


@pytest.fixture
async def redis(store_url: str) -> AsyncIterator[Redis]:
    """A connection to that store, emptied."""
    client = connect(store_url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test logged may hold half a surrogate pair, which no pipe between two
    processes takes."""
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode())
        for name, text in report.sections
    ]
