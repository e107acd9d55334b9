"""`python -m simulator` as somebody types it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from simulator.__main__ import arguments
from tests.simulator.simulator_client import ask


@contextmanager
def process(*options: str) -> Iterator[str]:
    """A simulator process; the line that it says first."""
    command = [sys.executable, "-m", "simulator", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline()
        finally:
            running.terminate()
            running.wait(timeout=60)


def test_it_says_where_it_listens_and_does_what_it_is_told() -> None:
    with process("--ttft-s", "0", "--tokens", "5", "--weather", "empty=1") as line:
        word, base_url = line.split()
        assert word == "ready"
        assert base_url.startswith("http://127.0.0.1:")
        assert base_url.endswith("/api/v1")
        headers = {"authorization": "Bearer k"}
        reply = httpx.post(
            f"{base_url}/chat/completions", json=ask(), headers=headers, timeout=60
        )
        assert reply.json()["usage"]["completion_tokens"] == 0


def test_the_plain_address_is_told_on_request() -> None:
    with process("--plain", "--tokens", "5") as line:
        base_url = line.split()[1]
        reply = httpx.post(f"{base_url}/chat/completions", json=ask(), timeout=60)
        assert reply.json()["usage"]["completion_tokens"] == 5


@pytest.mark.parametrize("weather", ["no-such=1", "empty=often"])
def test_unknown_weather_is_refused_at_the_start(weather: str) -> None:
    with pytest.raises(SystemExit):
        arguments().parse_args(["--weather", weather])
