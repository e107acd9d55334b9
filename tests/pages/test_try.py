"""One prompt against several targets, and what becomes of it."""

import pytest
from playwright.async_api import expect

from tests.pages.browser import violations
from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_targets_answer_side_by_side_and_the_prompt_is_kept(open: Open) -> None:
    async with open() as page:
        await page.goto("/try")
        await page.get_by_label("Prompt", exact=True).fill("Why?\nAnd how?")
        await page.get_by_label("Target 1").fill("acme/swift-8b")
        await page.get_by_label("Target 2").fill("acme/swift-8b:free")
        await page.get_by_label("Target 3").fill("no/such")
        await page.get_by_role("button", name="Ask").click()
        answers = page.locator(".answer")
        await expect(answers).to_have_count(3)
        for n in (0, 1):
            one = answers.nth(n)
            await expect(one.locator('[data-is="ttft"]')).to_contain_text("s")
            await expect(one.locator('[data-is="cost"]')).to_contain_text("$")
            await expect(one.locator('[data-is="tokens"]')).not_to_have_text("–")
            assert await one.locator(".said").text_content()
        await expect(answers.nth(2).locator(".err")).to_contain_text("no/such")
        await expect(page.get_by_role("button", name="Ask")).to_be_visible()
        assert await violations(page) == []
        await page.get_by_role("button", name="Make a benchmark of it").click()
        await expect(page.locator("#targets tr")).to_have_count(3)
        await expect(page.locator("#preview")).to_contain_text("And how?")
