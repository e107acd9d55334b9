"""Ports: free ones, taken ones, and who took them."""

import os
import socket
import sys

import pytest

from shared.errors import Misconfigured
from shared.startup.ports import check_free, free_port, holder, url_of


def test_a_free_port_can_be_listened_at() -> None:
    port = free_port()
    check_free("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_taken_port_is_a_sentence_with_the_holder_and_the_remedy(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(Misconfigured) as raised:
            check_free(host, port)
    said = str(raised.value)
    assert f"Port {port} is in use by " in said
    assert f"--port {port + 1}" in said
    if sys.platform == "linux":
        assert f"(process {os.getpid()})" in said


def test_a_port_that_was_just_closed_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = server.accept()
            accepted.close()  # the server's side closes first: TIME_WAIT is its own
    check_free("127.0.0.1", port)


def test_nobody_holds_a_free_port() -> None:
    assert holder(free_port()) is None


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(Misconfigured, match="Nothing can listen at 192"):
        check_free("192.0.2.1", free_port())


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://127.0.0.1:80"),
        ("::1", "http://[::1]:80"),
        ("bench.local", "http://bench.local:80"),
    ],
)
def test_a_url_is_one_that_a_client_can_use(host: str, url: str) -> None:
    assert url_of(host, 80) == url
