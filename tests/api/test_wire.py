"""Upstreams that leave, hang on, or speak another protocol, as a caller hears of it."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.api.client import events, problem
from tests.api.server import Start

QUESTION = {"prompt": "Why is the sky blue?", "model": "a/b"}
EVENTS = (
    b'data: {"choices":[{"delta":{"content":"Be"},"finish_reason":"stop"}]}\n\n'
    b"data: [DONE]\n\n"
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TEXT = b'{"choices":[{"message":{"content":"Because."},"finish_reason":"stop"}]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(TEXT), TEXT)
PATIENT = dict.fromkeys(
    ("idle_timeout_s", "first_token_timeout_s", "total_timeout_s"), 300.0
)
"""Longer than any client here waits."""

Serve = Callable[[socket.socket], object]


@contextmanager
def raw_upstream(serve: Serve) -> Iterator[str]:
    """The address of an upstream that does so with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    peers: list[socket.socket] = []

    def run() -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                peers.append(peer)
                threading.Thread(target=each, args=(peer,), daemon=True).start()

    def each(peer: socket.socket) -> None:
        with suppress(OSError):
            serve(peer)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for peer in peers:
            peer.close()
        thread.join()


def asked(peer: socket.socket) -> bytes:
    """One request with its JSON; b"" when the client has gone, or asks for models."""
    data = b""
    while not data.endswith(b"}"):
        part = peer.recv(65_536)
        data += part
        if not part or data.startswith(b"GET"):
            return b""
    return data


def test_a_stream_ends_for_its_client_at_done_although_the_upstream_hangs_on(
    start: Start,
) -> None:
    def serve(peer: socket.socket) -> None:
        if asked(peer):
            peer.sendall(CHUNKED + b"%x\r\n%b\r\n" % (len(EVENTS), EVENTS))
            peer.recv(1)
        peer.close()

    with raw_upstream(serve) as url:
        api = start(openrouter_base_url=url, **PATIENT)
        with api.http.stream("POST", "/generate?stream=true", json=QUESTION) as got:
            told = [event.name for event in events(got.iter_lines())]
        assert told == ["delta", "done"]


def test_a_kept_connection_that_dies_under_a_prompt_is_said_and_not_asked_again(
    start: Start,
) -> None:
    posts: list[bytes] = []

    def serve(peer: socket.socket) -> None:
        while request := asked(peer):
            posts.append(request)
            if len(posts) > 1:
                break
            peer.sendall(ANSWER)
        peer.close()

    with raw_upstream(serve) as url:
        api = start(openrouter_base_url=url)
        assert api.http.post("/generate", json=QUESTION).status_code == 200
        answer = api.http.post("/generate", json=QUESTION)
        body = problem(answer, "upstream-disconnected")
        assert "may have been billed" in body["detail"]
        assert body["outcome"] == "disconnected"
        assert len(posts) == 2, "the prompt was sent once more, and paid for"


def test_an_endless_answer_ends_at_what_was_asked_for(start: Start) -> None:
    sent: list[int] = []

    def serve(peer: socket.socket) -> None:
        if asked(peer):
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                sent.append(peer.send(b" " * 65_536))
        peer.close()

    with raw_upstream(serve) as url:
        api = start(openrouter_base_url=url, **PATIENT)
        answer = api.http.post("/generate", json=QUESTION | {"max_tokens": 256})
        assert "larger than" in problem(answer, "upstream-garbage")["detail"]
        # 4 MiB and 256 x 4 KiB, and what sockets hold; 64 MiB is for the longest
        assert 5 * 2**20 < sum(sent) < 20 * 2**20


def test_https_to_a_port_of_plain_http_is_said_with_the_scheme_to_write(
    start: Start,
) -> None:
    def serve(peer: socket.socket) -> None:
        peer.recv(65_536)
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        peer.close()

    with raw_upstream(serve) as url:
        api = start(openrouter_base_url=url.replace("http:", "https:"))
        for answer, kind in (
            (api.http.post("/generate", json=QUESTION), "upstream-unreachable"),
            (api.http.get("/models"), "no-catalogue"),
        ):
            detail = problem(answer, kind)["detail"]
            assert "speaks plain HTTP" in detail
            assert "write http:// in OPENROUTER_BASE_URL" in detail
        assert "write http:// in OPENROUTER_BASE_URL" in api.http.get("/account").text


def test_http_to_a_port_of_tls_is_said_with_the_scheme_to_write(start: Start) -> None:
    page = (
        b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title>"
        b"</head></html>"
    )
    refusal = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b"
    alert = b"\x15\x03\x01\x00\x02\x02\x46"
    for said, kind in (
        (refusal % (len(page), page), "upstream-refused"),
        (alert, "upstream-garbage"),
    ):

        def serve(peer: socket.socket, said: bytes = said) -> None:
            peer.recv(65_536)
            peer.sendall(said)
            peer.close()

        with raw_upstream(serve) as url:
            api = start(openrouter_base_url=url)
            for answer, its_kind in (
                (api.http.post("/generate", json=QUESTION), kind),
                (api.http.get("/models"), "no-catalogue"),
            ):
                detail = problem(answer, its_kind)["detail"]
                assert "expects TLS" in detail
                assert "write https:// in OPENROUTER_BASE_URL" in detail
