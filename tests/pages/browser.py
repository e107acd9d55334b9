"""A browser that tells on pages: console errors, foreign requests, axe's findings."""

import importlib.util
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page, Request, async_playwright, expect

CHROMIUM = shutil.which("chromium")
REQUIRED = os.environ.get("CI") == "true"
NARROW, WIDE = 360, 1280
PATIENCE_MS = 60_000
"""The machine may be busy; what is waited for comes within this, or not at all."""

expect.set_options(timeout=PATIENCE_MS)

Theme = Literal["light", "dark"]


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Debian's own, without a window."""
    assert CHROMIUM, "apt-get install chromium"
    async with async_playwright() as tool:
        browser = await tool.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--force-color-profile=srgb"],
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def watched(
    browser: Browser,
    url: str,
    *,
    theme: Theme = "light",
    width: int = WIDE,
    touch: bool = False,
) -> AsyncIterator[Page]:
    """A page of a fresh profile. Fails at its end where a script or the policy
    complained, or anything was asked of another host."""
    context = await browser.new_context(
        base_url=url,
        color_scheme=theme,
        viewport={"width": width, "height": 860},
        reduced_motion="reduce",
        has_touch=touch,
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    wrong: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith((url, "data:", "blob:")):
            wrong.append(f"a foreign request: {request.url}")

    page.on("request", asked)
    page.on("pageerror", lambda error: wrong.append(f"an error: {error}"))
    page.on(
        "console",
        lambda said: (
            wrong.append(f"the console: {said.text}")
            if said.type in ("error", "warning")
            else None
        ),
    )
    page.set_default_timeout(PATIENCE_MS)
    try:
        yield page
    finally:
        await context.close()
    # a problem that a page asked for and shows is no error of the page
    told = [each for each in wrong if "Failed to load resource" not in each]
    assert not told, told


@cache
def _axe() -> str:
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text("utf-8")


async def violations(page: Page) -> list[str]:
    """What axe finds wrong on the page, with the element of each."""
    # By the debugger's own channel, which no policy of the page concerns.
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_axe())
    found: Any = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def usable(page: Page) -> None:
    """axe finds nothing in either theme, and the page fits a narrow window; as it
    stands, without loading it anew."""
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        found = await violations(page)
        assert not found, (theme, found)
    await page.set_viewport_size({"width": NARROW, "height": 860})
    assert await overflow(page) <= 0


async def overflow(page: Page) -> float:
    """By how many pixels the page is wider than its window."""
    wider: float = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider
