"""`python -m api` as a process of its own, and a store that hangs or is not there."""

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from api.live import follower_of
from api.parts import Store, Views, Watchers
from shared.plan import Plan
from shared.process import tied
from shared.run import Ending
from shared.settings.settings import Settings
from shared.store import embedded
from shared.store.client import connect
from shared.store.run import runs, states
from tests.api.client import FILE, FORM, events, plan, problem, submit
from tests.api.server import Api, Start
from tests.children import CANARY

HANG_S = 3.0
"""The promise is 3 s; a command of the store alone may take three times that, with its
retries."""


@dataclass
class Process:
    """A server, and where it says what it does."""

    child: subprocess.Popen[str]
    url: str
    log: Path


@contextmanager
def running(
    folder: Path, config: Settings, command: list[str], **env: str
) -> Iterator[Process]:
    """The API as a process; ended hard if the block did not end it."""
    log = folder / "server_logs.txt"
    given = {
        "REDIS_URL": config.redis_url or "",
        "OPENROUTER_BASE_URL": config.openrouter_base_url,
        "OPENROUTER_API_KEY": CANARY,
        "UPSTREAM_KIND": "openrouter",
        "FREE_LIMITS": "off",
        "RESULTS_DIR": str(folder / "results"),
        "LOG_FILE": str(log),
        **env,
    }
    child = subprocess.Popen(
        tied([sys.executable, "-m", *command]),
        env={**os.environ, **given},
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield Process(child, ready_url(child, log), log)
    finally:
        child.kill()
        child.wait()


def ready_url(child: subprocess.Popen[str], log: Path) -> str:
    """What the one line that says so says; uvicorn has words of its own for it."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        text = log.read_text("utf-8") if log.exists() else ""
        if match := re.search(r"(?:ready|running on) (http://\S+)", text):
            return match[1]
        assert child.poll() is None, text
        time.sleep(0.02)
    raise AssertionError("it was not ready within 30 s")


COMMANDS = [
    ["api", "--port", "0"],
    ["uvicorn", "api.main:app", "--port", "0", "--timeout-graceful-shutdown", "5"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=["python -m api", "uvicorn"])
def test_sigterm_ends_open_streams_without_a_word_of_error(
    tmp_path: Path, config: Settings, command: list[str]
) -> None:
    with running(tmp_path, config, command) as api:
        with httpx.Client(base_url=api.url, trust_env=False, timeout=30) as http:
            job_id = submit(http)
            with http.stream("GET", f"/benchmark/{job_id}/events") as answer:
                lines = answer.iter_lines()
                assert next(events(lines)).name == "snapshot"
                api.child.send_signal(signal.SIGTERM)
                assert list(events(lines)) == []  # it ends, and ends properly
                api.child.wait(30)
        log = api.log.read_text("utf-8")
    # uvicorn says so when it had to cut what did not end within the grace period
    assert " - ERROR - " not in log, log
    assert "Traceback" not in log
    assert CANARY not in log


def test_every_line_of_the_log_has_the_one_form(
    tmp_path: Path, config: Settings
) -> None:
    with running(tmp_path, config, COMMANDS[0]) as api:
        httpx.post(f"{api.url}/generate", json={"prompt": "x"}, trust_env=False)
        body = {"prompt": "x", "model": "fault/bad-key"}
        httpx.post(f"{api.url}/generate", json=body, trust_env=False)
        api.child.send_signal(signal.SIGTERM)
        api.child.wait(30)
        lines = api.log.read_text("utf-8").splitlines()
    assert len([line for line in lines if " - ready http://127.0.0.1:" in line]) == 1
    assert any("upstream-bad-key" in line for line in lines)
    form = r"\d{4}-\d\d-\d\dT[\d:.]+Z - [\w.]+ - [A-Z]+ - .+"
    assert all(re.fullmatch(form, line) for line in lines), lines
    assert CANARY not in "".join(lines)


def test_a_port_that_is_taken_is_said(tmp_path: Path, config: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        child = subprocess.run(
            [sys.executable, "-m", "api", "--port", str(port)],
            env={**os.environ, "LOG_FILE": str(tmp_path / "log.txt")},
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert child.returncode != 0
    assert "in use" in child.stderr
    assert "Traceback" not in child.stderr


def timed(api: Api, method: str, path: str) -> tuple[httpx.Response, float]:
    """An answer, and how long it took."""
    body = plan() if method == "POST" else None
    began = time.monotonic()
    answer = api.http.request(method, path, json=body)
    return answer, time.monotonic() - began


def test_while_the_store_hangs_every_answer_comes_in_time(
    tmp_path: Path, start: Start
) -> None:
    store = embedded.start(tmp_path)
    assert store.process is not None
    try:
        api = start(redis_url=store.url, results_dir=tmp_path / "results")
        job_id = submit(api.http)
        server = psutil.Process(store.process.pid)
        server.suspend()
        try:
            with ThreadPoolExecutor() as pool:
                asked = [
                    (path, pool.submit(timed, api, method, path))
                    for method, path in (
                        ("GET", f"/benchmark/{job_id}"),
                        ("GET", f"/benchmark/{job_id}/events"),
                        ("GET", f"/benchmark/{job_id}/samples.csv"),
                        ("GET", "/benchmark"),
                        ("DELETE", f"/benchmark/{job_id}"),
                        ("POST", "/benchmark"),
                        ("GET", "/health/ready"),
                    )
                ]
            for path, future in asked:
                answer, took_s = future.result()
                problem(answer, "service-down" if "ready" in path else "store-down")
                assert answer.status_code == 503
                assert answer.headers["retry-after"]
                assert took_s < HANG_S + 4, f"{path} took {took_s:.1f} s"
            assert api.http.get("/health").status_code == 200
            assert api.http.get("/models").status_code == 200
        finally:
            server.resume()
        deadline = time.monotonic() + 30
        while api.http.get(f"/benchmark/{job_id}").status_code != 200:
            assert time.monotonic() < deadline, "it did not come back"
    finally:
        store.stop()


def test_a_store_that_is_not_there_is_said_and_its_password_is_not(
    start: Start,
) -> None:
    api = start(redis_url="redis://:hunter22@127.0.0.1:1/0")
    answer = api.http.post("/benchmark", data=FORM, files=FILE)
    body = problem(answer, "store-down")
    assert "REDIS_URL" in body["detail"]
    assert "hunter22" not in answer.text
    assert problem(api.http.get("/health/ready"), "service-down")["down"] == ["store"]


def test_a_stream_outlives_a_store_that_is_away_for_a_while(
    tmp_path: Path, start: Start
) -> None:
    store = embedded.start(tmp_path)
    assert store.process is not None
    try:
        api = start(redis_url=store.url, results_dir=tmp_path / "results")
        job_id = submit(api.http)
        with api.http.stream("GET", f"/benchmark/{job_id}/events") as answer:
            following = events(answer.iter_lines())
            assert next(following).name == "snapshot"
            time.sleep(1.1)  # appendfsync everysec
            store.process.kill()
            store.process.wait()
            store = store.revive()
            deadline = time.monotonic() + 30
            while api.http.delete(f"/benchmark/{job_id}").status_code != 202:
                assert time.monotonic() < deadline, "the store did not come back"
            told = next(event for event in following if event.name != "comment")
        assert (told.name, told.data["status"]) == ("state", "reducing")
    finally:
        store.stop()


class Silent(Watchers):
    """Watchers whose bells never ring."""

    @asynccontextmanager
    async def watch(self, job_id: str) -> AsyncIterator[asyncio.Event]:
        yield asyncio.Event()


async def test_what_the_store_would_not_tell_is_asked_for_again(
    tmp_path: Path, config: Settings
) -> None:
    server = embedded.start(tmp_path)
    assert server.process is not None
    redis = connect(server.url)
    try:
        store = Store(redis, Views(redis, config), Silent(redis))
        run = await runs.create(redis, Plan.model_validate(plan()))
        told = (await follower_of(store, run.job_id, None)).events(lambda: False)
        assert b"event: snapshot" in await anext(told)
        await states.end(redis, run.job_id, Ending.CANCELLED)
        time.sleep(1.1)  # appendfsync everysec
        server.process.kill()
        server.process.wait()
        assert (await anext(told)).startswith(b":")
        server = server.revive()
        async with asyncio.timeout(30):
            async for piece in told:
                if not piece.startswith(b":"):
                    break
        assert b"event: state" in piece
        await told.aclose()
    finally:
        await redis.aclose()
        server.stop()
