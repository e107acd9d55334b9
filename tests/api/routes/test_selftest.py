"""A self-test as the API shows it; the worker is played."""

import pytest

from shared.store import selftests
from tests.api.client import Played, problem
from tests.api.server import Api, Start


async def test_it_is_queued_run_and_failed_in_words(api: Api, worker: Played) -> None:
    await worker.redis.delete("llmbench:selftest")
    answer = api.http.post("/selftest?streams=1&streams=7")
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["location"] == f"/selftest/{job['id']}"
    assert (job["state"], job["streams"]) == ("queued", [1, 7])
    assert job["asked_at"].endswith("Z")
    assert api.http.post("/selftest").json() == job, "one waits at most"
    asked = await selftests.claim(worker.redis, "played")
    assert asked is not None
    job = api.http.get(answer.headers["location"]).json()
    assert (job["state"], job["worker"]) == ("running", "played")
    await selftests.end(worker.redis, asked, "It ended without a word.")
    job = api.http.get(answer.headers["location"]).json()
    assert (job["state"], job["error"]) == ("failed", "It ended without a word.")
    assert job["result"] is None


@pytest.mark.parametrize("bad", ["x", "00000000Z8S9XZ4Z6FHS8SQAYK"])
def test_an_unknown_id_is_a_404(api: Api, bad: str) -> None:
    problem(api.http.get(f"/selftest/{bad}"), "not-found")


@pytest.mark.parametrize("bad", ["0", "1001", "x", "1" + "&streams=1" * 6])
def test_a_size_that_cannot_be_is_refused(api: Api, bad: str) -> None:
    problem(api.http.post(f"/selftest?streams={bad}"), "invalid")


def test_without_a_store_there_is_none(start: Start) -> None:
    api = start(redis_url=None)
    problem(api.http.post("/selftest"), "no-store")
