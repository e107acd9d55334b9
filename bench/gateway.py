"""POST /generate through our API, and any other gateway before the same stub."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.machine import LOAD_CORE, median, pinned, used
from bench.stub import Stub
from shared.process import tied
from shared.wire import Caps, Deadlines, Exchange, Request, Wire, request

OPEN = 32


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that answers, pinned to the load's core."""

    url: str
    pid: int
    body: Callable[[str, bool], dict[str, object]]
    """(model, streamed) -> the JSON to post."""
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Passed:
    """What a gateway let through."""

    seconds: float
    latencies_s: list[float]
    cpu_s: float
    peak_mb: float


def chat(model: str, streamed: bool) -> dict[str, object]:
    """The question in OpenAI's form."""
    return {
        "model": model,
        "stream": streamed,
        "messages": [{"role": "user", "content": "hello there"}],
    }


def direct(stub: Stub) -> Gateway:
    """The stub itself: what no gateway can be better than."""
    return Gateway(stub.base_url + "/chat/completions", stub.pid, chat, {})


@contextmanager
def ours(stub: Stub, folder: Path) -> Iterator[Gateway]:
    """Our API, without a store."""
    port = _free_port()
    env = {
        **os.environ,
        "OPENROUTER_BASE_URL": stub.base_url,
        "UPSTREAM_KIND": "openai",
        "OPENROUTER_API_KEY": "sk-bench",
        "RESULTS_DIR": str(folder / "results"),
        "LOG_FILE": str(folder / "server_logs.txt"),
        "PORT": str(port),
    }
    env.pop("REDIS_URL", None)
    argv = [sys.executable, "-m", "api"]
    with _serving(argv, env, folder, port) as pid:
        url = f"http://127.0.0.1:{port}/generate"
        yield Gateway(url, pid, _question, {})


@contextmanager
def litellm(python: Path, stub: Stub, folder: Path) -> Iterator[Gateway]:
    """litellm's proxy from a virtual environment of its own."""
    port = _free_port()
    names = ("stub/0/0/1", "stub/0/0/128")
    models = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"openai/{name}",
                "api_base": stub.base_url,
                "api_key": "sk-bench",
            },
        }
        for name in names
    ]
    key = "sk-bench-0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    config = folder / "litellm.json"  # JSON is YAML
    settings = {"master_key": key}
    config.write_text(json.dumps({"model_list": models, "general_settings": settings}))
    env = {**os.environ, "REPEATED_STREAMING_CHUNK_LIMIT": "100000"}
    program = python.with_name("litellm")
    argv = [str(program), "--config", str(config), "--port", str(port)]
    with _serving(argv, env, folder, port) as pid:
        url = f"http://127.0.0.1:{port}/v1/chat/completions"
        yield Gateway(url, pid, chat, {"Authorization": f"Bearer {key}"})


async def ask(
    gateway: Gateway, *, calls: int, at_once: int, model: str, streamed: bool
) -> Passed:
    """Put the same question `calls` times, so many at once.

    RuntimeError when an answer is not a good one.
    """
    deadlines = Deadlines(connect_s=10, first_token_s=60, idle_s=60, total_s=120)
    wire = Wire(deadlines=deadlines, caps=Caps())
    question = request(
        "POST",
        gateway.url,
        {"Content-Type": "application/json", **gateway.headers},
        json.dumps(gateway.body(model, streamed)).encode(),
    )
    try:
        for _ in range(3):
            await _one(wire, question)
        before = used(gateway.pid)
        begun_s = time.monotonic()
        left = iter(range(calls))
        latencies_s: list[float] = []

        async def lane() -> None:
            for _ in left:
                latencies_s.append(await _one(wire, question))

        await asyncio.gather(*(lane() for _ in range(at_once)))
        seconds = time.monotonic() - begun_s
        after = used(gateway.pid)
    finally:
        await wire.aclose()
    return Passed(seconds, latencies_s, after.cpu_s - before.cpu_s, after.peak_mb)


async def added_ms(gateway: Gateway, stub: Stub, *, calls: int) -> float:
    """Median latency through the gateway less that of the stub, one call at a time."""
    medians = []
    for one in (gateway, direct(stub)):
        passed = await ask(
            one, calls=calls, at_once=1, model="stub/0/0/1", streamed=False
        )
        medians.append(median(passed.latencies_s))
    return (medians[0] - medians[1]) * 1e3


async def _one(wire: Wire, question: Request) -> float:
    exchange: Exchange = await wire.exchange(question)
    response = exchange.response()
    if exchange.failure is not None or response.status != 200:
        said = exchange.failure or response.body[:300]
        raise RuntimeError(f"status {response.status}: {said!r}")
    assert exchange.ended_s is not None
    assert exchange.sent_s is not None
    return exchange.ended_s - exchange.sent_s


def _question(model: str, streamed: bool) -> dict[str, object]:
    return {"prompt": "hello there", "model": model, "stream": streamed}


@contextmanager
def _serving(
    argv: list[str], env: dict[str, str], folder: Path, port: int
) -> Iterator[int]:
    with (folder / "gateway.out").open("ab") as out:
        child = subprocess.Popen(
            tied(pinned(LOAD_CORE, argv)), env=env, stdout=out, stderr=out
        )
    try:
        _wait_for(port, child, folder)
        yield child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _wait_for(port: int, child: subprocess.Popen[bytes], folder: Path) -> None:
    import socket

    until_s = time.monotonic() + 120
    while time.monotonic() < until_s and child.poll() is None:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    said = (folder / "gateway.out").read_text("utf-8", "replace")[-500:]
    raise RuntimeError(f"the gateway does not answer: {said}")


def _free_port() -> int:
    import socket

    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
