"""The list of runs: filters in the address, fresh lines, runs chosen to be compared."""

import re

import pytest
from playwright.async_api import expect

from tests.api.client import submit
from tests.api.server import Api
from tests.pages.browser import overflow, usable
from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_line_says_how_the_run_went(open: Open, ended: list[str]) -> None:
    async with open() as page:
        await page.goto("/")
        line = page.locator(f'#lines tr[data-id="{ended[0]}"]')
        await expect(line.locator(".st")).to_have_text("done")
        await expect(line.locator(".nm")).to_contain_text("two models")
        await expect(line.locator(".nm")).to_contain_text("swift-8b, orca-pro")
        await expect(line.locator(".pr")).to_have_text("20")  # 2 x 2 prompts x 5
        await expect(line.locator(".hl .ci")).to_contain_text("–")
        # which of the two was sooner is chance: both are told to take 20 ms
        await expect(line.locator(".hl")).to_have_text(re.compile("swift-8b|orca-pro"))
        await expect(line.locator(".vd .badge")).to_be_visible()
        await expect(line.locator(".spk polyline")).to_have_count(1)
        other = page.locator(f'#lines tr[data-id="{ended[1]}"]')
        await expect(other.locator(".hl")).to_contain_text("whole call")


async def test_a_list_can_be_used_by_everybody(open: Open, ended: list[str]) -> None:
    async with open() as page:
        await page.goto("/")
        await page.locator("#lines input").first.check()
        await page.get_by_role("button", name="Tag", exact=True).click()
        await usable(page)
        await page.set_viewport_size({"width": 800, "height": 860})
        assert await overflow(page) <= 0


async def test_runs_are_found_by_their_verdict(
    open: Open, stack: Api, ended: list[str]
) -> None:
    job = stack.http.get(f"/benchmark/{ended[0]}").json()
    kind = job["result"]["verdict"]["kind"]
    async with open() as page:
        await page.goto("/?tag=ours")
        line = page.locator(f'tr[data-id="{ended[0]}"]')
        for each in ("valid", "suspect", "invalid"):
            await page.get_by_label("Verdict", exact=True).select_option(each)
            await page.wait_for_url(f"**verdict={each}**")
            await expect(line).to_have_count(int(each == kind))


async def test_several_runs_are_tagged_at_once_and_keep_the_tags_they_had(
    open: Open, stack: Api, ended: list[str]
) -> None:
    async with open() as page:
        await page.goto("/")
        for job_id in ended:
            await page.locator(f'input[value="{job_id}"]').check()
        tag = page.get_by_role("button", name="Tag", exact=True)
        await tag.click()
        await page.get_by_label("Tags to add").fill("<b>")
        await page.keyboard.press("Enter")
        await expect(page.locator("#tags-wrong")).to_contain_text("letter or a digit")
        await page.get_by_label("Tags to add").fill("weekly, ours")
        await tag.click()
        for job_id in ended:
            line = page.locator(f'tr[data-id="{job_id}"]')
            await expect(line.locator(".tag", has_text="weekly")).to_be_visible()
    said = [stack.http.get(f"/benchmark/{job_id}").json()["tags"] for job_id in ended]
    assert said == [["ours", "weekly"], ["old", "weekly", "ours"]]


async def test_what_is_asked_for_stands_in_the_address(
    open: Open, ended: list[str]
) -> None:
    async with open() as page:
        await page.goto("/")
        await page.get_by_role("searchbox").fill("two mod")
        await expect(page.locator("#lines tr")).to_have_count(1)
        await page.locator("#fg").select_option("ours")
        await page.wait_for_url("**/?text=two+mod&tag=ours")
        await page.reload()
        await expect(page.locator("#lines tr")).to_have_count(1)
        await expect(page.get_by_role("searchbox")).to_have_value("two mod")
        await page.get_by_text("Failed", exact=True).click()
        await expect(page.get_by_text("No run fits.")).to_be_visible()
        await page.get_by_role("link", name="Show all of them").click()
        await expect(page.locator("#lines tr")).not_to_have_count(0)


async def test_a_new_run_appears_by_itself_and_what_was_chosen_stays(
    open: Open, stack: Api, ended: list[str]
) -> None:
    async with open() as page:
        await page.clock.install()
        await page.goto("/")
        await page.locator(f'input[value="{ended[0]}"]').check()
        job_id = submit(stack.http, name="a later one")
        await page.clock.run_for(16_000)
        await expect(page.locator(f'tr[data-id="{job_id}"]')).to_be_visible()
        await expect(page.locator(f'input[value="{ended[0]}"]')).to_be_checked()


async def test_two_runs_are_chosen_and_lead_to_a_comparison(
    open: Open, ended: list[str]
) -> None:
    async with open() as page:
        await page.goto("/")
        compare = page.get_by_role("button", name="Compare")
        await page.locator(f'input[value="{ended[0]}"]').check()
        await expect(compare).to_be_hidden()
        await page.locator(f'input[value="{ended[1]}"]').check()
        await expect(page.locator("#chosen")).to_have_text("2 runs selected")
        await page.route("**/compare?*", lambda route: route.fulfill(body="there"))
        await compare.click()
        await page.wait_for_url(f"**/compare?job={ended[0]}&job={ended[1]}")


async def test_a_run_is_found_by_its_name_from_anywhere(
    open: Open, ended: list[str]
) -> None:
    async with open() as page:
        await page.goto("/definitions")
        await page.keyboard.press("Control+k")
        await page.keyboard.type("two models")
        await expect(page.locator("#jump-found li")).to_have_count(1)
        await page.route("**/runs/*", lambda route: route.fulfill(body="there"))
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/runs/{ended[0]}")


async def test_a_definition_opens_by_hover_focus_and_touch(
    open: Open, ended: list[str]
) -> None:
    async with open() as page:
        await page.goto("/")
        word = page.get_by_role("button", name="TTFT")
        told = page.locator("#def-ttft_s")
        await word.hover()
        await expect(told).to_contain_text("time to the first token")
        await page.mouse.move(0, 0)
        await expect(told).to_be_hidden()
        await word.focus()
        await page.keyboard.press("Shift+Tab")
        await page.keyboard.press("Tab")
        await expect(told).to_be_visible()
    async with open(touch=True) as page:
        await page.goto("/")
        await page.get_by_role("button", name="TTFT").tap()
        await expect(page.locator("#def-ttft_s")).to_be_visible()
