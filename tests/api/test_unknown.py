"""What a request has that is not known is refused, and told with what is near."""

from typing import Any

import pytest

from tests.api.client import FILE, MODEL, plan, problem
from tests.api.server import Api


@pytest.mark.parametrize(
    ("path", "name", "said"),
    [
        ("/benchmark?limt=5", "limt", "Did you mean `limit`?"),
        ("/models?detail=1", "detail", "Did you mean `details`?"),
        ("/account?key=x", "key", "There are: upstream."),
        ("/benchmark/nothing?x=1", "x", "There are none."),
    ],
)
def test_a_parameter_of_the_url(api: Api, path: str, name: str, said: str) -> None:
    body = problem(api.http.get(path), "invalid")
    message = f"There is no such parameter. {said}"
    assert {"field": name, "message": message} in body["errors"]


def test_a_probe_may_add_what_it_likes_to_the_url(api: Api) -> None:
    assert api.http.get("/health?at=1795420801").status_code == 200


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        (plan(rusn=3), "rusn", "Did you mean `runs`?"),
        (plan(load={"concurency": 3}), "load.concurency", "Did you mean `concurrency`"),
        (plan(targets=[{"modle": MODEL}]), "targets[0].modle", "Did you mean `model`?"),
    ],
)
def test_a_field_of_a_plan(
    api: Api, asked: dict[str, Any], field: str, said: str
) -> None:
    body = problem(api.http.post("/benchmark", json=asked), "invalid")
    told = {error["field"]: error["message"] for error in body["errors"]}
    assert told[field].startswith(f"There is no such field. {said}")


def test_a_field_of_a_form(api: Api) -> None:
    answer = api.http.post("/benchmark", data={"modle": MODEL}, files=FILE)
    assert "Did you mean `model`?" in problem(answer, "invalid")["detail"]


@pytest.mark.parametrize(
    ("path", "asked", "field", "said"),
    [
        (
            "/generate",
            {"prompt": "x", "model": MODEL, "max_token": 3},
            "max_token",
            "`max_tokens`",
        ),
        (
            "/benchmark/01JZ8M5T7Q4W9E2R6Y8V0B3N5C/rerun",
            {"onli": "failed"},
            "onli",
            "`only`",
        ),
    ],
)
def test_a_field_of_another_body(
    api: Api, path: str, asked: dict[str, Any], field: str, said: str
) -> None:
    (error,) = problem(api.http.post(path, json=asked), "invalid")["errors"]
    assert error["field"] == field
    assert error["message"] == f"There is no such field. Did you mean {said}?"
