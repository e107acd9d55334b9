"""`python -m tests.pages.shots`: every page in both themes, into docs/images.

A stack of its own against simulated models, with some runs of made-up names. No test:
the pictures in the docs change when somebody asks for it.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path

from playwright.async_api import FloatRect, Page
from pydantic import SecretStr

from shared.settings.settings import Settings
from shared.store import embedded
from tests.api.server import Api, serving
from tests.children import CANARY, simulator, until, workers
from tests.pages.browser import chromium, watched

TALLEST = 1300
"""Pixels of a picture; what is below repeats itself."""

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PROMPTS = [
    "Explain in two sentences why the sky is blue.",
    "Объясни в двух предложениях, почему небо голубое.",
    "Write a haiku about a slow network.",
]
FREE, SWIFT, SAGE, ORCA = (
    *("acme/swift-8b:free", "acme/swift-8b"),
    *("globex/sage-thinker:free", "acme/orca-pro"),
)


def _plan(name: str, tags: list[str], models: list[str], **more: object) -> object:
    said = {
        "name": name,
        "tags": tags,
        "targets": [{"model": model} for model in models],
        "prompts": {"kind": "inline", "prompts": PROMPTS},
        "max_tokens": 64,
    }
    return said | more


ENDED = (
    _plan("price check", [], [ORCA], runs=4),
    _plan(
        "load from 1 to 8",
        ["sweep"],
        [FREE],
        runs=10,
        sweep={"over": "concurrency", "values": [1, 2, 4, 8]},
    ),
    _plan(
        "nightly",
        ["nightly"],
        [SWIFT, ORCA],
        runs=14,
        load={"kind": "poisson", "rate_per_s": 12},
    ),
    _plan("ru-en-everyday", ["ru", "baseline"], [FREE, SWIFT, SAGE, ORCA], runs=20),
)
GOING = _plan(
    "ru-en-everyday",
    ["ru"],
    [FREE, SAGE],
    runs=400,
    load={"kind": "constant", "rate_per_s": 15},
)


async def _runs(page: Page) -> None:
    await page.goto("/")
    boxes = page.locator("#lines input")
    await boxes.nth(1).check()
    await boxes.nth(2).check()


async def _new(page: Page) -> None:
    await page.goto("/new")
    for model in (FREE, SAGE, ORCA):
        await page.get_by_label(model, exact=True).check()
    await page.get_by_role("button", name="Use three examples").click()
    await page.locator('[data-field="name"]').fill("ru-en-everyday")
    await page.locator('[data-field="max_cost_usd"]').fill("1")
    await page.get_by_text("Poisson", exact=True).click()
    await page.get_by_role("button", name="Begin, at most").wait_for()
    await page.locator("#picture rect").first.wait_for()
    await page.wait_for_timeout(1000)
    await page.evaluate("scrollTo(0, 0)")


async def _try(page: Page) -> None:
    await page.goto("/try")
    await page.get_by_label("Prompt", exact=True).fill(PROMPTS[0])
    for n, model in enumerate((SWIFT, SAGE, ORCA), 1):
        await page.get_by_label(f"Target {n}").fill(model)
    await page.get_by_role("button", name="Ask").click()
    await page.locator(".answer:not(.going)").nth(2).wait_for()


def _plain(path: str) -> Callable[[Page], Awaitable[None]]:
    async def shown(page: Page) -> None:
        await page.goto(path)
        await page.wait_for_timeout(300)

    return shown


SHOTS = {
    "runs": _runs,
    "new": _new,
    "try": _try,
    "account": _plain("/account"),
    "workers": _plain("/workers"),
}


def _begin(api: Api, plan: object) -> str:
    answer = api.http.post("/benchmark", json=plan)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


async def _prepared(api: Api) -> None:
    begun = [_begin(api, plan) for plan in ENDED]

    async def done() -> bool:
        said = [api.http.get(f"/benchmark/{job_id}").json() for job_id in begun]
        return all(each["status"] == "done" for each in said)

    await until(done, "the end of the runs", deadline_s=300)
    going = _begin(api, GOING)

    async def under_way() -> bool:
        closed = api.http.get(f"/benchmark/{going}").json()["progress"]["closed"]
        return bool(closed > 200)

    await until(under_way, "some calls of the last run", deadline_s=300)


async def _taken(api: Api) -> None:
    await _prepared(api)
    async with chromium() as browser:
        for name, prepare in SHOTS.items():
            for theme in ("light", "dark"):
                async with watched(browser, api.url, theme=theme) as page:
                    await prepare(page)
                    path = IMAGES / f"{name}-{theme}.png"
                    await _picture(page, path)
            async with watched(browser, api.url, width=360) as page:
                await prepare(page)
                await _picture(page, IMAGES / f"{name}-narrow.png")


async def _picture(page: Page, path: Path) -> None:
    """The page from its top, as far as is of use in a text."""
    size = await page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    width, height = size[0], min(size[1], TALLEST)
    clip = FloatRect(x=0, y=0, width=width, height=height)
    await page.screenshot(path=path, full_page=True, clip=clip)


def main() -> None:
    """Start everything, take the pictures, end everything."""
    folder = Path(tempfile.mkdtemp(prefix="llmbench-shots-"))
    store = embedded.start(folder)
    with ExitStack() as stack:
        stack.callback(store.stop)
        sim = stack.enter_context(simulator("--free-per-minute", "100000"))
        settings = Settings(
            openrouter_base_url=sim.base_url,
            openrouter_api_key=SecretStr(CANARY),
            upstream_kind="openrouter",
            redis_url=store.url,
            results_dir=folder / "results",
            max_cost_usd_per_day=5,
        )
        fleet = stack.enter_context(workers(store.url, sim.base_url, folder))
        api = stack.enter_context(serving(settings))
        fleet.start()
        fleet.start()
        asyncio.run(_taken(api))


if __name__ == "__main__":
    main()
