"""The report: one file, whose numbers are the summary's, and which asks nobody."""

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.async_api import Browser

from api.page_data.__main__ import answer
from shared.settings.settings import Settings
from tests import made
from tests.api.client import problem
from tests.api.server import Api, serving
from tests.pages.browser import violations, watched

EVIL = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def api(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("reported")
    with serving(Settings(redis_url=store_url, results_dir=folder)) as found:
        yield found


@pytest.fixture(scope="module")
def runs(api: Api) -> tuple[str, str]:
    plan = made.plan_of(made.SWIFT, made.SAGE)
    folder = api.settings.results_dir
    one = made.keep(folder, plan, name=EVIL)
    other = made.keep(folder, plan, made.rows_of(plan, seed=3), name="again")
    for job_id in (one, other):
        answer(folder, job_id, None)  # as the process beside the API does
    return one, other


class Tables(HTMLParser):
    """The cells of each row of the table per target."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = self._cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._inside = "figs" in (dict(attrs).get("class") or "").split()
        if self._inside and tag == "tr":
            self.rows.append([])
        self._cell = self._inside and tag == "td"
        if self._cell:
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self._inside and self.rows and self.rows[-1]:
            self.rows[-1][-1] = (self.rows[-1][-1] + data).strip()


def test_its_numbers_are_those_of_the_summary(api: Api, runs: tuple[str, str]) -> None:
    answer = api.http.get(f"/benchmark/{runs[0]}/report.html", timeout=120)
    assert answer.status_code == 200, answer.text[:500]
    path: Path = api.settings.results_dir / runs[0] / "summary.json"
    targets = {one["target"]: one for one in json.loads(path.read_text())["targets"]}
    read = Tables()
    read.feed(answer.text)
    rows = {row[0]: row for row in read.rows if row}
    assert rows.keys() == targets.keys()
    for name, target in targets.items():
        cells = rows[name]
        assert cells[1] == f"{target['counts']['ok']}/{target['total_runs']}"
        for place, percent in enumerate(("p50", "p90", "p95", "p99")):
            found = target["ttft"][percent]
            assert float(cells[2 + 2 * place]) == pytest.approx(
                1000 * found["point"], rel=0.005
            )
            ends = re.findall(r"[\d.]+", cells[3 + 2 * place])
            if not found["supported"]:
                assert ends == [str(found["needs"])]
            elif found["low"] is not None:
                told = [1000 * found[end] for end in ("low", "high")]
                assert [*map(float, ends)] == pytest.approx(told, rel=0.005)


def test_a_stranger_s_name_ends_no_script(api: Api, runs: tuple[str, str]) -> None:
    text = api.http.get(f"/benchmark/{runs[0]}/report.html", timeout=120).text
    assert EVIL not in text
    assert "&lt;/script&gt;&lt;img src=x" in text


def test_in_markdown_and_what_cannot_be_reported(
    api: Api, runs: tuple[str, str]
) -> None:
    answer = api.http.get(f"/benchmark/{runs[0]}/report.md", timeout=120)
    assert answer.headers["content-type"].startswith("text/markdown")
    assert "| Target | ok | TTFT p50, ms |" in answer.text
    assert "<img" not in answer.text.replace("\\<img", "")
    assert "## Comparison" in answer.text
    gone = api.http.get("/benchmark/01JZ8M5T7Q4W9E2R6Y8V0B3N5C/report.html")
    problem(gone, "no-such-run")


def test_what_is_not_compared_is_said(api: Api, runs: tuple[str, str]) -> None:
    folder = api.settings.results_dir
    other = made.keep(folder, made.plan_of(made.SWIFT, made.ORCA))
    answer(folder, other, None)
    for form in ("md", "html"):
        path = f"/benchmark/{runs[0]}/report.{form}"
        text = api.http.get(path, params={"beside": other}, timeout=120).text
        assert "Left out: " in text
        assert f"{made.SAGE}: only {runs[0]} has calls of it" in text


@pytest.mark.asyncio(loop_scope="session")
async def test_from_the_disk_it_draws_two_runs_and_asks_nobody(
    chrome: Browser, api: Api, runs: tuple[str, str], tmp_path: Path
) -> None:
    asked = {"beside": runs[1]}
    answer = api.http.get(
        f"/benchmark/{runs[0]}/report.html", params=asked, timeout=120
    )
    file = tmp_path / "report.html"
    file.write_bytes(answer.content)
    async with watched(chrome, file.as_uri()) as page:
        await page.goto(file.as_uri())
        for name in ("r0-spread", "r1-value"):
            await page.locator(f"[data-figure={name}] .main-svg").first.wait_for()
        assert await page.get_by_text("Beside each other").count() == 1
        assert await violations(page) == []
