"""Pause, resume and cancel over HTTP; the worker is played."""

import pytest

from shared.run import Ending, Status
from shared.store import opinions
from shared.store.run import slots, states
from tests.api.client import Played, problem, submit
from tests.api.routes.test_benchmarks import UNKNOWN, forget
from tests.api.server import Api


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


async def test_cancelling_keeps_what_was_measured(api: Api, worker: Played) -> None:
    job_id = submit(api.http)
    lease = await worker.claim(job_id)
    await worker.close(lease, 1)
    answer = api.http.delete(f"/benchmark/{job_id}")
    assert answer.status_code == 202
    assert answer.json()["status"] == "reducing"
    assert answer.json()["ending"] == "cancelled"
    again = api.http.delete(f"/benchmark/{job_id}")
    assert again.status_code == 202
    await worker.reduce(job_id)
    ended = api.http.delete(f"/benchmark/{job_id}")
    assert ended.status_code == 200
    assert ended.json()["status"] == "cancelled"
    assert ended.json()["progress"]["closed"] == 1
    assert ended.json()["result"]["total_runs"] == 1


async def test_what_has_ended_by_itself_cannot_be_cancelled(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    lease = await worker.claim(job_id)
    await worker.close(lease, 4)
    await states.end(worker.redis, job_id, Ending.COMPLETED)
    problem(api.http.delete(f"/benchmark/{job_id}"), "wrong-state")
    await worker.reduce(job_id)
    answer = api.http.delete(f"/benchmark/{job_id}")
    assert answer.status_code == 409
    assert "done" in problem(answer, "wrong-state")["detail"]


async def test_judges_can_be_cancelled_once_the_calls_have_ended(
    api: Api, worker: Played
) -> None:
    checks = [{"rubric": "Is it so?", "model": "acme/judge"}]
    job_id = submit(api.http, checks=checks)
    lease = await worker.claim(job_id)
    await worker.close(lease, 4)
    await states.end(worker.redis, job_id, Ending.COMPLETED)
    assert await opinions.begin(worker.redis, job_id, 4)
    seen = api.http.get(f"/benchmark/{job_id}").json()
    assert seen["status"] == "reducing"
    assert "0 of up to 4 opinions" in seen["waiting_for"]
    answer = api.http.delete(f"/benchmark/{job_id}")
    assert (answer.status_code, answer.json()["ending"]) == (202, "cancelled")
    assert not await opinions.is_due(worker.redis, job_id)
    await worker.reduce(job_id)
    ended = api.http.delete(f"/benchmark/{job_id}")
    assert (ended.status_code, ended.json()["status"]) == (200, "cancelled")
