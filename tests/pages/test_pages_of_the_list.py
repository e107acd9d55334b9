"""The list by pages, with a filter on what stands in results: no run is lost."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from shared.settings.settings import Settings
from tests import made
from tests.api.server import Api, serving

MANY = 120


@pytest.fixture(scope="module")
def api(store_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """An API that shows runs of one target, every third of which has no rows."""
    folder = tmp_path_factory.mktemp("list")
    plan = made.plan_of("acme/orca-pro", prompts=["Why?"], runs=1)
    for n in range(MANY):
        made.keep(folder, plan, None if n % 3 else [], answers=False)
    url = re.sub(r"db=\d+", "db=8", store_url)
    with serving(Settings(redis_url=url, results_dir=Path(folder))) as served:
        yield served


def pages(api: Api, address: str) -> Iterator[list[str]]:
    """The ids on each page, from one "Older" to the next."""
    while address:
        text = api.http.get(address, headers={"Accept": "text/html"}).text
        yield re.findall(r'<tr[^>]* data-id="(\w+)"', text)
        older = re.search(r'<a href="([^"]+)"[^>]* id="older"', text)
        address = older[1].replace("&amp;", "&") if older else ""


def test_pages_with_and_without_a_verdict_have_every_run_once(api: Api) -> None:
    every = [job_id for page in pages(api, "/") for job_id in page]
    assert len(every) == len(set(every)) == MANY
    found = {
        kind: [job_id for page in pages(api, f"/?verdict={kind}") for job_id in page]
        for kind in ("valid", "suspect", "invalid")
    }
    assert sorted(chain.from_iterable(found.values())) == sorted(every)
    assert len([kind for kind in found if found[kind]]) == 2
    for each in found.values():
        assert each == sorted(each, reverse=True)
