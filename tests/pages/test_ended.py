"""The page of a run that has ended, and comparisons, in a browser."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from api.page_data.__main__ import answer
from api.pages.shell.words import significant
from shared.settings.settings import Settings
from tests import made
from tests.api.server import Api, serving
from tests.pages.browser import NARROW, overflow, violations
from tests.pages.conftest import Open

LONG_MS = 90_000
"""For a process that begins on a busy machine."""

pytestmark = pytest.mark.asyncio(loop_scope="session")

CORPUS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "</script><script>alert(1)</script>",
    "{{7*7}} ${7*7} <%= 7*7 %>",
    "javascript:alert(1)",
    "\u202e\u2028]]><!--",
)


@dataclass(frozen=True)
class Runs:
    """An API that measures nothing, and the runs that it shows."""

    api: Api
    four: str
    swept: str
    again: str
    evil: str


@pytest.fixture(scope="module")
def runs(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("ended")
    plan = made.plan_of(
        *(made.SWIFT, made.LARK, made.SAGE, made.ORCA), keep_events=True
    )
    four = made.keep(folder, plan, name="four targets", tags=["demo"])
    over = {"over": "concurrency", "values": [1, 2, 4]}
    swept = made.keep(
        folder, made.plan_of(made.SWIFT, made.SAGE, sweep=over, slo={"ttft_s": 0.1})
    )
    again = made.keep(
        folder, made.plan_of(made.SWIFT, made.SAGE, sweep=over, slo={"ttft_s": 0.1})
    )
    prompts = [*CORPUS, *CORPUS[:1]]
    evil_plan = made.plan_of("acme/a", "b/c", prompts=prompts, runs=2)
    rows = [
        replace(row, error=CORPUS[n % len(CORPUS)], provider=CORPUS[n % 2])
        for n, row in enumerate(made.rows_of(evil_plan))
    ]
    text = " ".join(CORPUS)
    evil = made.keep(folder, evil_plan, rows, text=text, name=CORPUS[1], note=CORPUS[0])
    for job_id in (four, swept, again, evil):
        answer(folder, job_id, None)  # as the process beside the API does
    with serving(Settings(redis_url=store_url, results_dir=folder)) as api:
        yield Runs(api, four, swept, again, evil)


async def drawn(page: Page, name: str) -> None:
    """Waits until Plotly has drawn a figure."""
    await page.locator(f"[data-figure={name}] .main-svg").first.wait_for()


@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", NARROW)])
async def test_axe_finds_nothing_and_it_fits(
    open: Open, runs: Runs, theme: str, width: int
) -> None:
    paths = (f"/runs/{runs.four}", f"/compare?job={runs.four}", "/compare")
    async with open(runs.api.url, theme=theme, width=width) as page:
        for path in paths:
            await page.goto(path)
            if path != "/compare":
                await drawn(page, "value")
            assert await violations(page) == []
            assert await overflow(page) <= 0


async def test_the_first_screen_has_the_summary_s_numbers_without_a_script(
    runs: Runs,
) -> None:
    answer = runs.api.http.get(f"/runs/{runs.four}", headers={"Accept": "text/html"})
    folder = runs.api.settings.results_dir / runs.four
    told = json.loads((folder / "summary.json").read_text())
    for target in told["targets"]:
        middle = target["ttft"]["p50"]
        shown = (
            f'<span class="fig">{significant(1000 * middle["point"])}</span> <i>ms</i>'
        )
        assert shown in answer.text
        low, high = (significant(1000 * middle[end]) for end in ("low", "high"))
        assert f"({low}–{high})" in answer.text
    assert "answer first" in answer.text
    assert "http://" not in re.sub(r'xmlns=.http://[^"\']*', "", answer.text)


async def test_the_metric_is_switched_by_the_keyboard_alone(
    open: Open, runs: Runs
) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.four}")
        await page.get_by_role("radio", name="TTFT").focus()
        cost = page.get_by_role("table", name=re.compile("^Cost"))
        await expect(cost).to_be_hidden()
        for _ in range(3):
            await page.keyboard.press("ArrowRight")
        await expect(cost).to_be_visible()
        await expect(page.get_by_role("table", name=re.compile("^TTFT"))).to_be_hidden()


async def test_a_brush_makes_all_figures_those_of_a_part(
    open: Open, runs: Runs
) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.four}")
        await drawn(page, "strip")
        strip = page.locator("[data-figure=strip] .nsewdrag").first
        await strip.scroll_into_view_if_needed()
        box = await strip.bounding_box()
        assert box is not None
        y = box["y"] + box["height"] / 2
        await page.mouse.move(box["x"] + 0.1 * box["width"], y)
        await page.mouse.down()
        await page.mouse.move(box["x"] + 0.5 * box["width"], y, steps=5)
        await page.mouse.up()
        notice = page.get_by_role("status").filter(has_text="Part of the run")
        await notice.wait_for(timeout=LONG_MS)
        assert "from=" in page.url
        said = await notice.inner_text()
        calls = re.search(r"(\d+) of 240 calls", said)
        assert calls is not None
        assert 0 < int(calls[1]) < 240
        await drawn(page, "strip")  # those of the part are drawn anew
        await notice.get_by_role("link", name="Whole run").click()
        await expect(notice).to_have_count(0)
        assert "from=" not in page.url


async def test_a_mark_of_head_to_head_opens_both_answers(
    open: Open, runs: Runs
) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.four}")
        await drawn(page, "pairs")
        mark = page.locator("[data-figure=pairs] .point").first
        await mark.scroll_into_view_if_needed()
        box = await mark.bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + 1, box["y"] + 1)
        await page.mouse.click(
            box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        )
        await page.get_by_role("heading", name="Two calls").wait_for()
        assert "beside=" in page.url
        await expect(page.locator("#call .fall")).to_have_count(2)


async def test_answers_are_searched_and_filtered(open: Open, runs: Runs) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.four}")
        box = page.get_by_role("searchbox", name="Search in prompts and answers")
        await box.fill("number 13 ")
        await page.keyboard.press("Enter")
        await expect(page.locator(".answers .q")).to_have_count(1)
        assert "q=number+13" in page.url
        await page.goto(f"/runs/{runs.four}?show=failures")
        assert await page.locator(".answers .failcell").count() >= 1
        link = page.locator(".answers small a").first
        await link.click()
        await expect(page).to_have_url(re.compile("call="))


async def test_the_slider_says_what_is_measured_and_what_is_not(
    open: Open, runs: Runs
) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.swept}")
        await drawn(page, "sweep")
        said = page.locator("#load-said")
        await expect(said).to_contain_text("measured; ")
        await expect(said).to_contain_text("the SLO of 100 ms")
        await page.get_by_role("slider", name="Load").focus()
        await page.keyboard.press("ArrowRight")
        await expect(said).to_contain_text("interpolated")
        await page.keyboard.press("End")
        await expect(page.locator("#load-at")).to_have_text("4")
        await expect(said).not_to_contain_text("interpolated")


async def test_figures_are_drawn_anew_in_the_other_theme(
    open: Open, runs: Runs
) -> None:
    ink = "getComputedStyle(document.querySelector('[data-figure=value] .xtitle')).fill"
    async with open(runs.api.url, theme="light") as page:
        await page.goto(f"/runs/{runs.four}")
        await drawn(page, "value")
        light = await page.evaluate(ink)
        await page.get_by_role("button", name="Light or dark").click()
        await page.wait_for_function(f"{ink} !== '{light}'")


async def test_a_figure_is_saved_and_a_table_copied(open: Open, runs: Runs) -> None:
    async with open(runs.api.url) as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.goto(f"/runs/{runs.four}")
        await drawn(page, "value")
        save = page.locator("#value").get_by_role("group", name="Save this figure")
        for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"series")):
            async with page.expect_download() as given:
                await save.get_by_role("button", name=kind).click()
            path = await (await given.value).path()
            assert Path(path).read_bytes().startswith(begins), kind
        await page.get_by_role("button", name="Copy as Markdown").first.click()
        text = await page.evaluate("navigator.clipboard.readText()")
        assert text.startswith("| Target | ok | TTFT p50, ms |")


async def test_a_baseline_is_chosen_by_a_click_and_stands_in_the_address(
    open: Open, runs: Runs
) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/compare?job={runs.four}")
        rows = page.locator("#against tbody tr")
        await expect(rows.first).to_contain_text("initech/lark-24b")
        await page.get_by_role("link", name=made.SAGE).click()
        await expect(rows.first).to_contain_text("acme/swift-8b:free")
        await expect(rows.first).to_contain_text("faster")
        assert "base=globex" in page.url
        await page.goto(f"/compare?job={runs.swept}&job={runs.again}", timeout=LONG_MS)
        await page.get_by_text("equivalent").first.wait_for()


async def test_programs_are_given_json_where_people_are_given_pages(
    runs: Runs,
) -> None:
    found = runs.api.http.get("/compare", params={"job": runs.four}, timeout=LONG_MS)
    assert found.json()["between"] == "targets"
    asked = {"Accept": "text/html"}
    page = runs.api.http.get("/compare", params={"job": runs.four}, headers=asked)
    assert page.headers["content-type"].startswith("text/html")


async def test_what_strangers_wrote_is_text(open: Open, runs: Runs) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.evil}")
        await drawn(page, "strip")
        body = await page.locator("body").inner_text()
        for text in CORPUS[:5]:
            assert text in body, text
        assert await page.locator("img, main script:not([type])").count() == 0
        await page.goto(f"/runs/{runs.evil}?q=alert")
        assert await page.locator(".answers .q").count() >= 4
        await page.goto(f"/compare?job={runs.evil}")
        await drawn(page, "value")
