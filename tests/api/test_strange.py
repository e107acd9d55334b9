"""Whatever is asked, the answer is one of ours: a result or a problem, and no bug."""

import itertools
import json
import random
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.client import MODEL, plan, submit
from tests.api.server import Api

STRANGE: list[Any] = [
    *(None, True, False, 0, -1, 1.5, 2**63, -(2**70), 10**30, 1e308, -0.0),
    *(
        "",
        " ",
        "x",
        "\0",
        "é",
        "\ud800",
        "\u2028",
        "💥" * 50,
        "a/b",
        "__class__",
        "%00",
    ),
    *([], {}, [[]], [None], [{}], {"": ""}, {"kind": None}, {"kind": "inline"}),
]
QUESTION = {"prompt": "Why?", "model": MODEL, "max_tokens": 3}
PLAN = plan(
    load={"kind": "constant", "rate_per_s": 5, "count": 3, "duration_s": 5},
    slo={"ttft_s": 1},
    retries={"max": 1, "on": ["rate_limited"], "backoff_s": 1},
    max_tokens=5,
    temperature=1,
    seed=1,
    order_seed=1,
    submitter="me",
    system_prompt="Be brief.",
    keep_answers="all",
    max_error_share=0.5,
    sweep={"over": "rate", "values": [1, 2]},
)


def places(found: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something stands in a body, the body itself too."""
    yield at
    if isinstance(found, dict | list):
        items = found.items() if isinstance(found, dict) else enumerate(found)
        for name, each in items:
            yield from places(each, (*at, name))


def put(found: Any, at: tuple[Any, ...], value: Any) -> Any:
    """The same body with another value there."""
    if not at:
        return value
    if isinstance(found, dict):
        return {**found, at[0]: put(found[at[0]], at[1:], value)}
    return [*found[: at[0]], put(found[at[0]], at[1:], value), *found[at[0] + 1 :]]


def sane(answer: httpx.Response) -> None:
    assert answer.status_code < 500, (answer.request.url, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]


def encoded(body: Any) -> bytes:
    """JSON in which a lone surrogate is an escape, as a client could send it."""
    return json.dumps(body).encode()


@pytest.mark.parametrize(
    ("path", "body"),
    [("/benchmark?dry_run=true", PLAN), ("/generate", QUESTION)],
)
def test_a_strange_value_anywhere_is_taken_or_refused(
    api: Api, path: str, body: dict[str, Any]
) -> None:
    chance = random.Random(1)
    headers = {"Content-Type": "application/json"}
    every = list(itertools.product(places(body), STRANGE))
    for at, value in chance.sample(every, min(len(every), 250)):
        content = encoded(put(body, at, value))
        sane(api.http.post(path, content=content, headers=headers))
    for name in list(body):
        left = {key: value for key, value in body.items() if key != name}
        sane(api.http.post(path, json=left))


def test_strange_texts_of_a_form_are_taken_or_refused(api: Api) -> None:
    texts = [str(value) for value in STRANGE if value != "\ud800"]
    for field in (
        "runs",
        "max_tokens",
        "concurrency",
        "stream",
        "temperature",
        "seed",
        "submitter",
        "system_prompt",
        "max_cost_usd",
        "model",
        "other",
    ):
        for text in texts:
            files = [("prompt_file", ("a.txt", b"Why?\n")), (field, (None, text))]
            sane(
                api.http.post(
                    "/benchmark?dry_run=1", data={"model": MODEL}, files=files
                )
            )


def test_strange_paths_queries_and_headers_are_taken_or_refused(api: Api) -> None:
    job_id = submit(api.http)
    host, port = api.url.removeprefix("http://").split(":")
    odd = [
        b"%00",
        b"%FF",
        b"%ED%A0%80",
        b"..%2F..%2Fetc%2Fpasswd",
        b"0" * 26,
        b"7" * 26,
        b"ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
        b"-1",
        b"1e3",
        b"%F0%9F%92%A5",
        b"null",
        b"",
    ]
    heads = [b"GET /benchmark/%s HTTP/1.1\r\n" % text for text in odd]
    heads += [b"GET /benchmark/%s/samples.csv HTTP/1.1\r\n" % text for text in odd]
    heads += [b"GET /selftest/%s HTTP/1.1\r\n" % text for text in odd]
    heads += [b"POST /benchmark/%s/pause HTTP/1.1\r\n" % text for text in odd]
    for name in (b"limit", b"before"):
        heads += [b"GET /benchmark?%s=%s HTTP/1.1\r\n" % (name, text) for text in odd]
    heads += [b"GET /models?details=%s&filter=%s HTTP/1.1\r\n" % (t, t) for t in odd]
    heads += [
        b"POST /selftest?streams=%s HTTP/1.1\r\n" % text
        for text in odd
        if text != b"1e3"
    ]
    ours = job_id.encode()
    values = [
        *odd,
        b"\xff\xfe",
        b"99999999999999999999999-0",
        b"0-99999999999999999999",
        b"wait=99999999999",
        b"wait=-1",
        b"\xc2\xb2",
        b"x" * 300,
        b"a\tb",
    ]
    for name in (b"Last-Event-ID", b"Prefer", b"traceparent", b"Range", b"If-Range"):
        heads += [
            b"DELETE /benchmark/%s HTTP/1.1\r\n%s: %s\r\n" % (ours, name, value)
            for value in values
        ]
        heads += [
            b"GET /benchmark/%s/events HTTP/1.1\r\n%s: %s\r\n" % (ours, name, value)
            for value in values
        ]
    key = b"POST /benchmark/%s/rerun HTTP/1.1\r\nIdempotency-Key: %s\r\n"
    heads += [key % (ours, value) for value in values]
    for head in heads:
        with socket.create_connection((host, int(port)), timeout=30) as peer:
            peer.sendall(head + b"Host: x\r\nConnection: close\r\n\r\n")
            first = peer.recv(65536).split(b"\r\n")[0]
        assert b" 5" not in first[:12], (head, first)
        assert first.startswith(b"HTTP/1.1 "), (head, first)
