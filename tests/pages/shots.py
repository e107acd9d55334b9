"""`python -m tests.pages.shots [NAME ...]`: pages in both themes, into docs/images.

A stack of its own against simulated models, with some runs of made-up names. No test:
the pictures in the docs change when somebody asks for it.
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
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


WEATHER = "rate-limited-upstream=0.01,mid-stream-error=0.008,error-in-200=0.004"

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
    [FREE, SWIFT, SAGE, ORCA],
    runs=9,
    prompts={
        "kind": "inline",
        "prompts": [
            f"{prompt} Take {n + 3} words." for prompt in PROMPTS for n in range(9)
        ],
    },
    max_cost_usd=1,
    load={"kind": "constant", "rate_per_s": 8},
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


async def _live(page: Page) -> None:
    await page.goto("/")
    lines = page.locator("#lines tr", has=page.locator(".state.running"))
    await lines.first.get_by_role("link").first.click()
    await page.locator("[data-live=strip] path").first.wait_for()
    await page.wait_for_timeout(1500)


def _plain(path: str) -> Callable[[Page], Awaitable[None]]:
    async def shown(page: Page) -> None:
        await page.goto(path)
        await page.wait_for_timeout(300)

    return shown


SHOTS = {
    "runs": _runs,
    "new": _new,
    "try": _try,
    "live": _live,
    "account": _plain("/account"),
    "workers": _plain("/workers"),
}


LONGEST = {"live": {1280: 1000, 360: 1700}}
"""Pixels of a picture, by page and width."""


def _begin(api: Api, plan: object) -> str:
    answer = api.http.post("/benchmark", json=plan)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["job_id"]
    return job_id


async def _prepared(api: Api, names: Sequence[str]) -> None:
    begun = [] if names == ["live"] else [_begin(api, plan) for plan in ENDED]

    async def done() -> bool:
        said = [api.http.get(f"/benchmark/{job_id}").json() for job_id in begun]
        return all(each["status"] == "done" for each in said)

    await until(done, "the end of the runs", deadline_s=300)
    going = _begin(api, GOING)

    async def under_way(calls: int) -> None:
        async def there() -> bool:
            said = api.http.get(f"/benchmark/{going}").json()
            return bool(said.get("progress", {}).get("closed", 0) >= calls)

        await until(there, f"{calls} calls of the last run", deadline_s=300)

    await under_way(160)
    api.http.post(f"/benchmark/{going}/pause")
    await asyncio.sleep(6)
    api.http.post(f"/benchmark/{going}/resume")
    await under_way(330)


async def _taken(api: Api, names: Sequence[str]) -> None:
    await _prepared(api, names)
    async with chromium() as browser:
        for name, prepare in SHOTS.items():
            if names and name not in names:
                continue
            for theme in ("light", "dark"):
                async with watched(browser, api.url, theme=theme) as page:
                    await prepare(page)
                    path = IMAGES / f"{name}-{theme}.png"
                    await _kept(page, path)
            async with watched(browser, api.url, width=360) as page:
                await prepare(page)
                path = IMAGES / f"{name}-narrow.png"
                await _kept(page, path)


async def _kept(page: Page, path: Path) -> None:
    """The whole page, or the beginning of a long one."""
    size = await page.evaluate("[innerWidth, document.body.scrollHeight]")
    most = LONGEST.get(path.stem.partition("-")[0], {}).get(size[0], size[1])
    clip = FloatRect(x=0, y=0, width=size[0], height=min(size[1], most))
    await page.screenshot(path=path, full_page=True, clip=clip)


def main() -> None:
    """Start everything, take the pictures, end everything."""
    folder = Path(tempfile.mkdtemp(prefix="llmbench-shots-"))
    store = embedded.start(folder)
    with ExitStack() as stack:
        stack.callback(store.stop)
        options = ("--free-per-minute", "100000", "--weather", WEATHER)
        sim = stack.enter_context(simulator(*options))
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
        asyncio.run(_taken(api, sys.argv[1:]))


if __name__ == "__main__":
    main()
