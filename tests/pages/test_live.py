"""The page of a run that goes on, in a browser: to its end, over reloads, restarts."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from shared.run import Status
from shared.sample import Outcome
from shared.startup.ports import free_port
from shared.store.run import states
from tests.api.client import playing, submit
from tests.api.server import Api, serving
from tests.children import until
from tests.pages.browser import NARROW, overflow, violations
from tests.pages.conftest import Open
from tests.pages.going import TARGETS, Going, api_process, settings_of
from tests.pages.test_strange_text import CORPUS, unharmed

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAW = """async () => {
  const script = document.querySelector('[src*="live.js"]').src;
  const { drawAll } = await import(script.replace("live.js", "live_charts.js"));
  const charts = JSON.parse(document.getElementById("charts").textContent);
  const begin = performance.now();
  for (let n = 0; n < 10; n += 1) drawAll(charts);
  return (performance.now() - begin) / 10;
}"""
END_MS = 60_000
"""For the results of a run, and its figures, on a busy machine."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def going(
    stack: Api, store_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Going]:
    settings = settings_of(stack, store_url, tmp_path_factory.mktemp("going"))
    with serving(settings) as api:
        assert settings.redis_url is not None
        async with playing(settings.redis_url, settings.results_dir) as worker:
            yield Going(api, worker)


async def drawn(page: Page, calls: int) -> None:
    """Waits until so many calls are in the strip, in the header and in the sentence."""
    strip = page.locator("[data-live=strip]")
    await expect(strip).to_have_attribute("data-calls", str(calls))
    await expect(page.locator("#kpis .pg dd")).to_contain_text(f"{calls} / 400")
    await expect(page.locator("#said")).to_contain_text(f"After {calls} of 400 calls")


async def test_a_run_is_watched_to_its_end_and_becomes_its_result(
    open: Open, stack: Api
) -> None:
    job_id = submit(
        stack.http,
        name="watched",
        targets=TARGETS,
        runs=15,
        load={"kind": "constant", "rate_per_s": 20},
    )
    async with open() as page:
        await page.goto(f"/runs/{job_id}")
        await expect(page.locator("#state")).to_contain_text("running")
        await expect(page.locator("#said")).to_contain_text("So far")
        await expect(page.locator("#workers tbody tr")).to_have_count(1)
        await page.locator(".runhead .state.done").wait_for(timeout=END_MS)
        await expect(page.locator("#verdict")).to_be_visible(timeout=END_MS)


async def test_a_run_is_paused_resumed_and_cancelled_by_keyboard(
    open: Open, stack: Api
) -> None:
    job_id = submit(stack.http, runs=300, load={"kind": "constant", "rate_per_s": 20})
    async with open() as page:
        await page.goto(f"/runs/{job_id}")
        state = page.locator("#state")
        await expect(state).to_contain_text("running")
        await page.get_by_role("button", name="Pause").focus()
        await page.keyboard.press("Enter")
        await expect(state).to_contain_text("paused")
        await expect(page.locator("#notice")).to_contain_text("until somebody resumes")
        await expect(page.get_by_role("button", name="Resume")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(state).to_contain_text("running")
        await page.keyboard.press("Tab")
        await expect(page.locator("[data-act=sure]")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.get_by_role("dialog", name="Cancel this run?").wait_for()
        await page.keyboard.press("Escape")
        await expect(state).to_contain_text("running")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        await expect(page.locator("[data-do=cancel]")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.locator(".runhead .state.cancelled").wait_for(timeout=END_MS)


async def test_a_reload_in_the_middle_has_every_call(open: Open, going: Going) -> None:
    job_id, lease = await going.begin()
    async with open(going.api.url) as page:
        await page.goto(f"/runs/{job_id}")
        await expect(page.locator("#said")).to_contain_text("Nothing has been measured")
        await going.end_calls(lease, 100)
        await drawn(page, 100)
        await page.reload()
        await drawn(page, 100)
        await going.end_calls(lease, 60)
        await drawn(page, 160)
        failures = page.locator("#failures tbody tr")
        await expect(failures).to_contain_text("429: request #")
        await expect(failures.locator(".example")).to_have_count(3)
        await expect(page.locator("#workers")).to_contain_text("host:1")
        await expect(page.locator("#providers")).to_contain_text("Quay")
        # the second takes twice as long, and 40 pairs have shown it
        await expect(page.locator("#ranked .k1 tr").nth(1)).to_contain_text(
            "× the first"
        )
        await page.get_by_text("Latency", exact=True).first.click()
        await going.end_calls(lease, 20)
        await drawn(page, 180)
        await expect(page.locator("#ranked .k2")).to_be_visible()


async def test_a_server_that_is_killed_and_started_again_leaves_no_gap(
    open: Open, going: Going, tmp_path: Path
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    job_id, lease = await going.begin()

    async def up() -> bool:
        try:
            return httpx.get(f"{url}/health", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    with ExitStack() as running:
        first = running.enter_context(api_process(going.api.settings, port, tmp_path))
        await until(up, "the server")
        async with open(url) as page:
            await page.goto(f"/runs/{job_id}")
            await going.end_calls(lease, 40)
            await drawn(page, 40)
            first.kill()
            first.wait()
            await expect(page.locator("#lost")).to_contain_text(
                "The connection is lost"
            )
            await going.end_calls(lease, 40)
            running.enter_context(api_process(going.api.settings, port, tmp_path))
            await until(up, "the server")
            await drawn(page, 80)
            await expect(page.locator("#lost")).to_be_hidden()
            await going.end_calls(lease, 20)
            await drawn(page, 100)


async def test_who_does_not_follow_reads_in_peace(open: Open, going: Going) -> None:
    job_id, lease = await going.begin()
    await going.end_calls(lease, 20)
    async with open(going.api.url) as page:
        await page.goto(f"/runs/{job_id}")
        await drawn(page, 20)
        await page.get_by_text("follow", exact=True).click()
        await going.end_calls(lease, 20)
        await expect(page.locator("#kpis .pg dd")).to_contain_text("40 / 400")
        await expect(page.locator("#said")).to_contain_text("After 20 of 400")
        await page.get_by_text("follow", exact=True).click()
        await drawn(page, 40)


async def test_a_wait_says_until_when_and_for_what(open: Open, going: Going) -> None:
    job_id, lease = await going.begin()
    await going.end_calls(lease, 20)
    await states.move(
        going.worker.redis,
        job_id,
        Status.WAITING,
        until_ms=int(time.time() + 3600) * 1000,
        shut="this minute's free calls",
    )
    async with open(going.api.url) as page:
        await page.goto(f"/runs/{job_id}")
        notice = page.locator("#notice")
        await expect(notice).to_contain_text(re.compile(r"Waiting until \d\d:\d\d"))
        await expect(notice.locator("[data-until]")).to_have_text("60 min from now")


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", NARROW)])
async def test_axe_finds_nothing_and_it_fits(
    open: Open, going: Going, theme: str, width: int
) -> None:
    job_id, lease = await going.begin(name="a name that is long " * 4, tags=["a", "b"])
    await going.end_calls(lease, 160)
    async with open(going.api.url, theme=theme, width=width) as page:
        await page.goto(f"/runs/{job_id}")
        await drawn(page, 160)
        assert await violations(page) == []
        assert await overflow(page) <= 0


async def test_errors_and_providers_are_text(open: Open, going: Going) -> None:
    job_id, lease = await going.begin(name=CORPUS[1])
    for evil in CORPUS:
        said = {"outcome": Outcome.UPSTREAM_ERROR, "error": evil, "provider": evil}
        await going.end_calls(lease, 2, **said)
    async with open(going.api.url) as page:
        for _ in ("loaded", "followed"):
            await page.goto(f"/runs/{job_id}")
            await drawn(page, 2 * len(CORPUS))
            for evil in CORPUS:
                await expect(page.locator("#failures")).to_contain_text(evil)
                await expect(page.locator("#providers")).to_contain_text(evil)
            await unharmed(page)


async def test_a_long_run_is_drawn_of_few_marks(open: Open, going: Going) -> None:
    job_id, lease = await going.begin(runs=3000)
    for _ in range(6):
        await going.end_calls(lease, 2000)
    async with open(going.api.url) as page:
        await page.goto(f"/runs/{job_id}")
        strip = page.locator("[data-live=strip]")
        await expect(strip).to_have_attribute("data-calls", "12000")
        await expect(page.locator("#strip-h")).to_have_text("Calls over time")
        size = await page.evaluate(
            "document.getElementById('charts').textContent.length"
        )
        assert size < 100_000
        took_ms = await page.evaluate(DRAW)
        assert took_ms < 100
