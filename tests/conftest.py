"""What every room's tests share."""

import gc
import logging
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from itertools import chain, islice
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


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """What a test gives to this process's logging is taken away after it."""
    root = logging.getLogger()
    before, level, hook = list(root.handlers), root.level, sys.excepthook
    arq = logging.getLogger("arq.worker")
    filters = list(arq.filters)
    yield
    arq.filters[:] = filters
    for handler in [h for h in root.handlers if h not in before]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    logging.captureWarnings(False)
    sys.excepthook = hook


HERE = Path(__file__).parent
WAITING = {"worker", "faults", "cli", "pages", "test_traces.py", "test_process.py"}
"""Folders and files whose tests start processes and wait for them."""
WHOLE = HERE / "pages"
"""The tests of this folder share what is dear to start: a browser, a stack."""


gc.disable()  # till all tests are collected: of what that makes nothing is garbage


def pytest_collection_finish() -> None:
    """What is imported stays, so no collection need look at it again."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where several processes run the tests, all but the last begin with a share of
    those that wait, and the last computes what they leave of the cores. Each goes on
    with quick ones, of which others can take the last off it, so that all end at one
    time."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    if processes == 1:
        return
    waiting: dict[Path, list[pytest.Item]] = defaultdict(list)  # file or folder
    quick: list[pytest.Item] = []
    for item in items:
        where = item.path.relative_to(HERE).parts
        if {*where} & WAITING:
            waiting[WHOLE if WHOLE in item.path.parents else item.path].append(item)
        else:
            quick.append(item)
    files, rest, left = [*waiting.values()], iter(quick), len(items)
    items.clear()
    for number in range(processes):
        mine = files[number :: processes - 1] if number < processes - 1 else []
        share = [*chain(*mine)]
        length = left // (processes - number)  # as xdist deals them out
        items += [*share, *islice(rest, max(0, length - len(share)))]
        left -= length
    items += rest


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What a test logged may hold half a surrogate pair, which no pipe between two
    processes takes."""
    report.sections = [
        (name, text.encode("utf-8", "backslashreplace").decode())
        for name, text in report.sections
    ]
