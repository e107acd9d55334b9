"""A store that cannot keep rows takes no new benchmark, however it is asked for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.store import embedded
from shared.store.client import connect_blocking
from tests.api.client import plan, problem, submit
from tests.api.server import Start


@pytest.fixture
def own_url(tmp_path: Path) -> Iterator[str]:
    """A store whose settings this test may change."""
    store = embedded.start(tmp_path / "store")
    yield store.url
    store.stop()


def test_a_store_that_may_lose_rows_takes_neither_a_benchmark_nor_a_rerun(
    own_url: str, start: Start
) -> None:
    strict, lenient = (
        start(redis_url=own_url, allow_volatile=allowed) for allowed in (False, True)
    )
    job_id = submit(strict.http)
    path = f"/benchmark/{job_id}/rerun"
    assert strict.http.post(path).status_code == 202
    with connect_blocking(own_url) as store:
        store.config_set("appendonly", "no")
    before = strict.http.get("/benchmark").json()["jobs"]
    for answer in (
        strict.http.post("/benchmark", json=plan()),
        strict.http.post(path),
        strict.http.post(path, json={"only": "failed"}),
    ):
        assert "ALLOW_VOLATILE=1" in problem(answer, "misconfigured")["detail"]
    assert strict.http.get("/benchmark").json()["jobs"] == before
    assert lenient.http.post("/benchmark", json=plan()).status_code == 202
    assert lenient.http.post(path).status_code == 202
