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


async def test_a_rerun_does_otherwise_what_the_changes_say(api: Api) -> None:
    load = {"kind": "concurrency", "concurrency": 2}
    job_id = submit(
        api.http, load=load, seed=5, name="first", tags=["a"], note="of this one"
    )
    changes = {"runs": 1, "load": {"concurrency": 4}, "seed": None, "tags": ["b"]}
    answer = api.http.post(f"/benchmark/{job_id}/rerun", json={"changes": changes})
    assert answer.status_code == 202, answer.text
    old, new = (
        api.http.get(f"/benchmark/{i}").json()
        for i in (job_id, answer.json()["job_id"])
    )
    plan = {**old["plan"], "runs": 1, "load": {**old["plan"]["load"]}, "seed": None}
    plan["load"]["concurrency"] = 4
    assert new["plan"] == plan
    assert (new["name"], new["tags"], new["note"]) == ("first", ["b"], None)
    assert new["rerun_of"] == job_id
    open_load = {"kind": "poisson", "rate_per_s": 5, "count": 3}
    answer = api.http.post(
        f"/benchmark/{job_id}/rerun", json={"changes": {"load": open_load}}
    )
    again = api.http.get(answer.json()["status_url"]).json()
    assert again["plan"]["load"]["kind"] == "poisson"


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"rns": 1}, "changes.rns", "Did you mean `runs`"),
        ({"runs": 0}, "changes.runs", "greater than or equal to 1"),
        ({"targets": None}, "changes.targets", "required"),
        (
            {"load": {"concurency": 2}},
            "changes.load.concurency",
            "Did you mean `concurrency`",
        ),
        ({"tags": ["a,b"]}, "changes.tags[0]", "letter or a digit"),
    ],
)
def test_changes_that_make_no_plan_are_refused_by_name(
    api: Api, changes: dict[str, object], field: str, words: str
) -> None:
    job_id = submit(api.http)
    answer = api.http.post(f"/benchmark/{job_id}/rerun", json={"changes": changes})
    [error] = problem(answer, "invalid")["errors"]
    assert error["field"] == field
    assert words in error["message"]


def test_a_changed_model_is_looked_up_like_that_of_a_new_plan(api: Api) -> None:
    job_id = submit(api.http)
    changes = {"targets": [{"model": "acme/orca-pr"}]}
    answer = api.http.post(f"/benchmark/{job_id}/rerun", json={"changes": changes})
    body = problem(answer, "unknown-model")
    assert body["errors"][0]["field"] == "changes.targets[0].model"


async def test_what_failed_is_done_again_with_changes_that_make_no_other_calls(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    lease = await worker.claim(job_id)
    await worker.close(lease, 3)
    await worker.close(lease, 1, Outcome.EMPTY)
    await worker.reduce(job_id, Ending.COMPLETED)
    path = f"/benchmark/{job_id}/rerun"
    for other in ({"runs": 3}, {"order": "blocks"}):
        asked = {"only": "failed", "changes": other}
        body = problem(api.http.post(path, json=asked), "wrong-state")
        assert "rerun of the whole" in body["detail"]
    answer = api.http.post(path, json={"only": "failed", "changes": {"max_tokens": 9}})
    assert answer.status_code == 202, answer.text
    new = api.http.get(answer.json()["status_url"]).json()
    assert (new["plan"]["max_tokens"], new["progress"]["total"]) == (9, 1)


async def test_other_changes_are_another_request_for_the_same_key(api: Api) -> None:
    job_id = submit(api.http)
    path, key = f"/benchmark/{job_id}/rerun", {"Idempotency-Key": "changes"}
    bodies = [{"changes": {"runs": runs}} for runs in (1, 1, 2)]
    first, second, third = (
        api.http.post(path, headers=key, json=body) for body in bodies
    )
    assert first.json()["job_id"] == second.json()["job_id"]
    problem(third, "key-reused")
