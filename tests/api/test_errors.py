"""Every error is a problem, every problem is documented, and so is every endpoint."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from api.errors import KINDS, OF_ERROR, Problem, of_error
from api.main import create_app
from api.schemas import Job, Listing
from shared import errors
from shared.settings.settings import Settings
from tests.api.client import Played, problem, submit
from tests.api.server import Api

DOCS = Path(__file__).parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def test_an_unknown_path_is_a_problem(api: Api) -> None:
    body = problem(api.http.get("/nowhere"), "not-found")
    assert "/docs" in body["detail"]
    assert body["instance"] == "/nowhere"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/benchmark", {"GET", "POST"}),
        ("DELETE", "/models", {"GET"}),
        ("GET", "/generate", {"POST"}),
        ("PUT", "/benchmark/01JZ8M5T7Q4W9E2R6Y8V0B3N5C", {"GET", "DELETE", "PATCH"}),
        ("PUT", "/benchmark/01JZ8M5T7Q4W9E2R6Y8V0B3N5C/plan.json", {"GET", "HEAD"}),
        ("OPTIONS", "/selftest", {"POST"}),
    ],
)
def test_a_wrong_method_says_which_are_allowed(
    api: Api, method: str, path: str, allowed: set[str]
) -> None:
    answer = api.http.request(method, path)
    problem(answer, "method-not-allowed")
    assert set(re.split(r",\s*", answer.headers["allow"])) == allowed


def test_generate_takes_json_alone(api: Api) -> None:
    form = {"prompt": "x", "model": "a/b"}
    answer = api.http.post("/generate", data=form)
    assert "application/json" in problem(answer, "unsupported-media-type")["detail"]


def test_every_error_of_ours_has_a_kind() -> None:
    ours = [
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.BenchError)
    ]
    for error in ours:
        assert error is errors.BenchError or issubclass(error, tuple(OF_ERROR)), error
    assert set(OF_ERROR.values()) <= set(KINDS)
    assert of_error(errors.StoreDown("x")).headers == {"Retry-After": "5"}
    assert of_error(errors.TooMuch("x", "runs")).kind == "too-much"
    assert of_error(errors.MissingKey("x")).kind == "missing-key"


def test_every_error_of_ours_stands_in_the_one_tree() -> None:
    def below(error: type[errors.BenchError]) -> set[type[errors.BenchError]]:
        return {error}.union(*map(below, error.__subclasses__()))

    tree = errors.__doc__ or ""
    for error in below(errors.BenchError):
        if not error.__module__.startswith(("cli.", "tests.")):
            assert error.__module__ == errors.__name__, error
            assert f"{error.__name__} " in tree, error


def test_a_bug_says_nothing_of_the_inside() -> None:
    said = Problem("internal", "x").body("/models")
    assert set(said) == {"type", "title", "status", "detail", "instance"}


def test_every_kind_has_a_line_in_the_docs() -> None:
    text = DOCS.read_text("utf-8")
    for kind, (status, _) in KINDS.items():
        assert re.search(rf"\| `{kind}` \| {status} \|", text), kind


def test_every_endpoint_is_in_the_docs(schema: dict[str, Any]) -> None:
    text = DOCS.read_text("utf-8")
    for path in schema["paths"]:
        assert path.replace("{job_id}", "$JOB").replace("{name}", "main") in text, path


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_the_schema_s_references_lead_somewhere(schema: dict[str, Any]) -> None:
    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                yield value["$ref"]
            for item in value.values():
                yield from walk(item)
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)

    known = {f"#/components/schemas/{n}" for n in schema["components"]["schemas"]}
    refs = set(walk(schema))
    assert "#/components/schemas/NewBenchmark" in refs
    assert refs <= known
    from jsonschema import Draft202012Validator  # takes a second

    for part in schema["components"]["schemas"].values():
        Draft202012Validator.check_schema(part)


def test_both_forms_of_a_benchmark_are_in_the_schema(schema: dict[str, Any]) -> None:
    content = schema["paths"]["/benchmark"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}
    ref = content["multipart/form-data"]["schema"]["$ref"]
    assert ref == "#/components/schemas/PromptFileForm"
    form = schema["components"]["schemas"]["PromptFileForm"]
    assert {"prompt_file", "model", "runs", "concurrency"} <= set(form["properties"])


def test_the_examples_can_be_sent_as_they_are(api: Api, schema: dict[str, Any]) -> None:
    post = schema["paths"]["/benchmark"]["post"]["requestBody"]["content"]
    answer = api.http.post("/benchmark", json=post["application/json"]["example"])
    assert answer.status_code == 202, answer.text
    fields = schema["components"]["schemas"]["Question"]["properties"].items()
    question = {name: f["examples"][0] for name, f in fields if "examples" in f}
    answer = api.http.post("/generate", json=question)
    assert answer.status_code == 200, answer.text


def test_every_operation_can_be_tried_as_it_is(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        assert operation["summary"], name
        assert operation["description"], name
        for parameter in operation.get("parameters", ()):
            if parameter.get("required"):
                assert "example" in str(parameter), f"{name}: {parameter['name']}"
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], name


async def test_bodies_are_what_the_schema_says(
    api: Api, worker: Played, schema: dict[str, Any]
) -> None:
    job_id = submit(api.http)
    await worker.whole(job_id)
    for path, model in ((f"/benchmark/{job_id}", Job), ("/benchmark", Listing)):
        body = api.http.get(path).json()
        assert model.model_validate(body).model_dump(mode="json") == body


def test_health_asks_nobody(api: Api) -> None:
    assert api.http.get("/health").json() == {"status": "ok"}


async def test_ready_names_what_is_down(api: Api, worker: Played) -> None:
    answer = api.http.get("/health/ready")
    assert answer.status_code == 503
    assert problem(answer, "service-down")["down"] == ["workers"]
    await worker.live()
    answer = api.http.get("/health/ready")
    assert answer.json() == {"status": "ready", "workers": 1}
