"""docs/monitoring.md names every series that a process tells, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from shared.settings.settings import Settings
from tests.api.server import serving
from worker.telemetry.scrape import text
from worker.telemetry.series import Series

DOCS = (Path(__file__).parents[1] / "docs" / "monitoring.md").read_text("utf-8")
ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<kind>\w+) \|(?P<labels>[^|]*)\|", re.M)

Told = dict[str, tuple[str, set[str]]]
"""Series -> (kind, labels)."""


def section(title: str) -> Told:
    """The table under a heading."""
    part = DOCS.split(f"### {title}\n")[1].split("\n##")[0]
    return {
        row["name"]: (row["kind"], set(re.findall(r"`(\w+)`", row["labels"])))
        for row in ROW.finditer(part)
    }


def ours(said: str) -> Told:
    """The same of a process' text; of one without samples the labels are not seen."""
    return {
        f"{one.name}_total" if one.type == "counter" else one.name: (
            one.type,
            {name for sample in one.samples for name in sample.labels} - {"le"},
        )
        for one in families(said)
        if one.name.startswith("llmbench_")
    }


def families(said: str) -> Iterator[Metric]:
    yield from text_string_to_metric_families(said)


@pytest.fixture(scope="module")
def api(store_url: str) -> Iterator[str]:
    settings = Settings(redis_url=store_url, openrouter_base_url="http://127.0.0.1:1")
    with serving(settings) as api:
        api.http.get("/health")
        yield api.http.get("/metrics").text


async def test_the_api_tells_what_the_docs_say(api: str) -> None:
    assert ours(api) == section("The API's")


async def test_a_worker_tells_what_the_docs_say() -> None:
    told = ours((await text(Series([]).collect())).decode())
    said = section("A worker's")
    assert told.keys() == said.keys()
    assert [kind for kind, _ in told.values()] == [said[name][0] for name in told]


async def test_what_both_tell_of_the_process_is_in_the_docs(api: str) -> None:
    worker = (await text(Series([]).collect())).decode()
    for said in (api, worker):
        found = {f.name for f in families(said) if f.name.startswith("process_")}
        for name in found:
            assert re.search(rf"\| .*`{name}(_total)?`.* \|", DOCS), name
        rest = {f.name for f in families(said)} - found
        assert all(name.startswith("llmbench_") for name in rest)
