"""POST /benchmark: the models' names and the prompts' lengths, by the catalogue."""

import socket

import pytest

from tests.api.client import FILE, FORM, MODEL, file, plan, problem
from tests.api.server import Api, Start
from tests.children import Simulator


def test_an_unknown_model_is_refused_with_near_matches(api: Api) -> None:
    answer = api.http.post(
        "/benchmark", data={"model": "acme/swift-8:free"}, files=FILE
    )
    assert answer.status_code == 422
    body = problem(answer, "unknown-model")
    assert MODEL in body["suggestions"]
    assert MODEL in body["detail"]
    assert body["errors"][0]["field"] == "model"
    asked = plan(targets=[{"model": MODEL}, {"model": "acme/none"}])
    body = problem(api.http.post("/benchmark", json=asked), "unknown-model")
    assert body["errors"][0]["field"] == "targets[1].model"


@pytest.mark.parametrize(
    "model", [f"{MODEL}:nitro", "openrouter/auto", "~acme/orca-latest"]
)
def test_routing_suffixes_routers_and_aliases_pass(api: Api, model: str) -> None:
    answer = api.http.post("/benchmark", data={"model": model}, files=FILE)
    assert answer.status_code == 202, answer.text


def test_an_unknown_model_of_another_upstream_is_a_warning(
    start: Start, sim: Simulator
) -> None:
    url = sim.base_url.replace("/api/v1", "/v1")
    api = start(openrouter_base_url=url, upstream_kind="openai")
    answer = api.http.post("/benchmark", data={"model": "own/model"}, files=FILE)
    assert answer.status_code == 202, answer.text
    assert "own/model" in answer.json()["warnings"][0]


def test_names_of_files_and_names_with_commas_are_models_of_a_form(
    start: Start, sim: Simulator
) -> None:
    url = sim.base_url.replace("/api/v1", "/v1")
    api = start(openrouter_base_url=url, upstream_kind="openai")
    named = ["/models/qwen 2.5, q4.gguf", "@cf/meta/llama", "модель"]
    answer = api.http.post("/benchmark", data={"model": named}, files=FILE)
    assert answer.status_code == 202, answer.text
    job = api.http.get(answer.json()["status_url"]).json()
    assert [target["model"] for target in job["plan"]["targets"]] == named
    for field, path in (("data", "/benchmark"), ("json", "/generate")):
        asked = {
            field: {"model": "a\u202eb", **({"prompt": "?"} if "g" in path else {})}
        }
        files = FILE if path == "/benchmark" else None
        body = problem(api.http.post(path, files=files, **asked), "invalid")
        assert body["errors"][0]["field"] == "model"
        assert "U+202E (right-to-left override)" in body["errors"][0]["message"]


def test_without_a_catalogue_a_model_is_a_warning(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = start(openrouter_base_url=f"http://127.0.0.1:{port}")
    answer = api.http.post("/benchmark", data={"model": "own/model"}, files=FILE)
    assert answer.status_code == 202, answer.text
    (said,) = (w for w in answer.json()["warnings"] if "not checked" in w)
    assert f"http://127.0.0.1:{port} gave no list of models" in said


def test_a_prompt_that_no_context_holds_is_refused(api: Api) -> None:
    found = api.http.get("/models?details=true").json()["models"]
    context = next(row["context_length"] for row in found if row["id"] == MODEL)
    # a token has two words at the most, and the context is in tokens
    content = b"short\n" + b"w " * (4 * context) + b"\n"
    answer = api.http.post("/benchmark", data=FORM, files=file(content))
    body = problem(answer, "context-length")
    assert "Prompt 1" in body["detail"]
    assert MODEL in body["detail"]
    assert body["errors"][0]["field"] == "prompt_file"
