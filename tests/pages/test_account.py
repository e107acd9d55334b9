"""The account and the machines."""

import pytest
from playwright.async_api import expect

from tests.api.server import Api
from tests.pages.browser import violations
from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_account_is_a_page_to_a_browser_and_json_to_a_program(
    open: Open, stack: Api
) -> None:
    told = stack.http.get("/account").json()
    async with open() as page:
        await page.goto("/account")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Account")
        await expect(page.locator("main")).to_contain_text(told["upstream"]["base_url"])
        await expect(
            page.get_by_role("heading", name="Spending by day")
        ).to_be_visible()


async def test_machines_show_who_is_alive_and_a_self_test_waits_for_one(
    open: Open,
) -> None:
    async with open() as page:
        await page.goto("/workers")
        await expect(page.locator("#alive")).to_have_text("1 worker is alive")
        await expect(page.locator("#live tbody tr")).to_have_count(1)


async def test_the_result_of_a_self_test_is_a_picture(open: Open) -> None:
    def case(streams: int, off_s: float) -> dict[str, object]:
        error = {"p50_s": off_s / 4, "p99_s": off_s}
        return {
            **{"streams": streams, "mode": "lockstep", "calls": 3, "n": 3},
            **{"ttft_error": error, "verdict": {"kind": "valid"}},
        }

    done = {
        "state": "done",
        "worker": "w",
        "error": None,
        "result": {
            "cases": [case(1, 0.0001), case(50, 0.02)],
            **{"made_at": "2026-11-28T09:46:00.000Z", "took_s": 20.0},
            "machine": {"host": "<b>vm</b>"},
        },
    }
    async with open() as page:
        await page.route("**/selftest/*", lambda route: route.fulfill(json=done))
        await page.route(
            "**/selftest", lambda route: route.fulfill(status=202, json={"id": "x"})
        )
        await page.goto("/workers")
        await page.get_by_role("button", name="Measure this measurer").click()
        rows = page.locator(".errors tbody tr")
        await expect(rows).to_have_count(3)  # two cases and the axis
        await expect(rows.nth(1)).to_contain_text("20 ms")
        await expect(page.locator("#test-result")).to_contain_text("<b>vm</b>")
        assert await violations(page) == []
