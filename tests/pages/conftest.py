"""One browser and one simulated stack for all tests of pages."""

import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from pydantic import SecretStr

from shared.settings.settings import Settings
from tests.api.client import submit
from tests.api.server import Api, serving
from tests.children import CANARY, simulator, until, workers
from tests.pages import browser as browsers

SHOTS = Path(tempfile.gettempdir()) / "llmbench-pages"
"""A page test that fails leaves its picture here."""

Open = Callable[..., AbstractAsyncContextManager[Page]]
"""Opens a page: `async with open(theme="dark", width=360) as page`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if browsers.CHROMIUM or browsers.REQUIRED:
        return
    skip = pytest.mark.skip(reason="no chromium here: apt-get install chromium")
    for item in items:
        if "chrome" in getattr(item, "fixturenames", ()):
            item.add_marker(skip)


@pytest.fixture(scope="session")
def stack(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API with a worker against simulated models, over a store of its own number."""
    folder = tmp_path_factory.mktemp("pages")
    url = re.sub(r"db=\d+", "db=7", store_url)
    options = ("--ttft-s", "0.02", "--gap-s", "0.001", "--tokens", "12")
    with simulator(*options, "--free-per-minute", "100000") as sim:
        settings = Settings(
            openrouter_base_url=sim.base_url,
            openrouter_api_key=SecretStr(CANARY),
            upstream_kind="openrouter",
            free_limits="off",
            redis_url=url,
            results_dir=folder / "results",
        )
        with (
            workers(url, sim.base_url, folder) as fleet,
            serving(settings) as api,
        ):
            fleet.start()
            yield api


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def ended(stack: Api) -> list[str]:
    """Two runs that have ended: of two targets, and of one that was not streamed."""
    targets = [{"model": "acme/swift-8b"}, {"model": "acme/orca-pro"}]
    found = [
        submit(stack.http, name="two models", tags=["ours"], targets=targets, runs=5),
        submit(stack.http, name="not streamed", tags=["old"], stream=False),
    ]

    async def done() -> bool:
        said = [stack.http.get(f"/benchmark/{job_id}").json() for job_id in found]
        return all(each["status"] == "done" for each in said)

    await until(done, "the end of both runs")
    return found


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chrome() -> AsyncIterator[Browser]:
    """One browser."""
    async with browsers.chromium() as browser:
        yield browser


@pytest.fixture
def open(chrome: Browser, request: pytest.FixtureRequest) -> Open:
    """Open pages of the stack, or of another server, which needs no stack; a test that
    fails leaves a picture of the last one."""

    def opened(url: str | None = None, **how: Any) -> AbstractAsyncContextManager[Page]:
        served = url or request.getfixturevalue("stack").url
        return _pictured(chrome, served, request.node.name, how)

    return opened


@asynccontextmanager
async def _pictured(
    browser: Browser, url: str, name: str, how: dict[str, Any]
) -> AsyncIterator[Page]:
    async with browsers.watched(browser, url, **how) as page:
        try:
            yield page
        except BaseException:
            SHOTS.mkdir(exist_ok=True)
            file = re.sub(r"[^\w-]+", "_", name)[:100]
            shot = SHOTS / f"{file}.png"
            with suppress(Exception):  # the page may be gone, which is told below
                await page.screenshot(path=shot, full_page=True)
                print(f"picture of the failure: {shot}")
            raise
