"""Names, tags and notes over HTTP, what is found by them, and beginnings of ids."""

import json

import pytest

from shared.run import Ending
from tests.api.client import FILE, FORM, Played, plan, problem, submit
from tests.api.routes.test_benchmarks import UNKNOWN, forget
from tests.api.server import Api

ABOUT = {"name": "nightly, 1", "tags": ["nightly", "gpu:h100"], "note": "slow\nday"}


def said(body: dict[str, object]) -> dict[str, object]:
    return {name: body[name] for name in ABOUT}


def found(api: Api, query: str) -> list[str]:
    listed = api.http.get(f"/benchmark?limit=100&{query}").json()["jobs"]
    return [job["job_id"] for job in listed]


def test_both_forms_of_a_benchmark_can_say_it_and_the_plan_does_not_know(
    api: Api,
) -> None:
    fields = {**FORM, "name": ABOUT["name"], "note": ABOUT["note"]}
    form = api.http.post(
        "/benchmark", data={**fields, "tag": ABOUT["tags"]}, files=FILE
    )
    plain = api.http.post("/benchmark", json=plan(**ABOUT))
    for answer in (form, plain):
        assert answer.status_code == 202, answer.text
        job = api.http.get(answer.json()["status_url"]).json()
        assert said(job) == ABOUT
        assert not set(ABOUT) & set(job["plan"])
        plan_json = api.http.get(f"/benchmark/{job['job_id']}/plan.json").json()
        assert not set(ABOUT) & set(plan_json)


def test_the_same_key_and_plan_are_the_same_benchmark_whatever_is_said(
    api: Api,
) -> None:
    key = {"Idempotency-Key": "said"}
    bodies = [plan(name=name, submitter="about") for name in ("a", "b")]
    ids = {
        api.http.post("/benchmark", json=body, headers=key).json()["job_id"]
        for body in bodies
    }
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"tags": ["ok", "no,comma"]}, "tags[1]"),
        ({"tags": ["x"] * 21}, "tags"),
        ({"tags": "x"}, "tags"),
        ({"note": "x" * 4001}, "note"),
        ({"note": "\x1b[2J"}, "note"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(
    api: Api, wrong: dict[str, object], field: str
) -> None:
    body = problem(api.http.post("/benchmark", json=plan(**wrong)), "invalid")
    assert [each["field"] for each in body["errors"]] == [field]
    job_id = submit(api.http)
    problem(api.http.patch(f"/benchmark/{job_id}", json=wrong), "invalid")


def test_a_field_that_nobody_knows_is_no_news_of_a_benchmark(api: Api) -> None:
    job_id = submit(api.http)
    problem(api.http.patch(f"/benchmark/{job_id}", json={"runs": 3}), "invalid")
    problem(api.http.patch(f"/benchmark/{UNKNOWN}", json=ABOUT), "no-such-run")


async def test_it_is_kept_in_the_files_and_outlives_the_record(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    path = f"/benchmark/{job_id}"
    assert said(api.http.patch(path, json=ABOUT).json()) == ABOUT
    await worker.whole(job_id)
    file = api.settings.results_dir / job_id / "run.json"
    before = json.loads(file.read_bytes())
    assert before["about"] == ABOUT
    changed = {**ABOUT, "tags": ["late"]}
    assert said(api.http.patch(path, json={"tags": ["late"]}).json()) == changed
    after = json.loads(file.read_bytes())
    assert after == {**before, "about": changed}
    await forget(worker, job_id)
    assert said(api.http.get(path).json()) == changed
    assert found(api, "tag=late&status=done") == [job_id]
    gone = {"name": None, "tags": [], "note": ""}
    assert said(api.http.patch(path, json=gone).json()) == {**gone, "note": None}
    assert found(api, "tag=late") == []


async def test_the_list_finds_by_all_that_is_asked(api: Api, worker: Played) -> None:
    first = submit(api.http, tags=["find-me", "a"], name="Über Nacht")
    second = submit(
        api.http, tags=["find-me"], targets=[{"model": "acme/orca-70b-instruct:free"}]
    )
    assert found(api, "tag=FIND-me") == [second, first]
    assert found(api, "tag=find-me&tag=a") == [first]
    assert found(api, "tag=find-me&model=orca") == [second]
    assert found(api, "tag=find-me&model=orca&model=swift") == [second, first]
    assert found(api, "text=über nacht") == [first]
    await worker.whole(first)
    assert found(api, "tag=find-me&status=done&status=failed") == [first]
    assert found(api, "tag=find-me&status=queued") == [second]
    said = problem(api.http.get("/benchmark?status=dnoe"), "invalid")["detail"]
    assert said.startswith("status: Input should be 'queued', ")
    assert said.endswith("Did you mean `done`?")
    page = api.http.get("/benchmark?tag=find-me&limit=1&model=acme").json()
    assert [job["job_id"] for job in page["jobs"]] == [second]
    assert "tag=find-me" in page["next"]
    page = api.http.get(page["next"]).json()
    assert ([job["job_id"] for job in page["jobs"]], page["next"]) == ([first], None)


async def test_the_beginning_of_an_id_is_enough_where_no_other_begins_so(
    api: Api, worker: Played
) -> None:
    one, other = (f"01A0{c:0<22}" for c in "AB")
    for job_id in (one, other):
        folder = api.settings.results_dir / job_id
        folder.mkdir()
        (folder / "summary.json").write_text("{}")
        (folder / "plan.json").write_text(json.dumps(plan()))
    short = api.http.get("/benchmark/01a0a")
    assert short.json()["job_id"] == one
    assert api.http.get("/benchmark/01A0B/plan.json").json() == plan()
    body = problem(api.http.get("/benchmark/01A0"), "ambiguous-id")
    assert body["suggestions"] == [other, one]
    assert one in body["detail"]
    problem(api.http.get("/benchmark/01A0C"), "no-such-run")
    problem(api.http.get("/benchmark/01A"), "no-such-run")
    # what cannot be taken back is not done by a beginning
    body = problem(api.http.delete("/benchmark/01A0A?purge=true"), "invalid")
    assert one in body["detail"]
    for job_id in (one, other):
        assert api.http.delete(f"/benchmark/{job_id}?purge=true").status_code == 204
    problem(api.http.get("/benchmark/01A0A"), "no-such-run")


async def test_a_running_one_is_found_by_its_beginning(
    api: Api, worker: Played
) -> None:
    job_id = submit(api.http)
    answer = api.http.post(f"/benchmark/{job_id[:24].lower()}/pause")
    assert (answer.status_code, answer.json()["job_id"]) == (202, job_id)
    ended = api.http.delete(f"/benchmark/{job_id}").json()
    assert ended["ending"] == Ending.CANCELLED
