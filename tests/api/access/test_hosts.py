"""A page of another site neither reads from this server nor changes anything here."""

import socket
from collections.abc import Iterator

import httpx
import pytest

from api.access.hosts import is_ours
from shared.standards.http import EVERYWHERE
from tests.api.client import FILE, FORM, plan, problem
from tests.api.server import Api, Start


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1:8000", "localhost", "LOCALHOST:80", "a.localhost", "[::1]:8000"),
        *("10.0.0.7", "api:8000", "my-machine", "bench.example.org", "x.b.example"),
        *("bench.example.org.", "testserver"),
    ],
)
def test_names_that_are_ours(host: str) -> None:
    assert is_ours(host.lower(), ("bench.example.org", "*.b.example"))


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "bench.example.org.evil.example", "b.example", "127.0.0.1.x"),
        *("", " ", "a b", "user@127.0.0.1", "127.0.0.1/x", "127.0.0.1:99999", "[::1"),
        *("evil.example:80", "xn--e1afmkfd.example", "127.0.0.1#.evil.example"),
    ],
)
def test_names_that_are_not(host: str) -> None:
    assert not is_ours(host.lower(), ("bench.example.org", "*.b.example"))


def test_a_rebound_name_is_answered_nothing(api: Api) -> None:
    """DNS rebinding: the browser asks 127.0.0.1, and says the name of its page."""
    for path in ("/benchmark", "/", "/models", "/docs", "/sign-in"):
        said = api.http.get(path, headers={"Host": "evil.example:8000"})
        assert problem(said, "misdirected")["detail"].count("ALLOWED_HOSTS") == 1


def test_a_name_is_answered_that_is_allowed(start: Start) -> None:
    api = start(allowed_hosts=("bench.example.org",), redis_url=None)
    assert api.http.get("/models", headers={"Host": "bench.example.org"}).is_success
    ours = {"Host": "127.0.0.1:1", "Origin": "https://bench.example.org"}
    said = api.http.post("/generate", json={}, headers=ours)
    problem(said, "invalid")  # it went past the gate


@pytest.mark.parametrize(
    "said",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_change_from_another_site_is_refused(api: Api, said: dict[str, str]) -> None:
    asked: list[httpx.Response] = [
        api.http.post("/benchmark", data=FORM, files=FILE, headers=said),
        api.http.post("/benchmark", json=plan(), headers=said),
        api.http.post("/selftest", headers=said),
        api.http.delete("/benchmark/01JZ8M5T7Q4W9E2R6Y8V0B3N5C", headers=said),
        api.http.post("/sign-in", data={"token": "x"}, headers=said),
    ]
    for answer in asked:
        problem(answer, "wrong-site")


def test_a_change_of_our_own_pages_is_taken(api: Api) -> None:
    ours = {"Origin": api.url, "Sec-Fetch-Site": "same-origin"}
    assert api.http.post("/benchmark", json=plan(), headers=ours).status_code == 202


def test_no_other_site_may_read(api: Api) -> None:
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "GET"}
    for answer in (
        api.http.options("/benchmark", headers=asked),
        api.http.get("/benchmark", headers={"Origin": "https://evil.example"}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-")]


def test_every_answer_has_the_headers(api: Api) -> None:
    raw = [b"GET / HTTP/1.1\r\n\r\n", b"nonsense\r\n\r\n"]
    for answer in (
        api.http.get("/health"),
        api.http.get("/no/such/path"),
        api.http.get("/", headers={"Accept": "text/html"}),
        api.http.post("/benchmark", content=b"{"),
        api.http.get("/benchmark", headers={"Host": "evil.example"}),
    ):
        assert set(map(str.lower, EVERYWHERE)) <= set(answer.headers), answer.url
    for request in raw:
        head = b"".join(sent(api, request)).lower()
        assert b"x-content-type-options: nosniff" in head, request


def sent(api: Api, request: bytes) -> Iterator[bytes]:
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as peer:
        peer.sendall(request)
        peer.shutdown(socket.SHUT_WR)
        while piece := peer.recv(65536):
            yield piece


@pytest.mark.parametrize(
    "head",
    [
        b"GET /benchmark HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n",
        b"GET /benchmark HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /benchmark HTTP/1.1\r\n\r\n",
        b"GET http://evil.example/benchmark HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    ],
)
def test_a_host_that_is_said_twice_or_not_at_all_is_refused(
    api: Api, head: bytes
) -> None:
    first = b"".join(sent(api, head)).split(b"\r\n")[0]
    assert first.split(b" ")[1] in (b"400", b"421"), first
