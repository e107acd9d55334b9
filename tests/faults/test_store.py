"""A store that is killed, emptied, hung, out of reach and full: rows 5 to 8."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

import httpx
import psutil
import pytest
import pytest_asyncio
from redis.exceptions import ResponseError

from shared.run import Status
from shared.store.client import connect
from tests.children import until
from tests.faults.proxy import Proxy
from tests.faults.stack import LEASE_S, Stack, a_plan, a_stack, a_store

pytestmark = pytest.mark.asyncio(loop_scope="module")

ANSWER_S = 3.0
"""No answer of the API takes longer, whatever the store does."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """One for all faults that a store and its worker get over."""
    async with a_stack(tmp_path_factory.mktemp("s"), gap_s=0.01, warm=True) as running:
        running.fleet.start()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(stack: Stack) -> str:
    return stack.start_api()


async def test_a_store_that_is_killed_and_comes_back_costs_no_row(
    stack: Stack,
) -> None:
    job_id = await stack.submit(a_plan("ok/killed", n=60))
    await stack.closed(job_id, 20)
    counted = {r.generation_id for r in await stack.rows(job_id)}
    stack.store.kill()
    await until(lambda: spooled(stack.folder), "rows on disk")
    stack.store.revive()
    await whole(stack, job_id, 60)
    assert counted <= {r.generation_id for r in await stack.rows(job_id)}
    assert not any((stack.folder / "spool").glob("*/*.rows"))


async def whole(stack: Stack, job_id: str, n: int) -> None:
    """The run comes to its end without a loss, and the first worker is there still."""
    done = await stack.reaches(job_id, Status.DONE)
    assert (done.closed, stack.fleet.children[0].poll()) == (n, None)
    await stack.balanced(job_id)


async def spooled(folder: Path) -> bool:
    return any((folder / "spool").glob("*/*.rows"))


async def test_a_store_that_forgot_everything_is_said_and_nothing_is_called_done(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.02) as stack:
        worker = stack.fleet.start()
        url = stack.start_api()
        job_id = await stack.submit(a_plan(n=200))
        await stack.closed(job_id, 10)
        stack.store.kill()
        await until(lambda: spooled(tmp_path), "rows on disk")
        stack.store.revive_empty()
        assert not await stack.redis.exists(f"llmbench:run:{job_id}")

        async def said() -> bool:
            return "it has lost its data" in stack.said()

        await until(said, "the worker's sentence")

        async def nothing_open() -> bool:
            return stack.upstream.open == 0

        await until(nothing_open, "the end of its calls")
        before = len(stack.upstream.ledger)

        async def known() -> bool:
            return bool(await stack.redis.exists("llmbench:born"))

        await until(known, "the worker's word to the new store")
        answer = httpx.get(f"{url}/benchmark/{job_id}", trust_env=False)
        assert answer.status_code == 404
        assert "the store has lost it" in answer.json()["detail"]
        assert worker.poll() is None
        assert stack.fleet.stop() == [0]
        assert await spooled(tmp_path), "rows were thrown away"
        # the next worker of this machine puts them aside for a person
        stack.fleet.start()
        lost = tmp_path / "spool" / "lost"
        await until(lambda: exists(lost), "rows put aside")
        assert list(lost.glob(f"{job_id}.*.rows"))
        assert len(stack.upstream.ledger) == before, "calls for a run that is gone"
        assert not (tmp_path / "results" / job_id).exists()


async def exists(path: Path) -> bool:
    return path.exists()


async def test_a_store_that_hangs_starts_no_call_after_the_lease_and_loses_none(
    stack: Stack, url: str
) -> None:
    job_id = await stack.submit(a_plan("ok/hung", n=80))
    await stack.closed(job_id, 10)
    store = psutil.Process(stack.store.process.pid)
    store.suspend()
    hung_s = time.monotonic()
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        answers = await asyncio.gather(
            *(http.get(f"{url}/benchmark/{job_id}") for _ in range(20))
        )
    took_s = time.monotonic() - hung_s
    assert {answer.status_code for answer in answers} == {503}
    assert all(answer.headers["retry-after"] for answer in answers)
    assert took_s < ANSWER_S + 3, "generous: the machine is busy"
    await asyncio.sleep(max(0.0, LEASE_S + 0.3 - took_s))
    after_lease = len(stack.upstream.ledger)
    await asyncio.sleep(0.5)
    assert len(stack.upstream.ledger) == after_lease, "a call without a lease"
    assert len(stack.upstream.of("ok/hung")) < 80, "nothing was left to be started"
    assert store.status() == psutil.STATUS_STOPPED
    store.resume()
    await whole(stack, job_id, 80)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def behind(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[Stack, Proxy]]:
    """A worker that reaches its store through a proxy, as we do not."""
    folder = tmp_path_factory.mktemp("p")
    with a_store(folder / "far") as far, Proxy(far.socket).serving() as proxy:
        async with a_stack(
            folder, gap_s=0.01, store_url=proxy.url, warm=True
        ) as running:
            await running.redis.aclose()
            running.redis = connect(far.url)
            running.fleet.start()
            yield running, proxy


@pytest.mark.long
@pytest.mark.parametrize("mode", ["blackhole", "refuse", "slow"])
async def test_a_store_out_of_reach_loses_no_row(
    behind: tuple[Stack, Proxy], mode: Literal["blackhole", "refuse", "slow"]
) -> None:
    stack, proxy = behind
    job_id = await stack.submit(a_plan(f"ok/{mode}", n=60))
    await stack.closed(job_id, 10)
    if mode == "slow":
        proxy.delay_s = 0.05
        assert proxy.cut() > 0
        await stack.closed(job_id, 40)
        assert proxy.delayed > 20
        proxy.delay_s = 0.0
    else:
        proxy.mode = mode
        if mode == "refuse":
            assert proxy.cut() > 0
        await until(lambda: spooled(stack.folder), "rows on disk")
        assert proxy.swallowed if mode == "blackhole" else proxy.refused
        proxy.mode = "pass"
        proxy.cut()
    await whole(stack, job_id, 60)


async def test_a_full_store_refuses_loses_nothing_and_recovers(
    stack: Stack, url: str
) -> None:
    job_id = await stack.submit(a_plan("ok/full", n=60))
    await stack.closed(job_id, 10)
    await stack.redis.config_set("maxmemory", 1)
    await until(lambda: spooled(stack.folder), "rows on disk")
    plan = a_plan(n=1).model_dump(mode="json")
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        answer = await http.post(f"{url}/benchmark", json=plan)
    assert answer.status_code == 503, answer.text
    await stack.redis.config_set("maxmemory", 0)
    await whole(stack, job_id, 60)
    assert (await stack.redis.info("stats"))["evicted_keys"] == 0


async def test_a_store_that_cannot_write_its_snapshot_is_away_and_no_bug(
    stack: Stack, url: str
) -> None:
    job_id = await stack.submit(a_plan("ok/misconf", n=60))
    await stack.closed(job_id, 10)
    folder = Path((await stack.redis.config_get("dir"))["dir"]) / "dump.rdb"
    (folder / "in the way").mkdir(parents=True)
    await stack.redis.config_set("save", "1 1")
    await stack.redis.bgsave()
    await until(lambda: spooled(stack.folder), "rows on disk")
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        answer = await http.post(f"{url}/benchmark", json=posted())
        shown = await http.get(f"{url}/benchmark/{job_id}")
    assert answer.status_code == 503, answer.text
    assert answer.json()["type"] == "/problems/store-down"
    assert "MISCONF" in answer.json()["detail"]
    assert shown.status_code == 200, "it can be read"
    await stack.redis.config_set("save", "")
    await whole(stack, job_id, 60)


async def test_a_store_that_is_busy_with_a_script_is_away_and_no_bug(
    stack: Stack, url: str
) -> None:
    job_id = await stack.submit(a_plan("ok/busy", n=60))
    await stack.closed(job_id, 10)
    await stack.redis.config_set("lua-time-limit", 10)
    other = connect(stack.store.url)
    busy = asyncio.ensure_future(other.eval("while true do end", 0))
    await until(lambda: spooled(stack.folder), "rows on disk")
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
        answer = await http.post(f"{url}/benchmark", json=posted())
    assert answer.status_code == 503, answer.text
    assert "BUSY" in answer.json()["detail"]
    await stack.redis.script_kill()
    with pytest.raises(ResponseError, match="killed"):
        await busy
    await other.aclose()
    await whole(stack, job_id, 60)


def posted() -> dict[str, Any]:
    return a_plan(n=1).model_dump(mode="json")
