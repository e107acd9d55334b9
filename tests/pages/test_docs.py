"""The pages of the API, made of its schema, in a browser."""

import pytest
from playwright.async_api import expect

from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_pages_of_the_api_open_without_an_error_or_a_foreign_host(
    open: Open,
) -> None:
    async with open() as page:
        await page.goto("/")
        await page.get_by_role("link", name="API", exact=True).click()
        await page.wait_for_url("**/docs")
        await expect(page.locator(".swagger-ui .opblock").first).to_be_visible()
        await page.get_by_text("List models", exact=True).click()
        await expect(page.get_by_role("button", name="Try it out")).to_be_visible()
