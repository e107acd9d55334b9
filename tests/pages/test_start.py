"""What a new benchmark may begin with, and what else a plan may say: all of it is in
the plan that is shown and posted."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from shared.plan import Plan
from tests.api.server import Api
from tests.pages.browser import usable
from tests.pages.conftest import Open
from tests.pages.test_new import MODEL, OTHER, chosen, filled

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def shown(page: Page) -> dict[str, Any]:
    """The plan in the command that the form shows."""
    command = await page.locator("#same").text_content()
    body = re.search(r"-d '(.*)'$", command or "", re.DOTALL)
    assert body is not None
    plan: dict[str, Any] = json.loads(body[1].replace("'\\''", "'"))
    return plan


async def test_a_recipe_fills_the_form_and_says_how_its_result_is_read(
    open: Open, stack: Api
) -> None:
    asked = {"model": [OTHER, MODEL]}
    recipes = stack.http.get("/recipes", params=asked).json()["recipes"]
    async with open() as page:
        await page.goto("/new?recipe=budget")
        said = page.locator("#recipe")
        for model in asked["model"]:
            await page.get_by_label(model, exact=True).check()
        for recipe in recipes:
            await page.locator(f'[data-recipe="{recipe["name"]}"]').click()
            await expect(said.locator("b")).to_have_text(recipe["question"])
            await expect(said).to_contain_text(recipe["reading"].replace("`", ""))
            plan, wanted = await shown(page), recipe["plan"]
            if "sweep" in wanted:  # its values take the place of the load's own
                del wanted["load"]["concurrency"]
            assert Plan.model_validate(plan) == Plan.model_validate(wanted)
            await expect(page).to_have_url(re.compile(f"recipe={recipe['name']}$"))


async def test_a_run_is_the_start_of_one_like_it(
    open: Open, stack: Api, ended: list[str]
) -> None:
    job = stack.http.get(f"/benchmark/{ended[0]}").json()
    async with open() as page:
        await page.goto(f"/new?like={ended[0]}")
        await expect(page.locator("#targets tr")).to_have_count(2)
        await expect(page.locator("#file-said")).to_contain_text("2 prompts")
        await expect(page.locator("#kept")).to_contain_text("order_seed")
        plan = await shown(page)
        assert plan.pop("name") == "two models"
        assert plan.pop("tags") == job["tags"]
        assert _texts(plan) == _texts(job["plan"])
        await page.goto("/new?like=nobody")
        await expect(page.locator("#recipe")).to_contain_text("nobody")


def _texts(record: dict[str, Any]) -> dict[str, Any]:
    """The plan as it is asked: a prompt that says no more than its text is the text."""
    plan = Plan.model_validate(record)
    asked = [plan.prompts.prompt(n) for n in range(plan.prompts.count())]
    return plan.model_dump(exclude={"prompts"}) | {"prompts": asked}


async def test_all_that_is_said_is_posted_and_shown_in_both_ways(open: Open) -> None:
    sent: list[Any] = []

    async def kept(route: Route) -> None:
        sent.append(route.request.post_data_json)
        await route.fulfill(status=202, json={"job_id": "there"})

    async with open() as page:
        await chosen(page, MODEL, OTHER)
        await page.locator("#more summary").click()
        for field, value in (
            *(("runs", "20"), ("system_prompt", "Be brief.\nIt's all.")),
            *(("retries.max", "2"), ("retries.backoff_s", "0.5")),
            *(("until.margin", "10"), ("max_cost_usd", "3"), ("slo.ttft_s", "1")),
        ):
            await filled(page, field, value)
        await page.get_by_label("TTFT", exact=True).check()
        await page.get_by_label("cost", exact=True).check()
        await page.get_by_label("Answers kept").select_option("all")
        await page.get_by_label("Alone on its upstream").check()
        begin = page.get_by_role("button", name="Begin, at most")
        await expect(begin).not_to_have_attribute("aria-disabled", "true")
        plan = await shown(page)
        await page.get_by_text("YAML", exact=True).click()
        yaml = await page.locator("#same").text_content()
        await usable(page)
        await page.route("**/benchmark", kept)
        await page.route("**/runs/*", lambda route: route.fulfill(body="there"))
        await begin.click()
        await page.wait_for_url("**/runs/there")
    assert sent == [plan] == [_read(yaml or "")]
    assert plan["until"] == {"decided": ["ttft", "cost"], "margin": 0.1}
    assert plan["retries"] == {"max": 2, "backoff_s": 0.5}
    assert (plan["keep_answers"], plan["exclusive"]) == ("all", True)


def _read(yaml: str) -> Any:
    from ruamel.yaml import YAML

    return json.loads(json.dumps(YAML(typ="safe", pure=True).load(yaml)))


async def test_stages_and_a_search_are_loads_with_their_errors(
    open: Open, stack: Api
) -> None:
    async with open() as page:
        await chosen(page, MODEL)
        await page.get_by_text("Stages", exact=True).click()
        await page.get_by_role("button", name="Add a stage").click()
        await page.get_by_label("Stage 3: kind").select_option("burst")
        await page.get_by_label("Stage 3: value").fill("many")
        told = page.locator('[data-error~="load"]')
        await expect(told).to_contain_text("Stage 3")
        await page.get_by_label("Stage 3: value").fill("9")
        await page.get_by_role("button", name="Remove stage 2").click()
        await expect(told).to_be_empty()
        stages = (await shown(page))["load"]["stages"]
        assert stages[1] == {"kind": "burst", "size": 9, "duration_s": 30}
        assert len(stages) == 2

        await page.get_by_text("Search", exact=True).click()
        await expect(told).to_contain_text("a search needs `slo`")
        await filled(page, "slo.ttft_s", "2")
        await filled(page, "find.high", "0")
        await expect(told).to_contain_text("Up to")
        await filled(page, "find.high", "32")
        await expect(told).to_be_empty()
        await expect(page.locator("#picture-said")).to_contain_text("halves the space")
        plan = await shown(page)
    assert plan["find"] == {
        **{"over": "concurrency", "low": 1, "high": 32, "goodput": 0.95}
    }
    assert stack.http.post("/benchmark?dry_run=true", json=plan).status_code == 200


async def test_what_cannot_be_decided_is_said_where_it_was_asked_for(
    open: Open,
) -> None:
    async with open() as page:
        await chosen(page, MODEL)
        more = page.locator("#more")
        await more.locator("summary").click()
        await page.get_by_label("success", exact=True).check()
        await more.locator("summary").click()
        told = page.locator('[data-error="until"]')
        await expect(told).to_contain_text("nothing to compare it with")
        await expect(told).to_be_visible()  # what was closed has opened for it


async def test_an_upstream_is_chosen_where_there_are_several(open: Open) -> None:
    names = [{"name": "default"}, {"name": "vllm"}]
    model = {"id": "ours", "name": "ours", "free": False, "context_length": None}
    prices = {"prompt_usd_per_million": None, "completion_usd_per_million": None}
    async with open() as page:
        await page.route("**/upstreams", _answer({"upstreams": names}))
        of_vllm = _answer({"models": [model | prices]})
        await page.route("**/models?*upstream=vllm", of_vllm)
        await page.goto("/new")
        await page.get_by_label(MODEL, exact=True).check()
        await page.get_by_label("Upstream", exact=True).select_option("vllm")
        await page.get_by_label("ours", exact=True).check()
        await expect(page.locator("#targets")).to_contain_text("vllm::ours")
        plan = await shown(page)
    assert plan["targets"] == [{"model": MODEL}, {"model": "ours", "upstream": "vllm"}]


def _answer(body: Any) -> Any:
    async def answer(route: Route) -> None:
        await route.fulfill(json=body)

    return answer
