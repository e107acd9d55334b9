"""A benchmark's life as the API shows it; the worker is played."""

import asyncio
from typing import Any

import httpx
import pytest

from shared.run import Ending, Status, new_job_id
from shared.sample import Outcome
from shared.store import keys
from shared.store.run import runs, states
from tests.api.client import MODEL, Played, plan, problem, submit
from tests.api.server import Api

UNKNOWN = "01JZ8M5T7Q4W9E2R6Y8V0B3N5C"


async def test_the_body_follows_the_run_from_queue_to_result(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http, submitter="ada")
    job = api.http.get(f"/benchmark/{job_id}").json()
    assert job["status"] == "queued"
    assert job["progress"] == {
        "closed": 0,
        "failed": 0,
        "total": 4,
        "elapsed_s": None,
        "wall_s": None,
        "step": 0,
    }
    assert job["result"] is None
    assert job["error"] is None
    assert job["submitter"] == "ada"
    assert job["created_at"].endswith("Z")
    lease = await worker.claim(job_id)
    await worker.close(lease, 1)
    await worker.close(lease, 2, Outcome.EMPTY)
    job = api.http.get(f"/benchmark/{job_id}").json()
    assert job["status"] == "running"
    assert job["progress"]["closed"] == 3
    assert job["progress"]["failed"] == 2
    assert job["progress"]["elapsed_s"] >= 0
    assert job["waiting_for"] is None
    await worker.close(lease, 1)
    result = await worker.reduce(job_id, Ending.COMPLETED)
    job = api.http.get(f"/benchmark/{job_id}").json()
    assert job["status"] == "done"
    assert job["ending"] == "completed"
    assert job["result"] == result
    assert job["ended_at"] >= job["started_at"] >= job["created_at"]


async def test_without_a_worker_it_is_taken_and_says_that_it_waits(
    api: Api, worker: Played
) -> None:
    body = api.http.post("/benchmark", json=plan()).json()
    assert "waits" in body["warnings"][0]
    job = api.http.get(body["status_url"]).json()
    assert job["warnings"] == body["warnings"]
    assert "none is alive" in job["waiting_for"]


async def test_with_a_worker_there_is_no_warning(api: Api, worker: Played) -> None:
    await worker.live()
    body = api.http.post("/benchmark", json=plan()).json()
    assert body["warnings"] == []
    job = api.http.get(body["status_url"]).json()
    assert job["waiting_for"].startswith("a worker to take it")


async def test_its_place_in_a_trace_is_kept_for_workers_that_trace(
    api: Api, worker: Played
) -> None:
    place = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for said, kept in ((place, place), ("no place", None), (None, None)):
        headers = {} if said is None else {"traceparent": said}
        answer = api.http.post("/benchmark", json=plan(), headers=headers)
        run = await runs.load(worker.redis, answer.json()["job_id"])
        assert run.traceparent == kept


async def test_the_doorbell_rings_once_for_each_worker_that_can_help(
    api: Api, worker: Played
) -> None:
    from shared.queue import QUEUE

    await worker.redis.delete(QUEUE)
    submit(api.http)
    assert await worker.redis.zcard(QUEUE) == 1  # nobody is alive
    await worker.live()
    await worker.redis.delete(QUEUE)
    submit(api.http, load={"kind": "concurrency", "concurrency": 1})
    assert await worker.redis.zcard(QUEUE) == 1


async def test_a_waiting_run_says_until_when(api: Api, worker: Played) -> None:
    job_id = submit(api.http)
    await worker.claim(job_id)
    await states.move(worker.redis, job_id, Status.WAITING, until_ms=1795420801250)
    job = api.http.get(f"/benchmark/{job_id}").json()
    assert job["until"] == "2026-11-23T08:00:01.250Z"
    assert job["waiting_for"] == (
        "the upstream's limit, until 2026-11-23T08:00:01.250Z"
    )


async def test_a_run_that_waits_for_its_upstream_says_so_with_the_upstreams_words(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    await worker.claim(job_id)
    down = {"until_ms": 1795420801250, "down": "status 503: Loading model"}
    await states.move(worker.redis, job_id, Status.WAITING, **down)
    job = api.http.get(f"/benchmark/{job_id}").json()
    assert job["until"] == "2026-11-23T08:00:01.250Z"
    assert job["waiting_for"] == (
        "the upstream, which is down (status 503: Loading model); it is tried again at"
        " 2026-11-23T08:00:01.250Z"
    )


BAD_IDS = [
    "x",
    "01jz8m5t7q4w9e2r6y8v0b3n5c",
    UNKNOWN[:-1],
    UNKNOWN + "0",
    "%00",
    UNKNOWN,
]


@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_that_is_none_or_unknown_is_a_404_everywhere(api: Api, bad: str) -> None:
    for method, path in (
        ("GET", ""),
        ("DELETE", ""),
        ("GET", "/events"),
        ("GET", "/samples.csv"),
        ("GET", "/responses.jsonl"),
        ("GET", "/summary.json"),
        ("GET", "/plan.json"),
    ):
        answer = api.http.request(method, f"/benchmark/{bad}{path}")
        assert answer.status_code == 404
        problem(answer, "no-such-run")


def test_a_path_out_of_the_folder_finds_nothing(api: Api) -> None:
    for bad in ("..%2f..%2fetc", "....//", "%2e%2e"):
        answer = api.http.get(f"/benchmark/{bad}/plan.json")
        assert answer.status_code == 404


def test_the_list_is_newest_first_and_paged(api: Api) -> None:
    made = [submit(api.http) for _ in range(5)]
    first = api.http.get("/benchmark?limit=2").json()
    assert [job["job_id"] for job in first["jobs"]] == made[:2:-1]
    assert first["jobs"][0]["targets"] == [MODEL]
    assert first["jobs"][0]["status"] == "queued"
    second = api.http.get(first["next"]).json()
    assert [job["job_id"] for job in second["jobs"]] == made[2:0:-1]
    page, seen = second, [*first["jobs"], *second["jobs"]]
    while page["next"]:
        page = api.http.get(page["next"]).json()
        seen += page["jobs"]
    ids = [job["job_id"] for job in seen]
    assert len(ids) == len(set(ids)) >= 5
    assert ids == sorted(ids, reverse=True)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "before=x"])
def test_a_bad_page_is_refused(api: Api, query: str) -> None:
    answer = api.http.get(f"/benchmark?{query}")
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_after_the_store_forgot_a_run_its_files_answer(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http, submitter="ada")
    await worker.whole(job_id)
    before = api.http.get(f"/benchmark/{job_id}").json()
    await forget(worker, job_id)
    after = api.http.get(f"/benchmark/{job_id}").json()
    differing = {"ended_at", "progress", "warnings"}
    assert {k: v for k, v in after.items() if k not in differing} == {
        k: v for k, v in before.items() if k not in differing
    }
    assert after["progress"]["closed"] == after["progress"]["total"] == 4
    assert after["ended_at"]
    page = api.http.get("/benchmark?limit=1").json()
    assert page["jobs"][0]["job_id"] == job_id
    assert page["jobs"][0]["status"] == "done"
    assert page["jobs"][0]["targets"] == [MODEL]
    older = api.http.get(page["next"]).json()["jobs"]
    assert older[0]["job_id"] < job_id
    problem(api.http.delete(f"/benchmark/{job_id}"), "wrong-state")


async def test_a_page_begins_after_a_run_that_the_store_forgot(
    api: Api, worker: Played
) -> None:
    first, second, third = (submit(api.http) for _ in range(3))
    await worker.whole(second)
    await forget(worker, second)
    page = api.http.get(f"/benchmark?limit=1&before={third}").json()
    assert [job["job_id"] for job in page["jobs"]] == [second]
    page = api.http.get(f"/benchmark?limit=1&before={second}").json()
    assert [job["job_id"] for job in page["jobs"]] == [first]


async def forget(worker: Played, job_id: str) -> None:
    """What expiry does after some days."""
    await worker.redis.delete(*keys.all_of(job_id, 1))


async def test_a_folder_without_a_summary_is_no_benchmark(
    api: Api, worker: Played
) -> None:
    job_id = new_job_id(1795420801)
    folder = api.settings.results_dir / job_id
    folder.mkdir()
    (folder / "plan.json").write_text("{}")
    problem(api.http.get(f"/benchmark/{job_id}"), "no-such-run")
    listed: dict[str, Any] = api.http.get("/benchmark?limit=100").json()
    assert job_id not in [job["job_id"] for job in listed["jobs"]]


async def test_the_same_key_makes_one_benchmark_however_often_it_comes(
    api: Api,
) -> None:
    headers = {"Idempotency-Key": new_job_id(0)}
    async with httpx.AsyncClient(base_url=api.url, trust_env=False, timeout=60) as http:
        posts = (
            http.post("/benchmark", json=plan(), headers=headers) for _ in "x" * 30
        )
        answers = await asyncio.gather(*posts)
        other = await http.post("/benchmark", json=plan(runs=3), headers=headers)
        another = plan(submitter="somebody-else")
        theirs = await http.post("/benchmark", json=another, headers=headers)
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["job_id"] for answer in answers}) == 1
    assert other.status_code == 422
    problem(other, "key-reused")
    assert theirs.json()["job_id"] != answers[0].json()["job_id"]
