"""POST /generate against the simulator, over real sockets."""

import json
from typing import Any

import pytest

from tests.api.client import events, problem
from tests.api.routes.generating import QUESTION, stream
from tests.api.server import Api, Start
from tests.children import Simulator


def test_the_answer_has_the_seed_s_names_and_the_rest(api: Api, sim: Simulator) -> None:
    answer = api.http.post("/generate", json=QUESTION)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["response"]
    assert body["tokens_used"] == body["prompt_tokens"] + body["completion_tokens"]
    assert 0 < body["latency_seconds"] < 30
    assert body["ttft_seconds"] is None
    assert body["cost_usd"] == 0
    assert body["provider"]
    assert body["finish_reason"] == "stop"
    record = sim.ledger()[-1]
    assert record["outcome"] == "ok"
    assert record["completion_tokens"] == body["completion_tokens"]


@pytest.mark.parametrize("field", ["prompt", "system_prompt", "model"])
def test_half_a_character_is_refused(api: Api, field: str) -> None:
    body = json.dumps(QUESTION | {field: "a\ud800b"}).encode()
    headers = {"Content-Type": "application/json"}
    answer = api.http.post("/generate", content=body, headers=headers)
    assert problem(answer, "invalid")["errors"][0]["field"] == field


def test_options_reach_the_upstream(api: Api, sim: Simulator) -> None:
    more = {"max_tokens": 3, "temperature": 0.5, "seed": 7, "system_prompt": "Brief."}
    body = api.http.post("/generate", json=QUESTION | more).json()
    assert body["completion_tokens"] == 3
    assert body["finish_reason"] == "length"


def test_a_stream_tells_each_delta_and_ends_with_the_same_fields(api: Api) -> None:
    *deltas, done = stream(api.http)
    assert {event.name for event in deltas} == {"delta"}
    assert len(deltas) == 12  # a token an event
    assert done.name == "done"
    assert "".join(event.data["text"] for event in deltas) == done.data["response"]
    assert 0 < done.data["ttft_seconds"] <= done.data["latency_seconds"]
    assert done.data["tokens_used"]


def test_events_are_not_told_as_tokens(api: Api) -> None:
    """The upstream counts nothing, and an event may be a letter or a hundred tokens."""
    *deltas, done = stream(api.http, model="fault/usage-missing")
    assert (done.name, len(deltas)) == ("done", 12)
    assert done.data["completion_tokens"] is None
    assert done.data["tokens_used"] is None


def test_the_body_may_ask_for_the_stream(api: Api) -> None:
    with api.http.stream("POST", "/generate", json=QUESTION | {"stream": True}) as got:
        assert got.headers["content-type"].startswith("text/event-stream")
        assert list(events(got.iter_lines()))[-1].name == "done"


BAD = [
    ({}, "prompt"),
    (QUESTION | {"prompt": ""}, "prompt"),
    (QUESTION | {"prompt": " \n"}, "prompt"),
    (QUESTION | {"prompt": "a\0b"}, "prompt"),
    (QUESTION | {"prompt": "x" * (1024 * 1024 + 1)}, "prompt"),
    (QUESTION | {"prompt": 5}, "prompt"),
    (QUESTION | {"model": ""}, "model"),
    (QUESTION | {"max_tokens": 0}, "max_tokens"),
    (QUESTION | {"max_tokens": "many"}, "max_tokens"),
    (QUESTION | {"max_tokens": True}, "max_tokens"),
    (QUESTION | {"temperature": 3}, "temperature"),
    (QUESTION | {"seed": 1.5}, "seed"),
    (QUESTION | {"stream": "perhaps"}, "stream"),
    (QUESTION | {"tempature": 1}, "tempature"),
]


@pytest.mark.parametrize(("body", "field"), BAD)
def test_bad_input_names_the_field_and_calls_nobody(
    api: Api, sim: Simulator, body: dict[str, Any], field: str
) -> None:
    before = len(sim.ledger())
    answer = api.http.post("/generate", json=body)
    assert answer.status_code == 422
    kind = "too-much" if len(str(body.get("prompt"))) > 1024 * 1024 else "invalid"
    assert field in [error["field"] for error in problem(answer, kind)["errors"]]
    assert len(sim.ledger()) == before


def test_a_body_that_is_no_json_is_refused(api: Api) -> None:
    answer = api.http.post(
        "/generate", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert problem(answer, "invalid")["errors"][0]["field"] == "body"


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_refuses_max_tokens_is_asked_again_and_that_is_said(
    start: Start, sim: Simulator, stream: bool
) -> None:
    api, model = start(), "fault/no-max-tokens"
    before = len(sim.ledger())
    for calls in (2, 1):  # the second question knows it
        answer = api.http.post(
            f"/generate?stream={str(stream).lower()}", json=QUESTION | {"model": model}
        )
        assert answer.status_code == 200, answer.text
        if stream:
            said = list(events(iter(answer.text.splitlines())))[-1].data
        else:
            said = answer.json()
        assert said["response"]
        assert (
            said["reworded"] == "with `max_completion_tokens` in place of `max_tokens`"
        )
        asked = len(sim.ledger())
        assert asked - before == calls
        before = asked
    usual = api.http.post("/generate", json=QUESTION).json()
    assert usual["reworded"] is None
