"""Simulators on real sockets, each in a thread of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from simulator.config import Config
from simulator.server import build, listen, server

QUICK = Config(ttft_s=0.005, gap_s=0.0005, tokens=12, spread=0.0)


@contextmanager
def running(config: Config) -> Iterator[httpx.Client]:
    """A simulator while the block lasts, and a client of its root."""
    sock = listen("127.0.0.1", 0)
    serving = server(build(config))
    thread = threading.Thread(target=serving.run, kwargs={"sockets": [sock]})
    thread.start()
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{sock.getsockname()[1]}",
            headers={"authorization": "Bearer sk-or-v1-test"},
            timeout=10,
            trust_env=False,
        ) as client:
            yield client
    finally:
        serving.should_exit = True
        thread.join()
        sock.close()


@pytest.fixture(scope="module")
def shared_sim() -> Iterator[httpx.Client]:
    with running(QUICK) as client:
        yield client


@pytest.fixture
def sim(shared_sim: httpx.Client) -> httpx.Client:
    """A quick simulator that serves a whole module; its ledger is empty."""
    shared_sim.delete("/sim/ledger")
    return shared_sim


@pytest.fixture
def start() -> Iterator[Callable[[Config], httpx.Client]]:
    """Start a simulator with a configuration of one's own."""
    with ExitStack() as stack:
        yield lambda config: stack.enter_context(running(config))
