"""Reruns over HTTP; the worker is played."""

import shutil

import pytest

from shared.run import Ending
from shared.sample import Outcome
from tests.api.client import Played, problem, submit
from tests.api.routes.test_benchmarks import forget
from tests.api.server import Api


async def test_a_rerun_is_a_new_benchmark_of_the_same_plan(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    answer = api.http.post(f"/benchmark/{job_id}/rerun")
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["job_id"] != job_id
    assert answer.headers["location"] == body["status_url"]
    old, new = (
        api.http.get(f"/benchmark/{i}").json() for i in (job_id, body["job_id"])
    )
    assert new["rerun_of"] == job_id
    assert new["plan"] == old["plan"]


async def test_a_rerun_of_what_failed_has_only_those_calls(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    lease = await worker.claim(job_id)
    await worker.close(lease, 3)
    await worker.close(lease, 1, Outcome.EMPTY)
    only = {"only": "failed"}
    problem(api.http.post(f"/benchmark/{job_id}/rerun", json=only), "not-ready")
    await worker.reduce(job_id, Ending.COMPLETED)
    answer = api.http.post(f"/benchmark/{job_id}/rerun", json=only)
    assert answer.status_code == 202, answer.text
    new = api.http.get(answer.json()["status_url"]).json()
    assert (new["progress"]["total"], new["rerun_of"]) == (1, job_id)


async def test_after_the_store_forgot_it_a_benchmark_can_be_done_again_whole(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    await forget(worker, job_id)
    answer = api.http.post(f"/benchmark/{job_id}/rerun", json={})
    assert answer.status_code == 202, answer.text
    only = {"only": "failed"}
    body = problem(
        api.http.post(f"/benchmark/{job_id}/rerun", json=only), "wrong-state"
    )
    assert "forgotten" in body["detail"]
    shutil.rmtree(api.settings.results_dir / job_id)
    problem(api.http.post(f"/benchmark/{job_id}/rerun"), "no-such-run")


async def test_the_same_key_makes_one_rerun(api: Api, worker: Played) -> None:
    job_id = submit(api.http)
    path, key = f"/benchmark/{job_id}/rerun", {"Idempotency-Key": "again"}
    first, second = (api.http.post(path, headers=key).json() for _ in range(2))
    assert first["job_id"] == second["job_id"]
    other = api.http.post(path, headers=key, json={"only": "failed"})
    # what failed can be told after the end only: that is said first
    assert other.status_code == 409


@pytest.mark.parametrize("body", [{"only": "ok"}, {"all": True}, []])
def test_a_body_that_says_something_else_is_refused(api: Api, body: object) -> None:
    job_id = submit(api.http)
    problem(api.http.post(f"/benchmark/{job_id}/rerun", json=body), "invalid")
