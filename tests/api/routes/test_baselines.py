"""Baselines: set, shown, compared with, held to; what they keep from being deleted."""

from collections.abc import Iterator
from typing import Any

import pytest

from shared.run import new_job_id
from shared.store import keys
from tests.api.client import Played, problem, submit
from tests.api.server import Api
from tests.kept import FAST, SLOW, keep, plan_of, rows_of

OTHER = "acme/orca-70b-instruct:free"


@pytest.fixture(autouse=True)
def none_before(api: Api) -> Iterator[None]:
    """Each test begins with none; the API and the store are shared."""
    for each in listed(api):
        api.http.delete(f"/baselines/{each['name']}")
    yield
    for each in listed(api):
        api.http.delete(f"/baselines/{each['name']}")


def kept(api: Api, *models: str, **more: Any) -> str:
    """A run that has ended; its id."""
    plan = plan_of(*(models or (FAST,)), **more)
    rows = rows_of(plan, dict.fromkeys((FAST, SLOW), 0.5))
    return keep(api.settings.results_dir, plan, rows, total_runs=16)


def put(api: Api, name: str, job: str) -> dict[str, Any]:
    answer = api.http.put(f"/baselines/{name}", json={"job": job})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def listed(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.http.get("/baselines").json()["baselines"]
    return found


def test_a_name_is_set_shown_moved_and_taken_away(api: Api) -> None:
    first, second = kept(api), kept(api)
    said = put(api, "main", first[:24].lower())
    assert (said["name"], said["job_id"], said["targets"]) == ("main", first, [])
    assert (said["calls"], said["warnings"]) == (16, [])
    assert api.http.get("/baselines/main").json() == said
    moved = put(api, "main", second)
    put(api, "v2.3_x-y", first)
    assert [each["name"] for each in listed(api)] == ["main", "v2.3_x-y"]
    assert moved["job_id"] == second
    answer = api.http.delete("/baselines/main")
    assert (answer.status_code, answer.content) == (204, b"")
    for ask in (api.http.get, api.http.delete):
        said = problem(ask("/baselines/main"), "no-such-baseline")
        assert "There are: v2.3_x-y." in said["detail"]


async def test_a_name_outlives_the_store_and_the_folder_each_by_the_other(
    api: Api, worker: Played
) -> None:
    job_id = kept(api)
    put(api, "main", job_id)
    await worker.redis.delete(keys.BASELINES)
    assert api.http.get("/baselines/main").json()["job_id"] == job_id
    put(api, "main", job_id)
    (api.settings.results_dir / "baselines" / "main.json").unlink()
    assert api.http.get("/baselines/main").json()["job_id"] == job_id
    (api.settings.results_dir / "baselines" / "torn.json").write_text("{")
    await worker.redis.hset(keys.BASELINES, "newer", '{"schema": 99}')  # type: ignore[misc]
    assert [each["name"] for each in listed(api)] == ["main"]
    (api.settings.results_dir / "baselines" / "torn.json").unlink()
    await worker.redis.delete(keys.BASELINES)


@pytest.mark.parametrize("name", [".x", "a b", "a" * 65, "01ARZ3NDEKTSV4RRFFQ69G5FAV"])
def test_what_is_no_name_is_refused(api: Api, name: str) -> None:
    answer = api.http.put(f"/baselines/{name}", json={"job": kept(api)})
    assert "no name of a baseline" in problem(answer, "invalid")["detail"]


def test_what_has_not_ended_or_is_not_there_gets_no_name(api: Api) -> None:
    for job, kind in (
        (submit(api.http), "not-ready"),
        (new_job_id(2000.0), "no-such-run"),
    ):
        problem(api.http.put("/baselines/x", json={"job": job}), kind)
    problem(api.http.put("/baselines/x", json={"jbo": "x"}), "invalid")
    assert listed(api) == []


def test_a_doubtful_baseline_says_so(api: Api) -> None:
    plan = plan_of(FAST)
    rows = rows_of(plan, {FAST: 0.5})
    bad = {"verdict": {"kind": "invalid"}}
    job_id = keep(api.settings.results_dir, plan, rows, **bad)
    said = put(api, "main", job_id)
    assert (said["verdict"], len(said["warnings"])) == ("invalid", 1)
    (api.settings.results_dir / job_id / "summary.json").unlink()
    (gone,) = listed(api)
    assert (gone["created_at"], gone["calls"]) == (None, None)
    assert "not in this server's RESULTS_DIR" in gone["warnings"][0]


def test_a_baseline_is_purged_only_once_its_name_is_taken_away(api: Api) -> None:
    job_id = kept(api)
    put(api, "main", job_id)
    said = problem(api.http.delete(f"/benchmark/{job_id}?purge=true"), "wrong-state")
    assert "is a baseline: main. Take that away first" in said["detail"]
    assert (api.settings.results_dir / job_id / "samples.csv").exists()
    api.http.delete("/baselines/main")
    answer = api.http.delete(f"/benchmark/{job_id}?purge=true")
    assert answer.status_code == 204


def test_names_are_compared_as_ids_are(api: Api) -> None:
    old, new = kept(api), kept(api)
    put(api, "main", old)
    asked = {"job": [new, "main"]}
    found = api.http.get("/compare", params=asked, timeout=60).json()
    assert [each["job_id"] for each in found["jobs"]] == [new, old]
    asked = {"job": [new, "mian"]}
    said = problem(api.http.get("/compare", params=asked), "no-such-run")
    assert "neither a baseline `mian` nor a benchmark" in said["detail"]
    assert "Baselines: main." in said["detail"]


def body(*models: str, prompts: int = 8, **more: Any) -> dict[str, Any]:
    """A plan as a request has it."""
    found: dict[str, Any] = plan_of(*models, prompts=prompts, **more).model_dump(
        mode="json", exclude_defaults=True
    )
    return found


@pytest.mark.parametrize("dry", [True, False])
def test_a_plan_of_other_work_than_the_baseline_s_is_refused_before_it_is_queued(
    api: Api, dry: bool
) -> None:
    put(api, "main", kept(api))
    known = len(api.http.get("/benchmark?limit=100").json()["jobs"])
    asked = {"against": "main", "dry_run": dry}
    for plan, wrong in (
        (body(FAST, max_tokens=64), "(max_tokens: 64 and 512: the plan's"),
        (body(FAST, prompts=9), "(prompts: 9 ("),
        (body(OTHER, "acme/swift-8b"), "has no target in common"),
    ):
        answer = api.http.post("/benchmark", params=asked, json=plan)
        assert wrong in problem(answer, "incomparable")["detail"]
    own = body(FAST) | {"targets": [{"model": FAST, "max_tokens": 9}]}
    answer = api.http.post("/benchmark", params=asked, json=own)
    said = problem(answer, "incomparable")["detail"]
    assert f"({FAST}: max_tokens: 9 and none: the plan's" in said
    answer = api.http.post(
        "/benchmark", params={**asked, "against": "mai"}, json=body(FAST)
    )
    assert "Baselines: main." in problem(answer, "no-such-run")["detail"]
    after = len(api.http.get("/benchmark?limit=100").json()["jobs"])
    assert after == known


def test_a_plan_of_the_same_work_is_queued_whoever_it_asks(api: Api) -> None:
    job_id = kept(api)
    put(api, "main", job_id)
    for said, model in (("main", OTHER), (job_id, FAST), (job_id[:24], FAST)):
        asked = {"against": said, "dry_run": True}
        answer = api.http.post("/benchmark", params=asked, json=body(model))
        assert answer.status_code == 200, answer.text
    # of its runs and their order there is no other work
    more = body(FAST, runs=5, order_seed=7)
    asked = {"against": "main"}
    assert api.http.post("/benchmark", params=asked, json=more).status_code == 202
