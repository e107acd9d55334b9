"""POST /generate where it gets no answer: failures upstream, clients that leave."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from api.conversation import KINDS
from api.conversation import problem as upstream_problem
from shared.answer.reply import Reply
from shared.sample import Outcome
from shared.settings.address import Upstream
from tests.api.client import events, problem
from tests.api.routes.generating import QUESTION, stream
from tests.api.server import Api, Start
from tests.children import Simulator

FAILURES = [
    ("bad-key", "upstream-bad-key", 502, "OPENROUTER_API_KEY"),
    ("no-credit", "upstream-no-credit", 402, "credit"),
    ("moderation", "upstream-forbidden", 403, "another"),
    ("no-endpoints", "upstream-no-model", 404, "/models"),
    ("rate-limited-upstream;retry_after=7", "upstream-rate-limited", 429, "Wait"),
    ("internal", "upstream-error", 502, "again"),
    ("error-in-200", "upstream-error-in-answer", 502, "again"),
    ("empty", "upstream-empty", 502, "max_tokens"),
    ("reasoning-only", "upstream-empty", 502, "max_tokens"),
    ("in-flight-budget", "upstream-no-credit", 402, "credit"),
    ("context-length", "upstream-refused", 422, "Change"),
    ("refusal", "upstream-refused", 422, "Change"),
    ("overloaded", "upstream-error", 502, "again"),
    ("html-502", "upstream-error", 502, "again"),
    ("html-200", "upstream-garbage", 502, "OPENROUTER_BASE_URL"),
    ("truncated", "upstream-truncated", 502, "again"),
    ("hang", "upstream-timeout", 504, "FIRST_TOKEN_TIMEOUT_S"),
]


@pytest.mark.parametrize(("fault", "kind", "status", "remedy"), FAILURES)
def test_each_failure_has_its_kind_and_a_remedy(
    api: Api, fault: str, kind: str, status: int, remedy: str
) -> None:
    answer = api.http.post("/generate", json=QUESTION | {"model": f"fault/{fault}"})
    assert answer.status_code == status, answer.text
    assert remedy in problem(answer, kind)["detail"]


def test_every_kind_of_failure_upstream_is_in_the_table() -> None:
    elsewhere = {"upstream-unreachable", "upstream-disconnected"}
    ours = {"overloaded", "stopping"}
    assert {kind for _, kind, _, _ in FAILURES} | elsewhere | ours == set(KINDS)


PLAIN = Upstream(
    base_url="http://up.example/v1", dialect="openai", decided_by="setting"
)


def test_every_outcome_but_ok_is_a_problem_of_a_kind_with_a_remedy() -> None:
    for outcome in set(Outcome) - {Outcome.OK}:
        said = upstream_problem(Reply(outcome, error="It went wrong."), 0.0, PLAIN)
        assert said.kind in KINDS, outcome
        assert said.detail.startswith("It went wrong. "), outcome
        assert said.detail.endswith("."), outcome
        assert "{" not in said.detail, outcome
        if outcome.startswith("timeout"):
            assert "TIMEOUT_S" in said.detail, outcome
    unsent = upstream_problem(
        Reply(Outcome.DROPPED, error="No descriptor."), 0.0, PLAIN
    )
    assert (unsent.status_code, unsent.headers) == (503, {"Retry-After": "5"})


def test_retry_after_is_passed_on(api: Api) -> None:
    fault = "fault/rate-limited-upstream;retry_after=7"
    answer = api.http.post("/generate", json=QUESTION | {"model": fault})
    assert answer.headers["retry-after"] == "7"


def test_a_failure_before_the_first_text_has_a_status_in_a_stream_too(
    api: Api,
) -> None:
    answer = api.http.post(
        "/generate?stream=true", json=QUESTION | {"model": "fault/bad-key"}
    )
    problem(answer, "upstream-bad-key")


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("mid-stream-error", "upstream-error-in-answer"),
        ("drop;after=3", "upstream-truncated"),
        ("stall;after=3", "upstream-timeout"),
    ],
)
def test_a_failure_after_the_start_is_an_error_event(
    api: Api, fault: str, kind: str
) -> None:
    *deltas, error = stream(api.http, model=f"fault/{fault}")
    assert deltas
    assert {event.name for event in deltas} == {"delta"}
    assert error.name == "error"
    assert error.data["type"] == f"/problems/{kind}"
    assert error.data["detail"]


def test_nobody_at_the_upstream_s_address_is_unreachable(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = start(openrouter_base_url=f"http://127.0.0.1:{port}")
    body = problem(api.http.post("/generate", json=QUESTION), "upstream-unreachable")
    assert "OPENROUTER_BASE_URL" in body["detail"]


def test_a_missing_key_is_said_at_the_call_that_needs_it(start: Start) -> None:
    api = start(openrouter_api_key=None)
    assert api.http.get("/models").status_code == 200
    answer = api.http.post("/generate", json=QUESTION)
    assert answer.status_code == 503
    assert "OPENROUTER_API_KEY" in problem(answer, "missing-key")["detail"]


@contextmanager
def slow_upstream() -> Iterator[tuple[str, threading.Event, threading.Event]]:
    """An upstream that answers with one token and then nothing: its address, whether
    it was called, and whether its caller has closed."""
    called, closed = threading.Event(), threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                peer.settimeout(30)
                head = peer.recv(65536)
                if head.startswith(b"GET"):  # the list of models
                    continue
                peer.sendall(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                    b'data: {"choices":[{"delta":{"content":"Be"}}]}\n\n'
                )
                called.set()
                while peer.recv(65536):
                    pass
                closed.set()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", called, closed
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@pytest.mark.parametrize("streamed", [True, False])
def test_a_client_that_leaves_closes_the_call_upstream(
    start: Start, streamed: bool
) -> None:
    with slow_upstream() as (url, called, closed):
        patient = ("first_token_timeout_s", "idle_timeout_s", "total_timeout_s")
        api = start(openrouter_base_url=url, **dict.fromkeys(patient, 120.0))
        client = threading.Thread(target=ask_and_leave, args=(api, called, streamed))
        client.start()
        assert called.wait(30)
        assert closed.wait(30), "the upstream call went on without its client"
        client.join()


def ask_and_leave(api: Api, called: threading.Event, streamed: bool) -> None:
    """Leaves in the middle of a stream, or of the waiting for an answer."""
    with httpx.Client(base_url=api.url, trust_env=False, timeout=30) as http:
        if streamed:
            with http.stream("POST", "/generate?stream=true", json=QUESTION) as answer:
                assert next(events(answer.iter_lines())).data == {"text": "Be"}
            return
        host, port = api.url.removeprefix("http://").split(":")
        body = httpx.Request("POST", api.url, json=QUESTION).read()
        with socket.create_connection((host, int(port))) as peer:
            peer.sendall(
                b"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json"
                b"\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            )
            assert called.wait(30)
            time.sleep(0.1)


def test_advice_for_openrouters_accounts_is_given_there_alone(
    start: Start, api: Api, sim: Simulator
) -> None:
    url = sim.base_url.replace("/api/v1", "/v1")
    plain = start(openrouter_base_url=url, upstream_kind="openai")
    asked = QUESTION | {"model": "fault/no-endpoints"}
    details = [
        problem(each.http.post("/generate", json=asked), "upstream-no-model")["detail"]
        for each in (api, plain)
    ]
    assert ["privacy" in detail for detail in details] == [True, False]
    assert all("GET /models lists" in detail for detail in details)
