"""A new benchmark: from the form to a finished run, errors beside their field."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.api.server import Api
from tests.children import until
from tests.pages.browser import violations
from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

MODEL, OTHER = "acme/swift-8b", "acme/orca-pro"
SERVED_BY_MANY = "acme/osprey-32b"


async def chosen(page: Page, *models: str) -> None:
    """The form with these targets and the three example prompts."""
    await page.goto("/new")
    for model in models:
        await page.get_by_label(model, exact=True).check()
    await page.get_by_role("button", name="Use three examples").click()
    await expect(page.get_by_role("button", name="Begin, at most")).to_be_enabled()


async def filled(page: Page, field: str, value: str) -> None:
    await page.locator(f'[data-field="{field}"]').fill(value)


async def test_a_benchmark_is_begun_by_the_form_and_ends(
    open: Open, stack: Api
) -> None:
    async with open() as page:
        await chosen(page, MODEL, OTHER)
        await filled(page, "name", "begun by hand")
        await filled(page, "tags", "hand, first")
        await filled(page, "runs", "2")
        begin = page.get_by_role("button", name="Begin, at most")
        await expect(page.locator("#quote")).to_contain_text("6 calls a target")
        await expect(begin).not_to_have_attribute("aria-disabled", "true")
        await begin.click()
        await page.wait_for_url("**/runs/*")
    job_id = page.url.rpartition("/")[2]

    async def done() -> bool:
        return bool(stack.http.get(f"/benchmark/{job_id}").json()["status"] == "done")

    await until(done, "the end of the run")
    job = stack.http.get(f"/benchmark/{job_id}").json()
    assert (job["name"], job["tags"]) == ("begun by hand", ["hand", "first"])
    assert [each["model"] for each in job["plan"]["targets"]] == [MODEL, OTHER]
    assert job["progress"]["total"] == 12  # 2 targets x 3 prompts x 2 times


async def test_it_is_begun_by_the_keyboard_alone(open: Open) -> None:
    async with open() as page:
        await page.goto("/new")
        await page.locator("#catalogue tr").first.wait_for()
        await page.keyboard.press("/")
        await page.keyboard.type("orca-pro")
        await expect(page.locator("#catalogue tr")).to_have_count(1)
        await _tab_to(page, OTHER)
        await page.keyboard.press("Space")
        await _tab_to(page, "Use three examples")
        await page.keyboard.press("Enter")
        begin = page.get_by_role("button", name="Begin, at most")
        await expect(begin).not_to_have_attribute("aria-disabled", "true")
        await _tab_to(page, "Begin, at most")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/runs/*")


async def _tab_to(page: Page, words: str) -> None:
    said = """(at => at.labels?.[0]?.textContent
        ?? (at.matches("a, button") ? at.textContent : ""))(document.activeElement)"""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if words in await page.evaluate(said):
            return
    raise AssertionError(f"no Tab leads to {words!r}")


async def test_an_error_stands_beside_its_field(open: Open) -> None:
    async with open() as page:
        await chosen(page, MODEL)
        await filled(page, "max_cost_usd", "nothing")
        budget = page.locator('[data-field="max_cost_usd"]')
        await expect(budget).to_have_attribute("aria-invalid", "true")
        told = page.locator('[data-error~="max_cost_usd"]')
        await expect(told).to_contain_text("valid number")
        described = await budget.get_attribute("aria-describedby")
        assert described == await told.get_attribute("id")
        await filled(page, "max_cost_usd", "1")
        await expect(budget).not_to_have_attribute("aria-invalid", "true")
        await expect(page.get_by_role("button", name="Begin")).not_to_have_attribute(
            "aria-disabled", "true"
        )


@pytest.mark.parametrize(
    ("kind", "field", "value", "expected"),
    [
        ("Poisson", "load.rate_per_s", "5", {"kind": "poisson", "rate_per_s": 5}),
        ("Burst", "load.size", "7", {"kind": "burst", "size": 7, "interval_s": 10}),
        ("Sweep", "sweep.values", "1, 4", {"kind": "concurrency"}),
    ],
)
async def test_a_load_has_its_fields_a_picture_and_the_same_plan_to_copy(
    open: Open, stack: Api, kind: str, field: str, value: str, expected: Any
) -> None:
    async with open() as page:
        await chosen(page, MODEL)
        await page.get_by_text(kind, exact=True).click()
        await filled(page, field, value)
        await expect(page.locator("#picture rect").first).to_be_attached()
        same = page.locator("#same")
        await expect(same).to_contain_text(str(json.loads(f"[{value}]")[-1]))
        command = await same.text_content()
        await page.get_by_text("YAML", exact=True).click()
        yaml = await same.text_content()
    assert command is not None
    assert yaml is not None
    body = re.search(r"-d '(.*)'$", command, re.DOTALL)
    assert body is not None
    plan = json.loads(body[1].replace("'\\''", "'"))
    assert plan["load"] == expected
    assert stack.http.post("/benchmark?dry_run=true", json=plan).status_code == 200
    assert _read(yaml) == plan


def _read(yaml: str) -> Any:
    from ruamel.yaml import YAML

    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(yaml)))


async def test_checks_of_answers_are_in_the_plan(open: Open, stack: Api) -> None:
    async with open() as page:
        await chosen(page, MODEL)
        add = page.get_by_role("button", name="Add a check")
        await add.click()
        await page.get_by_label("Check 1: kind").select_option("max_words")
        await page.get_by_label("Check 1: value").fill("many")
        told = page.locator('[data-error="checks"]')
        await expect(told).to_contain_text("integer")
        await page.get_by_label("Check 1: value").fill("50")
        await expect(told).to_be_empty()
        await add.click()
        await page.get_by_label("Check 2: passes or not").select_option(index=1)
        await page.get_by_label("Check 2: value").fill("sorry")
        await expect(page.locator("#same")).to_contain_text("sorry")
        command = await page.locator("#same").text_content()
        assert await violations(page) == []
    assert command is not None
    plan = json.loads(command.partition("-d '")[2].removesuffix("'"))
    assert plan["checks"] == [{"max_words": 50}, {"contains": "sorry", "negate": True}]
    assert stack.http.post("/benchmark?dry_run=true", json=plan).status_code == 200


async def test_prompts_come_by_a_file_and_are_counted(
    open: Open, tmp_path: Path
) -> None:
    file = tmp_path / "ours.jsonl"
    said = [{"prompt": "Why?\nAnd how?"}, {"prompt": "Привет", "max_tokens": 9}]
    file.write_text("\n".join(map(json.dumps, said)), "utf-8")
    async with open() as page:
        await page.goto("/new")
        await page.locator("#file").set_input_files(file)
        await expect(page.locator("#file-said")).to_have_text("ours.jsonl 2 prompts")
        # 13 bytes and 12 bytes, 4 to a token, each rounded up: 4 + 3
        await expect(page.locator("#counted")).to_contain_text("about 7 tokens")
        await expect(page.locator("#same")).to_contain_text('"max_tokens": 9')
        await page.locator("#file").set_input_files(
            {"name": "a.jsonl", "mimeType": "", "buffer": b"{}\n"}
        )
        await expect(page.locator("#file-wrong")).to_contain_text("Line 1")


async def test_a_target_is_pinned_or_all_its_providers_are_compared(open: Open) -> None:
    async with open() as page:
        await chosen(page, OTHER)
        row = page.locator("#targets tr")
        await expect(row).to_have_count(1)
        pin = row.get_by_role("combobox")
        await pin.select_option(index=1)
        await expect(page.locator("#same")).to_contain_text('"provider"')
        assert '"providers"' not in (await page.locator("#same").text_content() or "")
        await page.get_by_role("button", name=f"Remove {OTHER}").click()
        await page.get_by_label(SERVED_BY_MANY, exact=True).check()
        await pin.select_option(label="all healthy ones, each")
        quote = page.locator("#quote")
        await expect(quote).to_contain_text(f"{SERVED_BY_MANY}@")
        many = await quote.locator("tbody tr").count()
        await pin.select_option(label="the 2 cheapest, each")
        await expect(quote.locator("tbody tr")).to_have_count(2)
        assert many > 2
        cell = page.locator("#catalogue tr", has_text=SERVED_BY_MANY).locator("td")
        await expect(cell.last).to_contain_text("Harbor, Kestrel")
