"""Heads that are too long, too slow or no HTTP, over bare sockets."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from api import heads
from tests.api.server import Api


@contextmanager
def peer(api: Api) -> Iterator[socket.socket]:
    host, port = api.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as found:
        yield found


def said(sock: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body of all that comes until the end."""
    whole = b""
    while piece := sock.recv(65536):
        whole += piece
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    return int(first.split()[1]), dict(pairs), json.loads(body)


def sent(sock: socket.socket, begin: bytes, more: bytes, times: int) -> int:
    """Send until the other side has had enough; how many bytes it took."""
    took = 0
    try:
        sock.sendall(begin)
        for _ in range(times):
            sock.sendall(more)
            took += len(more)
    except OSError:
        pass
    return took


GET = b"GET /health HTTP/1.1\r\nHost: x\r\n"
MIB = 1024 * 1024

ENDLESS = {
    "a header without an end": (GET + b"A: ", b"x" * 65536, 431),
    "a name without an end": (GET, b"x" * 65536, 431),
    "headers without an end": (GET, b"a: b\r\n" * 10_000, 431),
    "a URL without an end": (b"GET /", b"x" * 65536, 414),
    "a query without an end": (b"GET /health?", b"x" * 65536, 414),
    "blank lines without an end": (b"\r\n", b"\r\n" * 32_768, 431),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_a_head_without_an_end_is_refused_at_its_cap(api: Api, what: str) -> None:
    begin, more, status = ENDLESS[what]
    with peer(api) as sock:
        # what the kernel's buffers took was not read by the server
        assert sent(sock, begin, more, 1000) < 32 * MIB
    with peer(api) as sock:
        sock.sendall(begin + more[:65536] + more[:65536])
        found, headers, body = said(sock)
    assert found == status
    assert headers["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert body["detail"]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (GET + b"A: %s\r\n\r\n" % (b"x" * 70_000), 431),
        (GET + b"a: b\r\n" * 300 + b"\r\n", 431),
        (b"GET /health?%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"x" * 9000), 414),
    ],
    ids=["long", "many", "URL"],
)
def test_a_whole_head_over_a_cap_never_reaches_an_endpoint(
    api: Api, request_: bytes, status: int
) -> None:
    with peer(api) as sock:
        sock.sendall(request_)
        assert said(sock)[0] == status


def test_a_head_below_the_caps_is_served(api: Api) -> None:
    with peer(api) as sock:
        sock.sendall(
            b"GET /health?%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
            % (b"x" * 8000)
            + b"A: %s\r\n" % (b"x" * 50_000)
            + b"b: c\r\n" * 200
            + b"\r\n"
        )
        assert said(sock)[0] == 200


@pytest.mark.parametrize(
    "line",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
        b"GET /health HTTP/9.9\r\n\r\n",
        b"NOTHING\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET /h\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:///health HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://x:99999999/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST http://[::1/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
        b"POST /generate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_a_problem(api: Api, line: bytes) -> None:
    with peer(api) as sock:
        sock.sendall(line)
        status, headers, body = said(sock)
    assert status == 400
    assert headers["content-type"] == "application/problem+json"
    assert body["type"] == "/problems/malformed"


def test_what_stands_behind_a_body_is_no_header_and_has_an_end(api: Api) -> None:
    question = b'{"prompt": "x", "model": "acme/swift-8b:free"}'
    with peer(api) as sock:
        sock.sendall(
            b"POST /generate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n"
            % (len(question), question)
        )
        assert sent(sock, b"", b"a: b\r\n" * 10_000, 1000) < 32 * MIB


@pytest.mark.parametrize(
    "head",
    [
        b"POST /benchmark HTTP/1.1\r\nContent-Type: application/json",
        b"POST /benchmark HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x",
        b"POST /generate HTTP/1.1\r\nContent-Type: application/json",
    ],
)
def test_a_client_that_leaves_in_its_body_leaves_no_error_behind(
    api: Api, caplog: pytest.LogCaptureFixture, head: bytes
) -> None:
    def cut_short() -> float:
        lines = api.http.get("/metrics").text.splitlines()
        told = [line for line in lines if 'status="400"' in line and "_total" in line]
        return sum(float(line.split()[-1]) for line in told)

    begun = b"--x" if b"multipart" in head else b"{"
    before = cut_short()
    with peer(api) as sock:
        sock.sendall(head + b"\r\nHost: x\r\nContent-Length: 90000\r\n\r\n" + begun)
    deadline_s = time.monotonic() + 30
    while cut_short() == before:
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_head_that_stops_arriving_is_a_408(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.2)
    with peer(api) as silent, peer(api) as begun:
        begun.sendall(GET)
        assert said(begun)[0] == 408
        assert silent.recv(1) == b""  # nothing was asked, so nothing is answered


def test_a_connection_is_kept_for_the_next_request(api: Api) -> None:
    with peer(api) as sock:
        for _ in range(3):
            sock.sendall(GET + b"\r\n")
            assert b"200 OK" in sock.recv(65536)
        sock.sendall(GET + b"\r\n" + GET + b"Connection: close\r\n\r\n")
        whole = b""
        while piece := sock.recv(65536):
            whole += piece
        assert whole.count(b"200 OK") == 2
