"""POST /benchmark: what is taken, what is refused, and that refusals cost nothing."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Event, Semaphore
from typing import Any

import pytest

from api.submission import read
from shared.plan import Plan
from shared.settings import Settings
from tests.api.client import FILE, FORM, MODEL, file, job_ids, plan, problem
from tests.api.server import Api, Start


def test_a_whole_plan_comes_as_json(api: Api) -> None:
    asked = plan(load={"kind": "concurrency", "concurrency": 2}, keep_answers="all")
    answer = api.http.post("/benchmark", json=asked)
    assert answer.status_code == 202, answer.text
    shown = api.http.get(answer.json()["status_url"]).json()["plan"]
    assert shown["keep_answers"] == "all"
    assert shown["prompts"]["prompts"] == ["Why?", "How?"]


def test_a_plan_that_was_shown_can_be_asked_for_again(api: Api) -> None:
    first = api.http.post("/benchmark", json=plan()).json()
    again = api.http.get(f"{first['status_url']}/plan.json").json()
    assert api.http.post("/benchmark", json=again).status_code == 202


BAD_PLANS = [
    (plan(runs=0), "runs"),
    (plan(runs=10**9), "runs"),
    (plan(runs="five"), "runs"),
    (plan(runs=True), "runs"),
    (plan(runs=51), "runs"),
    (plan(targets=[]), "targets"),
    (plan(targets=[{"model": MODEL}] * 2), "targets"),
    (plan(prompts={"kind": "inline", "prompts": []}), "prompts.prompts"),
    (plan(prompts={"kind": "inline", "prompts": [" "]}), "prompts.prompts[0]"),
    (plan(prompts={"kind": "inline", "prompts": ["x"] * 51}), "prompts"),
    (plan(load={"kind": "concurrency", "concurrency": 65}), "load"),
    (plan(load={"kind": "waves"}), "load.kind"),
    (plan(api_key="sk-or-v1-0123456789"), "api_key"),
    (plan(schema_version=99), "schema_version"),
    (plan(temperature=9), "temperature"),
    ({}, "targets"),
    ([], "body"),
]


@pytest.mark.parametrize(("asked", "field"), BAD_PLANS)
def test_a_bad_plan_names_the_field(small: Api, asked: Any, field: str) -> None:
    before = job_ids(small.http)
    answer = small.http.post("/benchmark", json=asked)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert job_ids(small.http) == before


def test_lists_over_a_cap_are_counted_before_their_items_are_looked_at(
    small: Api,
) -> None:
    for asked, field in (
        (plan(targets=[1] * 4), "targets"),
        (plan(prompts={"prompts": [1] * 51}), "prompts"),
    ):
        body = problem(small.http.post("/benchmark", json=asked), "too-much")
        assert [error["field"] for error in body["errors"]] == [field]


def test_of_many_unknown_models_the_first_few_get_hints(api: Api) -> None:
    models = [f"acme/swift-{n}b:free" for n in range(10, 30)]
    asked = plan(targets=[{"model": model} for model in models])
    body = problem(api.http.post("/benchmark", json=asked), "unknown-model")
    assert len(body["errors"]) == 20
    hints = ["Did you mean" in error["message"] for error in body["errors"]]
    assert hints == [True] * 5 + [False] * 15
    assert body["suggestions"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff", b'{"targets": NaN}', b"null", b"[" * 100_000],
    ids=["nothing", "cut", "not UTF-8", "NaN", "null", "deep"],
)
def test_what_is_no_plan_at_all_is_refused(api: Api, content: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    problem(api.http.post("/benchmark", content=content, headers=headers), "invalid")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""],
)
def test_another_content_type_is_a_415(api: Api, content_type: str) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = api.http.post("/benchmark", content=b"Why?", headers=headers)
    assert answer.status_code == 415
    assert "multipart/form-data" in problem(answer, "unsupported-media-type")["detail"]


def test_a_body_over_the_cap_is_a_413_whether_its_length_is_said_or_not(
    small: Api,
) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):  # 4 MiB: the cap is 100,000 bytes and a MiB of framing
            yield b"x" * 65536

    headers = {"Content-Type": "application/json"}
    said = small.http.post("/benchmark", content=b"x" * 4 * 1024**2, headers=headers)
    unsaid = small.http.post("/benchmark", content=endless(), headers=headers)
    for answer in (said, unsaid):
        assert answer.status_code == 413
        assert "MAX_UPLOAD_BYTES" in problem(answer, "too-large")["detail"]


def test_a_provider_is_pinned_only_where_the_upstream_has_providers(
    api: Api, start: Start
) -> None:
    pinned = plan(targets=[{"model": MODEL}, {"model": MODEL, "provider": "acme/fp8"}])
    plain = start(upstream_kind="openai")
    before = job_ids(plain.http)
    body = problem(plain.http.post("/benchmark", json=pinned), "invalid")
    assert body["errors"][0]["field"] == "targets[1].provider"
    assert "'acme/fp8' cannot be pinned" in body["detail"]
    assert "UPSTREAM_KIND" in body["detail"]
    assert job_ids(plain.http) == before
    assert api.http.post("/benchmark", json=pinned).status_code == 202


def test_large_prompts_are_shown_by_count_and_hash(api: Api) -> None:
    prompts = [f"{n} " + "x" * 1000 for n in range(200)]
    asked = plan(prompts={"kind": "inline", "prompts": prompts})
    url = api.http.post("/benchmark", json=asked).json()["status_url"]
    shown = api.http.get(url).json()["plan"]["prompts"]
    assert shown["kind"] == "inline"
    assert shown["count"] == 200
    assert len(shown["sha256"]) == 64
    assert "plan.json" in shown["note"]
    whole = api.http.get(f"{url}/plan.json").json()
    assert whole["prompts"]["prompts"] == prompts
    compact = json.dumps(whole["prompts"], separators=(",", ":")).encode()
    assert shown["sha256"] == sha256(compact).hexdigest()
    assert shown["note"].startswith(f"{len(compact)} bytes")


def test_without_a_store_benchmarks_say_what_to_do(start: Start) -> None:
    api = start(redis_url=None)
    assert api.http.get("/models").status_code == 200
    for answer in (
        api.http.post("/benchmark", data=FORM, files=FILE),
        api.http.get("/benchmark"),
        api.http.get("/benchmark/01JZ8M5T7Q4W9E2R6Y8V0B3N5C"),
    ):
        assert answer.status_code == 503
        detail = problem(answer, "no-store")["detail"]
        assert "REDIS_URL" in detail
        assert "llmbench up" in detail


def test_neither_prompts_nor_keys_are_in_the_logs(
    api: Api, config: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    canary = "canary-prompt-5e1f0c"
    files = file(canary.encode() + b"\n")
    assert api.http.post("/benchmark", data=FORM, files=files).status_code == 202
    api.http.post("/benchmark", data=FORM | {"runs": "x"}, files=files)
    api.http.post("/generate", json={"prompt": canary, "model": "fault/moderation"})
    api.http.post("/benchmark", json=plan(prompts={"kind": "inline", "x": canary}))
    assert canary not in caplog.text
    assert json.dumps(config.api_key())[1:-1] not in caplog.text


def test_large_plans_are_read_one_at_a_time_and_small_ones_beside_them(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, most = Semaphore(0), 0
    inside: list[int] = []
    let_go = Event()

    def slowly(body: bytearray, limits: Settings) -> Plan:
        nonlocal most
        if len(body) > read.LARGE_BYTES:
            inside.append(len(body))
            most = max(most, len(inside))
            reading.release()
            assert let_go.wait(30)
            inside.pop()
        return of_json(body, limits)

    of_json = read._of_json
    monkeypatch.setattr(read, "_of_json", slowly)
    blanks = " " * read.LARGE_BYTES
    with ThreadPoolExecutor() as pool:
        large = [
            pool.submit(api.http.post, "/benchmark", json={"unknown": blanks})
            for _ in range(3)
        ]
        assert reading.acquire(timeout=30)
        assert api.http.post("/benchmark", json={}).status_code == 422
        assert not reading.acquire(timeout=0.2)
        let_go.set()
        assert {each.result().status_code for each in large} == {422}
    assert most == 1
