"""The frame of every page: theme, definitions, keyboard, policy, foreign requests."""

import pytest

from tests.api.server import Api
from tests.pages.browser import usable, violations
from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGES = ("/", "/new", "/try", "/account", "/workers", "/definitions")


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_can_be_used_by_everybody_in_both_themes_and_narrow(
    open: Open, path: str
) -> None:
    async with open() as page:
        await page.goto(path)
        await usable(page)


async def test_the_theme_is_chosen_and_remembered(open: Open) -> None:
    async with open(theme="light") as page:
        await page.goto("/")
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        assert await page.evaluate(ground) == "rgb(255, 255, 255)"
        await page.get_by_role("button", name="Light or dark").click()
        assert await page.evaluate(ground) == "rgb(19, 20, 22)"
        await page.reload()
        assert await page.evaluate(ground) == "rgb(19, 20, 22)"


async def test_who_comes_by_the_keyboard_skips_to_the_content(open: Open) -> None:
    async with open() as page:
        await page.goto("/")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == (
            "Skip to the content"
        )
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "main"


async def test_the_keyboard_has_help_and_a_way_to_runs(open: Open) -> None:
    async with open() as page:
        await page.goto("/")
        await page.keyboard.press("?")
        await page.get_by_role("dialog", name="Keyboard").wait_for()
        await page.keyboard.press("Escape")
        await page.keyboard.press("Control+k")
        dialog = page.get_by_role("dialog", name="Go to a run")
        await dialog.get_by_role("combobox").fill("no run is called so")
        await dialog.get_by_text("No run is called so.").wait_for()


async def test_every_page_has_a_policy_and_scripts_may_be_kept_for_ever(
    stack: Api,
) -> None:
    answer = stack.http.get("/", headers={"Accept": "text/html"})
    policy = answer.headers["content-security-policy"]
    for rule in (
        *("default-src 'none'", "script-src 'self'", "style-src 'self'"),
        *("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"),
    ):
        assert rule in policy.split("; ") or f"{rule};" in policy + ";", rule
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    address = answer.text.partition('src="')[2].partition('"')[0]
    script = stack.http.get(address)
    assert "immutable" in script.headers["cache-control"]
    old = stack.http.get("/static/000000000000/shell.js")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")


async def test_what_a_program_gets_is_what_it_always_got(stack: Api) -> None:
    assert stack.http.get("/").json()["links"]["benchmarks"] == "/benchmark"
    mixed = {"Accept": "text/html;q=0.5, application/json"}
    assert stack.http.get("/", headers=mixed).json()["name"] == "llmbench"


async def test_an_error_is_a_page_to_a_browser_and_a_problem_to_a_program(
    open: Open, stack: Api
) -> None:
    async with open() as page:
        await page.goto("/nothing")
        await page.get_by_role("heading", name="There is nothing here.").wait_for()
        assert await violations(page) == []
    answer = stack.http.get("/nothing")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_docs_of_the_api_are_drawn_and_ask_no_other_host(open: Open) -> None:
    async with open() as page:  # which looks at the console and at requests
        await page.goto("/docs")
        await page.get_by_text("Follow a benchmark", exact=False).first.wait_for()
