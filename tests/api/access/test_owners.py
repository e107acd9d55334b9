"""A benchmark of another token is as if it were not there, wherever one asks."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.access.rules import rule_of
from shared.access import Scope
from shared.settings.settings import Settings
from tests.api.access.conftest import Held, Make
from tests.api.access.every_route import ROUTES
from tests.api.client import Played, plan, playing, problem, submit
from tests.api.server import Api

MISSING = "01JZ8M5T7Q4W9E2R6Y8V0B3N5C"
BODIES: dict[str, Any] = {"PATCH": {"note": "mine"}, "POST": {}, "PUT": {}}
OF_A_RUN = [(method, path) for method, path in ROUTES if "{job_id}" in path]


@pytest.fixture
async def played(closed_config: Settings) -> AsyncIterator[Played]:
    assert closed_config.redis_url
    async with playing(closed_config.redis_url, closed_config.results_dir) as found:
        yield found


@pytest.fixture
async def theirs(make: Make, played: Played, admin: httpx.Client) -> AsyncIterator[str]:
    """The id of another's benchmark that has ended, with files and a baseline."""
    other = make(name="other")
    job_id = submit(other.http, submitter="me")
    await played.whole(job_id)
    answer = other.http.put("/baselines/theirs", json={"job": job_id})
    assert answer.status_code == 200, answer.text
    yield job_id
    admin.delete("/baselines/theirs")


def asked(mine: Held, method: str, path: str, job_id: str) -> tuple[int, str]:
    """Status and body, with the id as a word."""
    url = path.replace("{job_id}", job_id)
    answer = mine.http.request(method, url, json=BODIES.get(method))
    return answer.status_code, answer.text.replace(job_id, "ID")


def test_all_routes_of_a_run_are_tried() -> None:
    assert len(OF_A_RUN) > 15


async def test_anothers_id_is_a_missing_one_on_every_route(
    make: Make, theirs: str
) -> None:
    mine = make()
    for method, path in OF_A_RUN:
        assert rule_of(method, path)
        there = asked(mine, method, path, theirs)
        assert there == asked(mine, method, path, MISSING), (method, path)
        assert there[0] == 404, (method, path, there)
        for part in (theirs[:12], theirs.lower()):
            assert asked(mine, method, path, part)[0] == 404, (method, path, part)


async def test_it_is_in_no_list_and_in_no_page(make: Make, theirs: str) -> None:
    mine = make().http
    for path in ("/", "/benchmark", "/history?target=acme/swift-8b:free", "/workers"):
        for accept in ("application/json", "text/html"):
            answer = mine.get(path, headers={"Accept": accept})
            assert answer.status_code == 200, (path, accept, answer.text)
            assert theirs not in answer.text, (path, accept)
            assert "theirs" not in answer.text
    page = mine.get(f"/runs/{theirs}", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert mine.get("/baselines").json() == {"baselines": []}


async def test_it_cannot_be_named_in_another_request(make: Make, theirs: str) -> None:
    mine = make().http
    for said in (theirs, "theirs"):
        problem(mine.get(f"/compare?job={said}"), "no-such-run")
        problem(mine.post(f"/benchmark?against={said}", json=plan()), "no-such-run")
    problem(mine.put("/baselines/mine", json={"job": theirs}), "no-such-run")
    problem(mine.get("/baselines/theirs"), "no-such-baseline")
    problem(mine.delete("/baselines/theirs"), "no-such-baseline")
    assert mine.get("/benchmark?before=" + theirs).json()["jobs"] == []


async def test_admins_see_all_and_the_owner_his_own(
    make: Make, theirs: str, admin: httpx.Client
) -> None:
    assert admin.get(f"/benchmark/{theirs}").json()["submitter"] == "other"
    assert theirs in admin.get("/benchmark").text
    mine = make().http
    ours = submit(mine)
    listed = mine.get("/benchmark").json()["jobs"]
    assert [job["job_id"] for job in listed] == [ours]
    assert mine.get(f"/benchmark/{ours[:14]}").status_code == 200


async def test_a_key_of_another_token_makes_another_benchmark(make: Make) -> None:
    key = {"Idempotency-Key": "the same"}
    made = [
        each.http.post("/benchmark", json=plan(submitter="x"), headers=key).json()
        for each in (make(), make())
    ]
    assert made[0]["job_id"] != made[1]["job_id"]


async def test_it_stays_hidden_when_the_store_has_forgotten_it(
    make: Make, theirs: str, played: Played, admin: httpx.Client, closed: Api
) -> None:
    await played.redis.delete(f"llmbench:run:{theirs}", f"llmbench:run:{theirs}:plan")
    await played.redis.zrem("llmbench:runs", theirs)
    mine = make().http
    problem(mine.get(f"/benchmark/{theirs}"), "no-such-run")
    problem(mine.get(f"/benchmark/{theirs}/samples.csv"), "no-such-run")
    assert mine.get("/benchmark").json()["jobs"] == []
    assert admin.get(f"/benchmark/{theirs}").status_code == 200


async def test_texts_are_shown_with_the_scope_content_alone(make: Make) -> None:
    blind = make(Scope.READ, Scope.RUN).http
    secret = "the lion sleeps tonight"
    asks = {"kind": "inline", "prompts": [secret]}
    job_id = submit(blind, prompts=asks, system_prompt=f"{secret}, too")
    shown = blind.get(f"/benchmark/{job_id}")
    assert secret not in shown.text
    assert shown.json()["plan"]["prompts"]["count"] == 1
    with blind.stream("GET", f"/benchmark/{job_id}/events") as stream:
        first = next(line for line in stream.iter_lines() if line.startswith("data"))
    assert secret not in first
    assert json.loads(first.removeprefix("data: "))["job_id"] == job_id
    problem(blind.get(f"/benchmark/{job_id}/plan.json"), "forbidden")


async def test_a_shared_link_shows_one_benchmark_and_changes_nothing(
    make: Make, theirs: str, admin: httpx.Client, closed: Api
) -> None:
    owner = make()
    job_id = submit(owner.http)
    link = owner.http.post(f"/benchmark/{job_id}/share", json={"hours": 1}).json()
    with httpx.Client(base_url=closed.url, trust_env=False) as guest:
        followed = guest.get(link["path"])
        assert followed.headers["location"] == f"/runs/{job_id}"
        assert "HttpOnly" in followed.headers["set-cookie"]
        assert guest.get(f"/benchmark/{job_id}").status_code == 200
        problem(guest.get(f"/benchmark/{theirs}"), "no-such-run")
        problem(guest.get(f"/benchmark/{job_id}/plan.json"), "forbidden")
        problem(guest.delete(f"/benchmark/{job_id}"), "forbidden")
        problem(guest.post("/benchmark", json=plan()), "forbidden")
        problem(guest.get("/benchmark"), "forbidden")
        bearer = {"Authorization": f"Bearer {link['ticket']}"}
        assert closed.http.get(f"/benchmark/{job_id}", headers=bearer).is_success
        forged = {"Authorization": f"Bearer {link['ticket'][:-2]}AA"}
        assert closed.http.get("/benchmark", headers=forged).status_code in (401, 429)
        admin.delete(f"/tokens/{owner.token.id}")
        assert guest.get(f"/benchmark/{job_id}").status_code == 401
