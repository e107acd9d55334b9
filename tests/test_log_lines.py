"""The life of a benchmark in the log of a real stack: one file, a line each."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from shared.money.limits import account_of
from shared.process import tied
from shared.run import Status
from shared.settings.settings import Settings
from shared.startup.ports import free_port
from shared.store.run import runs
from shared.store.upstream import limits
from tests.children import CANARY, Simulator, Workers, simulator, until, workers
from tests.worker.told import reaches

FORM = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    r" - (?P<room>\w+)[\w.]* - [A-Z]+ - (?P<said>.*)"
)
PROMPT = "Why-is-the-sky-blue?"
FREE, PAID = "acme/swift-8b:free", "acme/swift-8b"


@dataclass
class Stack:
    """An API and workers that log to one file."""

    http: httpx.AsyncClient
    fleet: Workers
    file: Path

    async def create(self, model: str, calls: int) -> str:
        plan = {
            "targets": [{"model": model}],
            "prompts": {"kind": "inline", "prompts": [PROMPT]},
            "runs": calls,
            "load": {"kind": "concurrency", "concurrency": 4},
        }
        answer = await self.http.post("/benchmark", json=plan)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def lines(self) -> list[str]:
        return self.file.read_text("utf-8").splitlines()

    def story(self, job_id: str, room: str) -> list[str]:
        """What a room says of one benchmark. Which room is first to say what it did is
        left to chance."""
        found = filter(None, map(FORM.fullmatch, self.lines()))
        said = [line["said"] for line in found if line["room"] == room]
        start = f"benchmark {job_id} "
        return [line.removeprefix(start) for line in said if line.startswith(start)]


@asynccontextmanager
async def a_stack(
    store_url: str, upstream: Simulator, folder: Path, **env: str
) -> AsyncIterator[Stack]:
    port = free_port()
    with workers(store_url, upstream.base_url, folder, PORT=str(port), **env) as fleet:
        api = subprocess.Popen(
            tied([sys.executable, "-m", "api"]),
            env={**os.environ, **fleet.env},
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:

            async def answers() -> bool:
                try:
                    return (await http.get("/health")).is_success
                except httpx.TransportError:
                    return False

            try:
                await until(answers, "the API")
                yield Stack(http, fleet, folder / "server_logs.txt")
            finally:
                api.terminate()
                api.wait(30)


async def closed(redis: Redis, job_id: str, n: int) -> bool:
    return (await runs.load(redis, job_id)).closed >= n


def has(*patterns: str, story: list[str]) -> None:
    """The story is these lines, in this order."""
    assert len(story) == len(patterns), story
    for line, pattern in zip(story, patterns, strict=True):
        assert re.fullmatch(pattern, line), line


async def test_the_log_tells_the_life_of_a_benchmark_and_nothing_it_asked(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with simulator("--ttft-s", "0.05", "--gap-s", "0.005", "--tokens", "8") as upstream:
        async with a_stack(store_url, upstream, tmp_path) as stack:
            victim = stack.fleet.start()
            job_id = await stack.create(PAID, 80)
            await until(lambda: closed(redis, job_id, 8), "eight rows")
            victim.kill()
            stack.fleet.start()
            before = (await runs.load(redis, job_id)).closed
            await until(lambda: closed(redis, job_id, before + 8), "a takeover")
            await stack.http.post(f"/benchmark/{job_id}/pause")

            async def stopped() -> bool:
                return any(
                    "stopped: " in line for line in stack.story(job_id, "worker")
                )

            await until(stopped, "the pause")
            await stack.http.post(f"/benchmark/{job_id}/resume")
            await reaches(redis, job_id, Status.DONE)
            short = await stack.create(PAID, 100_000)
            await until(lambda: closed(redis, short, 1), "a row")
            await stack.http.delete(f"/benchmark/{short}")
            await reaches(redis, short, Status.CANCELLED)
            assert set(stack.fleet.stop()) == {0, -signal.SIGKILL}
        has(
            *(r"created: 80 calls, targets 1",),
            *(r"paused, as was asked", r"resumed, as was asked"),
            story=stack.story(job_id, "api"),
        )
        has(
            r"started: step 0, shards 1, segment 0",
            r"taken over: shard 0 of step 0 was of \S+, which went silent",
            r"resumed: step 0, shards 1, segment 1",
            r"stopped: paused, shard 0 of step 0",
            r"resumed: step 0, shards 1, segment 2",
            r"ended: done \(completed\), calls 80 of 80, failed 0,"
            r" verdict \w+( \w+)*",
            story=stack.story(job_id, "worker"),
        )
        has(
            *(r"created: 100000 calls, targets 1", r"cancelled, as was asked"),
            story=stack.story(short, "api"),
        )
        has(
            r"started: step 0, shards 1, segment 0",
            r"ended: cancelled \(cancelled\), calls \d+ of 100000, failed 0,"
            r" verdict \w+( \w+)*",
            story=stack.story(short, "worker"),
        )
        for line in stack.lines():
            assert FORM.fullmatch(line), line
            assert PROMPT not in line
            assert CANARY not in line
            assert "uvicorn.access" not in line


@pytest.mark.usefixtures("no_midnight")
async def test_arqs_command_line_logs_the_same_in_the_same_form(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with simulator("--tokens", "4", "--free-per-day", "50") as upstream:
        env = {"FREE_LIMITS": "auto", "ACCESS_LOG": "true"}
        given = {
            "openrouter_base_url": upstream.base_url,
            "openrouter_api_key": CANARY,
        }
        account = account_of(Settings.model_validate(given))
        await limits.learn(redis, account, "free", 50, 48)  # two calls are left today
        async with a_stack(store_url, upstream, tmp_path, **env) as stack:
            with (tmp_path / "arq.err").open("wb") as said:
                arq = subprocess.Popen(
                    tied([sys.executable, "-m", "arq", "worker.main.WorkerSettings"]),
                    env={**os.environ, **stack.fleet.env},
                    stderr=said,
                )
            job_id = await stack.create(FREE, 10)
            await reaches(redis, job_id, Status.WAITING)
            await stack.http.delete(f"/benchmark/{job_id}")
            await reaches(redis, job_id, Status.CANCELLED)
            arq.terminate()
            arq.wait(30)
        has(
            *(r"created: 10 calls, targets 1", r"cancelled, as was asked"),
            story=stack.story(job_id, "api"),
        )
        has(
            r"started: step 0, shards 1, segment 0",
            r"waiting: a limit, until \S+Z",
            r"ended: cancelled \(cancelled\), calls 2 of 10, failed 0,"
            r" verdict \w+( \w+)*",
            story=stack.story(job_id, "worker"),
        )
        lines = stack.lines()
        console = (tmp_path / "arq.err").read_text("utf-8").splitlines()
        assert set(console) <= set(lines), "a line in a form of arq's own"
        assert [line for line in console if " is ready" in line]
        asked = [line for line in lines if " - uvicorn.access - INFO - " in line]
        assert any('"POST /benchmark HTTP/1.1" 202' in line for line in asked)
