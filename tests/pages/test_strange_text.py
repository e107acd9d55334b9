"""What strangers say is text: prompts, answers, models, providers, errors, names."""

import json
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.api.client import plan, submit
from tests.api.server import Api
from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

CORPUS = (
    "<script>window.hit=1</script>",
    "<img src=x onerror=window.hit=1>",
    '"><svg onload=window.hit=1>',
    "</script><script>window.hit=1</script>",
    "</textarea><iframe srcdoc='<script>parent.hit=1</script>'>",
    "javascript:window.hit=1",
    "{{ 7*7 }}${7*7}",
)


async def unharmed(page: Page) -> None:
    """Nothing of it ran, and none of it became an element."""
    assert await page.evaluate("window.hit") is None
    assert (
        await page.locator("main img, main iframe, main script:not([type])").count()
        == 0
    )
    assert await page.locator("main [onload], main [onerror]").count() == 0


async def test_names_tags_and_targets_in_the_list(open: Open, stack: Api) -> None:
    for evil in CORPUS:
        if "<" in evil:  # no tag can be markup
            refused = stack.http.post("/benchmark", json=plan(tags=[evil]))
            assert "tags[0]" in refused.json()["detail"]
        submit(stack.http, name=evil, tags=["evil"], runs=1)
    async with open() as page:
        await page.goto("/?tag=evil")
        for evil in CORPUS:
            await expect(
                page.get_by_role("link", name=evil, exact=True)
            ).to_be_visible()
        await unharmed(page)
        await page.keyboard.press("Control+k")
        await page.keyboard.type("evil")
        await expect(page.locator("#jump-found li")).to_have_count(len(CORPUS))
        await unharmed(page)


@pytest.mark.parametrize("evil", CORPUS)
async def test_what_is_asked_for_in_the_address(
    open: Open, stack: Api, evil: str
) -> None:
    if not stack.http.get("/benchmark").json()["jobs"]:
        submit(stack.http, runs=1)  # an empty list has nothing to search in
    async with open() as page:
        await page.goto("/?" + "&".join(f"{name}={_quoted(evil)}" for name in _ASKED))
        await expect(page.get_by_role("searchbox")).to_have_value(evil)
        await unharmed(page)


_ASKED = ("text", "target", "tag")


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")


async def test_models_providers_prompts_and_errors_in_the_form(open: Open) -> None:
    evil = "\n".join(CORPUS)
    async with open() as page:
        await page.route(
            "**/models?*", _answer({"models": [_model(e) for e in CORPUS]})
        )
        provider = {"provider": CORPUS[1], "slug": "x", **_NO_FIGURES}
        await page.route("**/providers", _answer({"providers": [provider] * 2}))
        said = {"detail": evil, "errors": [{"field": "runs", "message": evil}]}
        await page.route("**/benchmark?dry_run=true", _answer(said, 422))
        await page.goto("/new")
        for box in await page.locator("#catalogue input").all():
            await box.check()
        await page.get_by_role("button", name="Paste instead").click()
        await page.locator("#text").fill(evil)
        await expect(page.locator("#preview tr")).to_have_count(len(CORPUS))
        await expect(page.locator('[data-error="prompts"]')).to_contain_text("hit=1")
        await expect(page.locator("#targets select").first).to_contain_text("<img")
        await unharmed(page)


async def test_answers_and_errors_that_come_by_a_stream(open: Open) -> None:
    parts = [f"event: delta\ndata: {json.dumps({'text': evil})}\n\n" for evil in CORPUS]
    end = f"event: error\ndata: {json.dumps({'detail': CORPUS[1]})}\n\n"

    async def stream(route: Route) -> None:
        await route.fulfill(body="".join(parts) + end, content_type="text/event-stream")

    async with open() as page:
        await page.route("**/generate", stream)
        await page.goto("/try")
        await page.get_by_label("Prompt", exact=True).fill(CORPUS[0])
        await page.get_by_label("Target 1").fill(CORPUS[1])
        await page.get_by_role("button", name="Ask").click()
        await expect(page.locator(".answer .said")).to_have_text("".join(CORPUS))
        await expect(page.locator(".answer .err")).to_have_text(CORPUS[1])
        await unharmed(page)


def _answer(body: Any, status: int = 200) -> Any:
    async def answer(route: Route) -> None:
        await route.fulfill(status=status, json=body)

    return answer


_NO_FIGURES = {"completion_usd_per_million": None, "uptime_last_1d_percent": None}


def _model(name: str) -> dict[str, Any]:
    prices = {"prompt_usd_per_million": 1, "completion_usd_per_million": 1}
    return {"id": name, "name": name, "free": False, "context_length": None, **prices}
