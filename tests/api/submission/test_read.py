"""POST /benchmark: what is taken, what is refused, and that refusals cost nothing."""

import json
import socket
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import httpx
import pytest

from shared.settings.settings import Settings
from tests.api.client import FILE, FORM, MODEL, file, plan, problem
from tests.api.server import Api, Start

CAPS = {
    "max_prompts": 50,
    "max_calls": 100,
    "max_prompt_bytes": 20_000,
    "max_upload_bytes": 100_000,
    "max_concurrency": 64,
    "max_targets": 3,
}


@pytest.fixture
def small(start: Start) -> Api:
    """An API with small caps."""
    return start(**CAPS)


def count(http: httpx.Client) -> list[str]:
    found = http.get("/benchmark?limit=100").json()["jobs"]
    return [job["job_id"] for job in found]


def test_a_form_is_the_short_spelling_of_a_plan(api: Api) -> None:
    fields = {
        "model": [MODEL, "acme/orca-70b-instruct:free"],
        "runs": "3",
        "max_tokens": "64",
        "concurrency": "4",
        "stream": "false",
        "system_prompt": "Будь краток.",
        "temperature": "0.5",
        "seed": "1",
        "order_seed": "2",
        "submitter": "search-team",
    }
    content = "\ufeffWhy?\r\n\r\n  \r\nПочему небо голубое?\r\n".encode()
    answer = api.http.post("/benchmark", data=fields, files=file(content))
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert body["status"] == "queued"
    assert body["status_url"] == f"/benchmark/{body['job_id']}"
    assert body["events_url"] == f"/benchmark/{body['job_id']}/events"
    assert answer.headers["location"] == body["status_url"]
    job = api.http.get(body["status_url"]).json()
    assert job["plan"]["targets"] == [
        {"model": MODEL, "provider": None},
        {"model": "acme/orca-70b-instruct:free", "provider": None},
    ]
    assert job["plan"]["prompts"]["prompts"] == ["Why?", "Почему небо голубое?"]
    assert job["plan"]["load"]["concurrency"] == 4
    assert job["plan"]["stream"] is False
    assert job["plan"]["temperature"] == 0.5
    assert job["plan"]["system_prompt"] == "Будь краток."
    assert job["submitter"] == "search-team"
    assert job["progress"]["total"] == 2 * 2 * 3


def test_the_form_s_defaults_are_the_plan_s(api: Api) -> None:
    answer = api.http.post("/benchmark", data=FORM | {"runs": ""}, files=FILE)
    shown = api.http.get(answer.json()["status_url"]).json()["plan"]
    assert shown["runs"] == 5
    assert shown["max_tokens"] == 512
    assert shown["stream"] is True
    assert shown["load"]["concurrency"] == 8


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


def test_jsonl_and_csv_files_are_read_by_their_names(api: Api) -> None:
    for name, content in (
        ("p.jsonl", b'{"prompt": "Why?", "id": "a"}\n{"prompt": "How?"}\n'),
        ("p.csv", b"id,prompt\n1,Why?\n2,How?\n"),
    ):
        answer = api.http.post("/benchmark", data=FORM, files=file(content, name))
        job = api.http.get(answer.json()["status_url"]).json()
        assert len(job["plan"]["prompts"]["prompts"]) == 2


BAD_FILES = [
    ("empty", b"", "prompt_file", "no prompt"),
    ("only blank lines", b"\n  \n\t\r\n", "prompt_file", "no prompt"),
    ("not UTF-8", b"Why?\n\xff\xfe\n", "prompt_file", "UTF-8"),
    ("UTF-16", "Why?\n".encode("utf-16"), "prompt_file", "UTF-8"),
    ("NUL", b"Why\0?\n", "prompt_file", "NUL"),
    ("a long line", b"x" * 20_001, "prompt_file", "MAX_PROMPT_BYTES"),
    ("too many lines", b"Why?\n" * 51, "prompt_file", "MAX_PROMPTS"),
]


@pytest.mark.parametrize(
    ("content", "field", "said"), [row[1:] for row in BAD_FILES], ids=lambda _: ""
)
def test_a_bad_file_is_refused_and_nothing_is_queued(
    small: Api, content: bytes, field: str, said: str
) -> None:
    before = count(small.http)
    answer = small.http.post("/benchmark", data=FORM, files=file(content))
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["errors"][0]["field"] == field
    assert said in body["detail"]
    assert count(small.http) == before


BAD_FIELDS = [
    ({"runs": "0"}, "runs"),
    ({"runs": "-1"}, "runs"),
    ({"runs": "1000000000"}, "runs"),
    ({"runs": "1e400"}, "runs"),
    ({"runs": "five"}, "runs"),
    ({"runs": "51"}, "runs"),  # 2 prompts x 51 runs are more than 100 calls
    ({"runs": ["1", "2"]}, "runs"),
    ({"max_tokens": "0"}, "max_tokens"),
    ({"concurrency": "0"}, "concurrency"),
    ({"concurrency": "many"}, "concurrency"),
    ({"concurrency": "65"}, "concurrency"),
    ({"stream": "perhaps"}, "stream"),
    ({"temperature": "nan"}, "temperature"),
    ({"temperature": "2.5"}, "temperature"),
    ({"seed": "1.5"}, "seed"),
    ({"submitter": "a\nb"}, "submitter"),
    ({"model": ""}, "model"),
    ({"model": "a b"}, "model"),
    ({"model": [MODEL, MODEL]}, "model"),
    ({"model": [f"acme/m{n}" for n in range(4)]}, "model"),
    ({"model": "x" * 2000}, "model"),
    ({"tempature": "1"}, "tempature"),
    ({"keep_answers": "all"}, "keep_answers"),  # of the plan, and not of the form
    ({"system_prompt": "x" * 20_001}, "system_prompt"),
]


@pytest.mark.parametrize(("fields", "field"), BAD_FIELDS)
def test_a_bad_field_is_named(small: Api, fields: dict[str, Any], field: str) -> None:
    before = count(small.http)
    answer = small.http.post("/benchmark", data=FORM | fields, files=FILE)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert field in [error["field"] for error in errors], errors
    assert all(error["message"] for error in errors)
    assert count(small.http) == before


def test_two_files_no_file_and_a_text_for_a_file_are_refused(api: Api) -> None:
    one = ("prompt_file", ("a.txt", b"Why?\n", "text/plain"))
    choices: list[Any] = [
        [one, one],
        [("model", (None, MODEL))],
        [("prompt_file", (None, "prompts.txt"))],
        [("prompt_file", ("a.png", b"\x89PNG", "image/png"))],
    ]
    for files in choices:
        answer = api.http.post("/benchmark", data=FORM, files=files)
        assert problem(answer, "invalid")["errors"][0]["field"] == "prompt_file"


def test_a_file_under_another_name_is_refused(api: Api) -> None:
    extra = [("prompt_file", FILE["prompt_file"]), ("other", ("b.txt", b"x"))]
    answer = api.http.post("/benchmark", data=FORM, files=extra)
    assert problem(answer, "invalid")["errors"][0]["field"] == "other"


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
    (plan(load={"kind": "waves"}), "load"),
    (plan(api_key="sk-or-v1-0123456789"), "api_key"),
    (plan(schema_version=99), "schema_version"),
    (plan(temperature=9), "temperature"),
    ({}, "targets"),
    ([], "body"),
]


@pytest.mark.parametrize(("asked", "field"), BAD_PLANS)
def test_a_bad_plan_names_the_field(small: Api, asked: Any, field: str) -> None:
    before = count(small.http)
    answer = small.http.post("/benchmark", json=asked)
    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert count(small.http) == before


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


BROKEN_FORMS = [
    ("multipart/form-data", b""),
    ("multipart/form-data; boundary=x", b""),
    ("multipart/form-data; boundary=x", b"--y\r\n"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\na/b',
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n\xff\r\n--x--\r\n',
    ),
    (
        "multipart/form-data; boundary=x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n",
    ),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="model"\r\n\r\n\r\n' * 300,
    ),
]


@pytest.mark.parametrize(("content_type", "content"), BROKEN_FORMS)
def test_a_broken_form_is_refused(api: Api, content_type: str, content: bytes) -> None:
    headers = {"Content-Type": content_type}
    problem(api.http.post("/benchmark", content=content, headers=headers), "invalid")


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


def test_a_long_line_is_refused_before_the_rest_has_come(small: Api) -> None:
    """The upload is never finished, and the answer comes all the same."""
    head = (
        b'--x\r\nContent-Disposition: form-data; name="prompt_file"; filename="a.txt"'
        b"\r\n\r\n" + b"x" * 30_000
    )
    host, port = small.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as peer:
        peer.sendall(
            b"POST /benchmark HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n" + head
        )
        status = peer.recv(65536)
    assert status.startswith(b"HTTP/1.1 422")


def test_a_provider_is_pinned_only_where_the_upstream_has_providers(
    api: Api, start: Start
) -> None:
    pinned = plan(targets=[{"model": MODEL}, {"model": MODEL, "provider": "acme/fp8"}])
    plain = start(upstream_kind="openai")
    before = count(plain.http)
    body = problem(plain.http.post("/benchmark", json=pinned), "invalid")
    assert body["errors"][0]["field"] == "targets[1].provider"
    assert "'acme/fp8' cannot be pinned" in body["detail"]
    assert "UPSTREAM_KIND" in body["detail"]
    assert count(plain.http) == before
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


def test_a_form_says_how_max_tokens_is_told(api: Api) -> None:
    fields = FORM | {"max_tokens_field": "none", "stream_options": "false"}
    answer = api.http.post("/benchmark", data=fields, files=FILE)
    assert answer.status_code == 202, answer.text
    told = api.http.get(answer.json()["status_url"]).json()["plan"]
    assert (told["max_tokens_field"], told["stream_options"]) == ("none", False)
    answer = api.http.post("/benchmark", data=FORM | {"extra": "{}"}, files=FILE)
    assert problem(answer, "invalid")["errors"][0]["field"] == "extra"
