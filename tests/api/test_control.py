"""Pause, resume and rerun over HTTP; the worker is played."""

import shutil

import pytest

from shared.run import Ending, Status
from shared.sample import Outcome
from shared.store.run import slots, states
from tests.api.api_client import Played, problem, submit
from tests.api.api_server import Api
from tests.api.test_benchmarks import UNKNOWN, forget


async def test_a_pause_takes_no_more_slots_and_a_resume_goes_on(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    lease = await worker.claim(job_id)
    answer = api.http.post(f"/benchmark/{job_id}/pause")
    assert (answer.status_code, answer.json()["status"]) == (202, "paused")
    assert await slots.take(worker.redis, lease, 1, "t") is None
    again = api.http.post(f"/benchmark/{job_id}/pause")
    assert (again.status_code, again.json()["status"]) == (200, "paused")
    answer = api.http.post(f"/benchmark/{job_id}/resume")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    again = api.http.post(f"/benchmark/{job_id}/resume")
    assert (again.status_code, again.json()["status"]) == (200, "queued")


@pytest.mark.parametrize("verb", ["pause", "resume"])
async def test_what_has_ended_can_neither_rest_nor_go_on(
    api: Api, worker: Played, verb: str
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    body = problem(api.http.post(f"/benchmark/{job_id}/{verb}"), "wrong-state")
    assert "done" in body["detail"]
    await forget(worker, job_id)
    problem(api.http.post(f"/benchmark/{job_id}/{verb}"), "wrong-state")


@pytest.mark.parametrize("verb", ["pause", "resume", "rerun"])
def test_an_unknown_benchmark_is_a_404(api: Api, verb: str) -> None:
    problem(api.http.post(f"/benchmark/{UNKNOWN}/{verb}"), "no-such-run")
    problem(api.http.post(f"/benchmark/nonsense/{verb}"), "no-such-run")


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


@pytest.mark.parametrize(("verb", "word"), [("pause", "paused"), ("resume", "resumed")])
async def test_one_that_is_being_reduced_can_neither_rest_nor_go_on(
    api: Api, worker: Played, verb: str, word: str
) -> None:
    job_id = submit(api.http)
    await worker.claim(job_id)
    await states.end(worker.redis, job_id, Ending.COMPLETED)
    body = problem(api.http.post(f"/benchmark/{job_id}/{verb}"), "wrong-state")
    assert body["detail"] == (
        f"Benchmark {job_id} is {Status.REDUCING}; it cannot be {word}."
    )
