"""Bodies that do not arrive as they should."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.bodies import BoundedBodies
from api.errors import Problem
from shared.settings.settings import Settings

SCOPE = {"type": "http", "path": "/benchmark", "headers": []}


async def asked(
    messages: list[dict[str, Any]], scope: dict[str, Any] = SCOPE
) -> tuple[list[bytes], Problem | None, list[Message]]:
    """What the application read, what stopped it, and what was sent without it."""
    read: list[bytes] = []
    stopped: list[Problem] = []
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            while True:
                message = await receive()
                read.append(message.get("body", b""))
                if not message.get("more_body"):
                    with suppress(TimeoutError):  # as one that waits for the leaving
                        await asyncio.wait_for(receive(), 0.2)
                    return
        except Problem as problem:
            stopped.append(problem)

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    limits = Settings(max_upload_bytes=10)
    await BoundedBodies(app, limits, idle_s=0.05)(scope, receive, send)
    return read, next(iter(stopped), None), sent


def piece(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_that_stops_arriving_is_a_408() -> None:
    read, problem, _ = await asked([piece(b"begun")])
    assert read == [b"begun"]
    assert problem is not None
    assert problem.status_code == 408


async def test_a_client_that_leaves_in_its_body_is_no_bug_of_ours() -> None:
    leaving = {"type": "http.disconnect"}
    scope = {**SCOPE, "headers": [(b"content-length", b"9")]}
    read, problem, _ = await asked([piece(b"begun"), leaving], scope)
    assert read == [b"begun"]
    assert problem is not None
    assert problem.status_code == 400


async def test_a_client_that_leaves_before_its_answer_is_told_as_ever() -> None:
    read, problem, _ = await asked([{"type": "http.disconnect"}])
    assert (read, problem) == ([b""], None)


async def test_a_body_is_cut_at_its_cap_while_it_arrives() -> None:
    half = b"x" * 600_000
    read, problem, _ = await asked([piece(half), piece(half), piece(half)])
    assert read == [half]  # a MiB is for framing
    assert problem is not None
    assert problem.status_code == 413


async def test_a_length_over_the_cap_is_refused_before_anything_is_read() -> None:
    scope = {**SCOPE, "headers": [(b"content-length", b"2000000")]}
    read, _, sent = await asked([piece(b"x")], scope)
    assert read == []
    assert sent[0]["status"] == 413
    assert json.loads(sent[1]["body"])["type"] == "/problems/too-large"


@pytest.mark.parametrize("coding", [b"gzip", b"br", b"deflate, gzip", b"x" * 900])
async def test_a_compressed_body_is_a_415_before_anything_is_read(
    coding: bytes,
) -> None:
    scope = {**SCOPE, "headers": [(b"content-encoding", coding)]}
    read, _, sent = await asked([piece(b"x")], scope)
    assert read == []
    assert sent[0]["status"] == 415
    assert (b"accept-encoding", b"identity") in sent[0]["headers"]


async def test_a_content_type_without_an_end_is_a_415() -> None:
    scope = {**SCOPE, "headers": [(b"content-type", b"application/json" + b";" * 9999)]}
    read, _, sent = await asked([piece(b"{}")], scope)
    assert read == []
    assert sent[0]["status"] == 415


@pytest.mark.parametrize("length", [b"9" * 5000, b"99999999999"])
async def test_a_length_of_any_number_of_digits_is_a_413(length: bytes) -> None:
    scope = {**SCOPE, "headers": [(b"content-length", length)]}
    _, _, sent = await asked([piece(b"x")], scope)
    assert sent[0]["status"] == 413


async def test_json_of_a_strange_shape_is_cut_off_while_it_arrives() -> None:
    read, problem, _ = await asked([piece(b'{"load":'), piece(b"[" * 99), piece(b"1")])
    assert read == [b'{"load":']
    assert problem is not None
    assert (problem.status_code, problem.kind) == (422, "invalid")
    assert problem.members["errors"][0]["field"] == "body"


async def test_what_is_no_plan_has_a_thousand_values_at_the_most() -> None:
    body = b"[" + b"[1]," * 600
    for path, refused in (("/benchmark", False), ("/benchmark/X/rerun", True)):
        _, problem, _ = await asked([piece(body, more=False)], {**SCOPE, "path": path})
        assert (problem is not None) == refused


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (b"/" + b"x" * 9000, [], 414),
        (b"/", [(b"a", b"x" * 70_000)], 431),
        (b"/", [(b"a", b"b")] * 300, 431),
    ],
)
async def test_a_head_that_another_server_let_pass_is_refused_here(
    path: bytes, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    scope = {**SCOPE, "raw_path": path, "query_string": b"", "headers": headers}
    read, _, sent = await asked([piece(b"x")], scope)
    assert (read, sent[0]["status"]) == ([], status)


async def test_after_the_body_waiting_has_no_limit() -> None:
    read, problem, _ = await asked([piece(b"all", more=False)])
    assert (read, problem) == ([b"all"], None)
