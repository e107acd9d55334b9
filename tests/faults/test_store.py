"""A store that is killed, emptied, hung, out of reach and full: rows 5 to 8."""

import asyncio
import signal
import time
from pathlib import Path

import httpx
import pytest

from shared.run import Status
from shared.store.client import connect
from tests.children import until
from tests.faults.proxy import Proxy
from tests.faults.stack import LEASE_S, a_plan, a_stack, a_store

ANSWER_S = 3.0
"""No answer of the API takes longer, whatever the store does."""


async def test_a_store_that_is_killed_and_comes_back_costs_no_row(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.01) as stack:
        worker = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=150))
        await stack.closed(job_id, 20)
        counted = {r.generation_id for r in await stack.rows(job_id)}
        stack.store.kill()
        await until(lambda: spooled(tmp_path), "rows on disk")
        stack.store.revive()
        done = await stack.reaches(job_id, Status.DONE)
        assert counted <= {r.generation_id for r in await stack.rows(job_id)}
        assert (done.closed, worker.poll()) == (150, None), "the worker lived through"
        await stack.balanced(job_id)
        assert not any((tmp_path / "spool").glob("*/*.rows"))


async def spooled(folder: Path) -> bool:
    return any((folder / "spool").glob("*/*.rows"))


async def test_a_store_that_forgot_everything_is_said_and_nothing_is_called_done(
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.02) as stack:
        url = stack.start_api()
        worker = stack.fleet.start()
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
    tmp_path: Path,
) -> None:
    async with a_stack(tmp_path, gap_s=0.02) as stack:
        url = stack.start_api()
        stack.fleet.start()
        job_id = await stack.submit(a_plan(n=150))
        await stack.closed(job_id, 10)
        stack.store.process.send_signal(signal.SIGSTOP)
        hung_s = time.monotonic()
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            answers = await asyncio.gather(
                *(http.get(f"{url}/benchmark/{job_id}") for _ in range(5))
            )
        took_s = time.monotonic() - hung_s
        assert {answer.status_code for answer in answers} == {503}
        assert all(answer.headers["retry-after"] for answer in answers)
        assert took_s < ANSWER_S + 3, "generous: the machine is busy"
        await asyncio.sleep(max(0.0, LEASE_S + 0.3 - took_s))
        after_lease = len(stack.upstream.ledger)
        await asyncio.sleep(0.5)
        assert len(stack.upstream.ledger) == after_lease, "a call without a lease"
        stack.store.process.send_signal(signal.SIGCONT)
        await stack.reaches(job_id, Status.DONE)
        await stack.balanced(job_id)


@pytest.mark.parametrize("mode", ["blackhole", "refuse", "slow"])
async def test_a_store_out_of_reach_loses_no_row(tmp_path: Path, mode: str) -> None:
    with a_store(tmp_path / "far") as far, Proxy(far.socket).serving() as proxy:
        async with a_stack(tmp_path, gap_s=0.02, store_url=proxy.url) as stack:
            await stack.redis.aclose()
            stack.redis = connect(far.url)
            stack.fleet.start()
            job_id = await stack.submit(a_plan(n=100))
            await stack.closed(job_id, 10)
            if mode == "slow":
                proxy.delay_s = 0.05
                assert proxy.cut() > 0
                await asyncio.sleep(1)
            else:
                proxy.mode = "blackhole" if mode == "blackhole" else "refuse"
                if mode == "refuse":
                    assert proxy.cut() > 0
                await until(lambda: spooled(tmp_path), "rows on disk")
                assert proxy.swallowed if mode == "blackhole" else proxy.refused
                proxy.mode = "pass"
                proxy.cut()
            done = await stack.reaches(job_id, Status.DONE)
            assert done.closed == 100
            await stack.balanced(job_id)


async def test_a_full_store_refuses_loses_nothing_and_recovers(tmp_path: Path) -> None:
    async with a_stack(tmp_path, gap_s=0.01) as stack:
        url = stack.start_api()
        worker = stack.fleet.start()
        job_id = await stack.submit(a_plan(n=150))
        await stack.closed(job_id, 10)
        await stack.redis.config_set("maxmemory", 1)
        await until(lambda: spooled(tmp_path), "rows on disk")
        plan = a_plan(n=1).model_dump(mode="json")
        answer = httpx.post(f"{url}/benchmark", json=plan, trust_env=False, timeout=20)
        assert answer.status_code == 503, answer.text
        await stack.redis.config_set("maxmemory", 0)
        done = await stack.reaches(job_id, Status.DONE)
        assert (done.closed, worker.poll()) == (150, None)
        assert (await stack.redis.info("stats"))["evicted_keys"] == 0
        await stack.balanced(job_id)
