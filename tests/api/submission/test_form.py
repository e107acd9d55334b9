"""POST /benchmark as a form: its fields, its file, and what is refused of them."""

import socket
from typing import Any

import pytest

from tests.api.client import FILE, FORM, MODEL, file, job_ids, problem
from tests.api.server import Api


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
    asked = [(each["model"], each["provider"]) for each in job["plan"]["targets"]]
    assert asked == [(MODEL, None), ("acme/orca-70b-instruct:free", None)]
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
    before = job_ids(small.http)
    answer = small.http.post("/benchmark", data=FORM, files=file(content))
    assert answer.status_code == 422, answer.text
    body = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["errors"][0]["field"] == field
    assert said in body["detail"]
    assert job_ids(small.http) == before


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
    before = job_ids(small.http)
    answer = small.http.post("/benchmark", data=FORM | fields, files=FILE)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert field in [error["field"] for error in errors], errors
    assert all(error["message"] for error in errors)
    assert job_ids(small.http) == before


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


def test_a_form_says_how_max_tokens_is_told(api: Api) -> None:
    fields = FORM | {"max_tokens_field": "none", "stream_options": "false"}
    answer = api.http.post("/benchmark", data=fields, files=FILE)
    assert answer.status_code == 202, answer.text
    told = api.http.get(answer.json()["status_url"]).json()["plan"]
    assert (told["max_tokens_field"], told["stream_options"]) == ("none", False)
    answer = api.http.post("/benchmark", data=FORM | {"extra": "{}"}, files=FILE)
    assert problem(answer, "invalid")["errors"][0]["field"] == "extra"
