"""The API under faults: rows 19 to 21 of the list, and cuts in the middle of events."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest
import pytest_asyncio

from shared.run import Status
from tests.api.client import events as events_of
from tests.children import until
from tests.faults.stack import Stack, a_plan, a_stack

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_GROWTH = 64 * 2**20


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder: Path = tmp_path_factory.mktemp("asking")
    async with a_stack(folder, gap_s=0.02, warm=True) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(stack: Stack) -> str:
    return stack.start_api()


async def posted(url: str, key: str, times: int) -> set[str]:
    """The jobs that so many equal POSTs at once have made."""
    body = a_plan(n=1).model_dump(mode="json")
    limits = httpx.Limits(max_connections=times)
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
        answers = await asyncio.gather(
            *(
                http.post(
                    f"{url}/benchmark", json=body, headers={"Idempotency-Key": key}
                )
                for _ in range(times)
            )
        )
    assert {answer.status_code for answer in answers} <= {202, 503}
    made = [a.json()["job_id"] for a in answers if a.status_code == 202]
    assert len(made) > 1, "no two of them were answered"
    return set(made)


async def test_fifty_equal_posts_at_once_make_one_job(stack: Stack, url: str) -> None:
    before = await stack.redis.zcard("llmbench:runs")
    assert len(await posted(url, "k", 50)) == 1
    assert await stack.redis.zcard("llmbench:runs") == before + 1


async def test_of_many_posts_at_once_none_is_queued_and_denied(
    stack: Stack, url: str
) -> None:
    n = 200
    before = set(await stack.redis.zrange("llmbench:runs", 0, -1))
    body = a_plan("ok/at-once", n=1).model_dump(mode="json")
    limits = httpx.Limits(max_connections=n)
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
        answers = await asyncio.gather(
            *(http.post(f"{url}/benchmark", json=body) for _ in range(n))
        )
    refused = [a.json()["type"] for a in answers if a.status_code != 202]
    assert set(refused) <= {"/problems/busy"}, "the store was there all the time"
    told = {a.json()["job_id"].encode() for a in answers if a.status_code == 202}
    made = set(await stack.redis.zrange("llmbench:runs", 0, -1)) - before
    assert made == told
    assert len(told) == n - len(refused)
    await stack.redis.flushdb()  # nobody need do them before what follows


async def test_a_reader_that_is_cut_off_again_and_again_misses_no_state(
    stack: Stack, url: str
) -> None:
    job_id = await stack.submit(a_plan("ok/cut-off", n=40))
    seen: dict[str, str] = {}

    def follow() -> int:
        """Read one event, leave, come back with its id; how often we left."""
        last: dict[str, str] = {}
        left, give_up_s = 0, time.monotonic() + 90
        # of an answer that is left early the client closes the connection
        with httpx.Client(trust_env=False, timeout=30, base_url=url) as http:
            while time.monotonic() < give_up_s:
                time.sleep(0.02)
                left += 1
                where = f"/benchmark/{job_id}/events"
                with http.stream("GET", where, headers=last) as answer:
                    for event in events_of(answer.iter_lines()):
                        if event.id is not None:
                            last = {"Last-Event-ID": event.id}
                        # the last state comes with `done`, which has the id
                        if event.name == "state" and event.id is not None:
                            assert event.id not in seen, "it was told twice"
                            seen[event.id] = event.data["status"]
                        if event.name == "done":
                            return left
                        if event.id is not None:
                            break
        raise AssertionError("no end")

    following = asyncio.create_task(asyncio.to_thread(follow))
    await asyncio.sleep(0.5)
    worker = stack.fleet.start()
    await stack.reaches(job_id, Status.DONE)
    assert await following > 3, "it was hardly ever cut off"
    # a snapshot stands for `queued`; nothing after it may be missing
    assert [s for s in seen.values() if s != "queued"][:2] == [
        "running",
        "reducing",
    ]
    assert worker.poll() is None


async def test_readers_that_are_stuck_cost_no_memory_and_hinder_no_run(
    stack: Stack, url: str
) -> None:
    stack.fleet.start()
    stack.upstream.gap_s = 0.002
    job_id = await stack.submit(a_plan("ok/stuck", n=400))
    assert stack.api is not None
    api = psutil.Process(stack.api.pid)
    before = api.memory_info().rss
    stuck = [deaf(stack.api_port, job_id) for _ in range(100)]
    try:
        began_s = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            answer = await http.get(f"{url}/health")
        assert answer.status_code == 200
        assert time.monotonic() - began_s < 10
        await stack.reaches(job_id, Status.DONE)
        await until(lambda: all_wait(stack.api_port, 100), "events that nobody reads")
        assert api.memory_info().rss - before < MOST_GROWTH
    finally:
        for one in stuck:
            one.close()


def deaf(port: int, job_id: str) -> socket.socket:
    """A client that asks for events and reads none."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect(("127.0.0.1", port))
    client.sendall(
        f"GET /benchmark/{job_id}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    )
    return client


async def all_wait(port: int, n: int) -> bool:
    """Whether so many connections of this server hold bytes that their clients'
    windows are too small for, which /proc tells by the kernel's queues."""
    lines = Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]
    full = 0
    for _, local, _, _, queues, *_ in map(str.split, lines):
        full += int(local.partition(":")[2], 16) == port and queues[:8] != "0" * 8
    return full >= n
