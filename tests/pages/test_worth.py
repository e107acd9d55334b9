"""What a run was worth: integrity, pass rate, listed providers, looks, baselines."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import expect

from api.page_data.__main__ import answer
from shared.comparison.looks import Answered, LookAnswer
from shared.settings.settings import Settings
from shared.upstream import ListedProvider
from shared.upstream.listed import Percentiles
from tests import made
from tests.api.server import Api, serving
from tests.pages.browser import overflow, violations
from tests.pages.conftest import Open

pytestmark = pytest.mark.asyncio(loop_scope="session")

LOOKED = "At look 1 of 3, after 30 of 60 planned pairs: 1 of 1 questions answered"
SOONER = "acme/swift-8b:free began to answer 46 % sooner"


@dataclass(frozen=True)
class Runs:
    """An API, a run that has it all, and one that has none of it."""

    api: Api
    rich: str
    plain: str


@pytest.fixture(scope="module")
def runs(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("worth")
    models = (made.SWIFT, made.LARK, made.SAGE, made.ORCA)
    plan = made.plan_of(*models, runs=12, checks=[{"contains": "terra"}])
    rows = made.checked(made.rows_of(plan), lambda row: row.prompt % 5 > row.target)
    speed = Percentiles(p50=55.5, p75=None, p90=None, p99=None)
    harbor = ListedProvider(
        at="2026-11-28T08:13:00Z",
        model="initech/lark-24b",
        target=made.LARK,
        provider="Harbor",
        slug="harbor/fp8",
        prompt_usd_per_million=0.12,
        completion_usd_per_million=0.3,
        request_usd=None,
        quantization="fp8",
        context_length=None,
        max_completion_tokens=None,
        uptime_last_30m_percent=99.4,
        uptime_last_1d_percent=None,
        ttft_s_last_30m=Percentiles(p50=0.61, p75=None, p90=None, p99=None),
        tokens_per_s_last_30m=speed,
    )
    shoal = harbor.model_copy(
        update={"slug": "shoal", "target": None, "left_out": "its status is -2"}
    )
    asked = Answered(
        a=made.SWIFT, b=made.LARK, metric="ttft", word="better", sentence=SOONER
    )
    look = LookAnswer(
        look=1,
        stretches=10,
        pairs=30,
        planned_pairs=60,
        level=0.001,
        scope="minutes",
        decided=True,
        answers=(asked,),
        words=f"{LOOKED}, so the run ended there.",
    )
    rich = made.keep(folder, plan, rows, listed=(harbor, shoal), until=look)
    plain = made.keep(folder, made.plan_of(made.SWIFT, made.SAGE))
    for job_id in (rich, plain):
        answer(folder, job_id, None)
    with serving(Settings(redis_url=store_url, results_dir=folder)) as api:
        yield Runs(api, rich, plain)


def shown(runs: Runs, path: str) -> str:
    found = runs.api.http.get(path, headers={"Accept": "text/html"}, timeout=120)
    assert found.status_code == 200, found.text[:400]
    return " ".join(found.text.split())


def told(runs: Runs, job_id: str) -> list[dict[str, Any]]:
    path = runs.api.settings.results_dir / job_id / "summary.json"
    targets: list[dict[str, Any]] = json.loads(path.read_text())["targets"]
    return targets


def expected(runs: Runs) -> list[str]:
    """What page, report and Markdown say of it, by hand of the summary."""
    orca = told(runs, runs.rich)[3]
    broken, passed = orca["integrity"]["error_in_200"], orca["pass_rate"]
    assert broken["n"] > 0
    ends = f"({100 * broken['low']:.1f}–{100 * broken['high']:.1f})"
    return [
        f"{broken['n']}/{broken['of']}",
        f"{100 * broken['share']:.1f} % {ends}",
        f"{100 * passed['share']:.1f}",
        f"({100 * passed['low']:.0f}–{100 * passed['high']:.0f})",
        LOOKED,
        SOONER,
        "fp8",
        "99.4",
        "55.5",
        "610",
        "Left out: shoal (its status is -2).",
        "Not seen: ",
    ]


@pytest.mark.parametrize("where", ["/runs/{}", "/benchmark/{}/report.html"])
async def test_page_and_report_say_what_the_summary_says(
    runs: Runs, where: str
) -> None:
    text = shown(runs, where.format(runs.rich))
    for said in expected(runs):
        assert said in text, said
    assert "passes fewer" in text or where.startswith("/runs")


async def test_so_does_markdown(runs: Runs) -> None:
    text = runs.api.http.get(f"/benchmark/{runs.rich}/report.md", timeout=120).text
    text = text.replace("\\", "")
    for said in expected(runs):
        assert said in text, said


async def test_a_run_without_checks_or_listing_has_no_place_for_them(
    runs: Runs,
) -> None:
    text = shown(runs, f"/runs/{runs.plain}")
    assert "Pass rate" not in text
    assert "as listed" not in text
    assert "All came whole. Not seen: error in 200" in text


async def test_the_pass_rate_is_a_choice_of_the_ranked_plot(
    open: Open, runs: Runs
) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.rich}")
        table = page.get_by_role("table", name="Pass rate: targets ranked")
        await expect(table).to_be_hidden()
        await page.get_by_text("Pass rate", exact=True).first.click()
        await expect(table).to_be_visible()
        best = table.locator("tr").first
        await expect(best).to_contain_text(made.SWIFT)
        assert await overflow(page) <= 0
        assert await violations(page) == []


async def test_a_run_is_made_a_baseline_by_a_button(open: Open, runs: Runs) -> None:
    async with open(runs.api.url) as page:
        await page.goto(f"/runs/{runs.plain}")
        await page.locator("#plan [data-act=baseline]").click()
        await page.get_by_label("Name", exact=True).fill("nightly")
        assert await violations(page) == []
        await page.get_by_role("button", name="Set", exact=True).click()
        said = page.locator("#baseline-said")
        await expect(said).to_contain_text("nightly is this run from now on.")
        found = runs.api.http.get("/baselines/nightly").json()
        assert found["job_id"] == runs.plain
        await page.reload()
        await expect(page.locator("#plan")).to_contain_text("It is nightly.")
