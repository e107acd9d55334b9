"""An upstream that is down takes no slots: the run waits, tries, and goes on."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.plan import Plan
from shared.plan.loads import Concurrency, Load
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from shared.store.run import runs
from tests.children import until
from tests.faults.switched import Switched, switched
from tests.worker.floor import floor, submit
from tests.worker.told import reaches, rows_of

LANES = 8


def a_plan(
    *models: str, n: int = 100, load: Load | None = None, **more: object
) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": model} for model in models or ("ok",)],
            "prompts": {"prompts": [f"Say {i}." for i in range(n)]},
            "runs": 1,
            "load": load or Concurrency(concurrency=LANES),
            **more,
        }
    )


@pytest.fixture
async def upstream() -> AsyncIterator[Switched]:
    async with switched() as running:
        yield running


def turned_away(rows: list[Sample]) -> list[Sample]:
    """Those that closed no slot."""
    final = {(r.step, r.slot): r for r in sorted(rows, key=lambda row: row.attempt)}
    return [row for row in rows if final[row.step, row.slot] is not row]


async def closed(redis: Redis, job_id: str, n: int) -> bool:
    return (await runs.load(redis, job_id)).closed >= n


async def test_a_server_that_refuses_for_a_while_costs_no_slot(
    redis: Redis,
    store_url: str,
    tmp_path: Path,
    upstream: Switched,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "worker")
    async with floor(store_url, upstream.fault, tmp_path) as workers:
        job_id = await submit(workers, a_plan(n=400))
        await until(lambda: closed(redis, job_id, 40), "forty rows")
        await upstream.off()
        waits = await reaches(redis, job_id, Status.WAITING)
        assert waits.down is not None
        assert "refused" in waits.down
        assert waits.until is not None
        await asyncio.sleep(1)
        await upstream.on()
        done = await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    spent = turned_away(rows)
    assert {row.outcome for row in spent} == {Outcome.CONNECT_ERROR}
    assert len(spent) <= 3 * LANES
    # those that were open when it was switched off broke, and are failures
    broke = [row for row in rows if row not in spent and not row.ok]
    assert len(broke) <= LANES
    assert Outcome.CONNECT_ERROR not in {row.outcome for row in broke}
    assert (done.closed, done.ending) == (400, Ending.COMPLETED)
    assert done.outages == 1
    assert done.outage_s > 1
    assert len(upstream.fault.ledger) == 400
    waiting = f"benchmark {job_id} waiting: its upstream is down"
    assert caplog.messages.count(waiting) == 1, "each try is no news"


async def test_a_server_that_is_still_loading_is_waited_for_from_the_start(
    redis: Redis, store_url: str, tmp_path: Path, upstream: Switched
) -> None:
    upstream.fault.down = 503
    async with floor(store_url, upstream.fault, tmp_path) as workers:
        job_id = await submit(workers, a_plan())
        waits = await reaches(redis, job_id, Status.WAITING)
        assert waits.down == "status 503: Loading model"
        await asyncio.sleep(2)
        assert (await runs.load(redis, job_id)).status is Status.WAITING
        asked = len(upstream.fault.ledger)
        assert asked <= 2 * LANES
        upstream.fault.down = None
        done = await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    spent = turned_away(rows)
    assert [row.outcome for row in spent] == [Outcome.UPSTREAM_ERROR] * len(spent)
    assert (done.closed, done.failed) == (100, 0)
    assert len(upstream.fault.ledger) == 100 + len(spent)


async def test_a_proxy_before_a_server_that_is_not_there_is_an_outage_too(
    redis: Redis, store_url: str, tmp_path: Path, upstream: Switched
) -> None:
    upstream.fault.down = 0
    async with floor(store_url, upstream.fault, tmp_path) as workers:
        job_id = await submit(workers, a_plan())
        waits = await reaches(redis, job_id, Status.WAITING)
        assert waits.down is not None
        upstream.fault.down = None
        done = await reaches(redis, job_id, Status.REDUCING)
    spent = turned_away(await rows_of(redis, job_id))
    assert {row.outcome for row in spent} == {Outcome.DISCONNECTED}
    assert len(spent) <= 3 * LANES
    assert (done.closed, done.failed) == (100, 0)
    assert len(upstream.fault.ledger) == 100 + len(spent)


async def test_workers_share_what_they_know_and_one_call_of_all_tries(
    redis: Redis, store_url: str, tmp_path: Path, upstream: Switched
) -> None:
    async with floor(store_url, upstream.fault, tmp_path, n=2) as workers:
        job_id = await submit(workers, a_plan(n=300))
        await until(lambda: closed(redis, job_id, 40), "forty rows")
        await upstream.off()
        await reaches(redis, job_id, Status.WAITING)
        before = len(await rows_of(redis, job_id))
        await asyncio.sleep(2)
        # tries 0.5, 1.5 and 3.5 s after its beginning, by whichever worker
        assert len(await rows_of(redis, job_id)) - before <= 3
        await upstream.on()
        done = await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    assert len(turned_away(rows)) <= 3 * LANES
    after = {row.worker for row in rows if row.segment == done.segment}
    assert len(after) == 2, "both came back"
    assert done.closed == 300


async def test_a_target_that_is_down_rests_while_others_go_on_and_ends_the_run_at_last(
    redis: Redis, store_url: str, tmp_path: Path, upstream: Switched
) -> None:
    async with floor(store_url, upstream.fault, tmp_path, outage_s=1.2) as workers:
        plan = a_plan("refusing/503", "ok", n=40)
        job_id = await submit(workers, plan)
        done = await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    assert [row.ok for row in rows if row.target == 1] == [True] * 40
    down = [row for row in rows if row.target == 0]
    assert len(down) <= 3 * LANES
    assert done.ending is Ending.UPSTREAM_DOWN
    assert Ending.UPSTREAM_DOWN.status is Status.FAILED
    assert (done.closed, done.failed) == (40, 0), "its slots are not spent"
    assert done.error == (
        "The upstream was down for more than 1.2 s"
        " (refusing/503: status 503: no server is there)."
        " Look whether it runs and can be reached, then rerun what is missing."
    )


async def test_failures_between_answers_are_failures_and_no_outage(
    redis: Redis, store_url: str, tmp_path: Path, upstream: Switched
) -> None:
    async with floor(store_url, upstream.fault, tmp_path) as workers:
        job_id = await submit(workers, a_plan("refusing/503+5", n=100))
        done = await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    assert len(rows) == 100
    assert (done.closed, done.failed, done.outages) == (100, 20, 0)


@pytest.mark.parametrize(
    "load", [Concurrency(concurrency=4), {"kind": "constant", "rate_per_s": 40}]
)
async def test_where_an_outage_is_what_is_measured_it_is_counted(
    redis: Redis,
    store_url: str,
    tmp_path: Path,
    upstream: Switched,
    load: Load,
) -> None:
    await upstream.off()
    async with floor(store_url, upstream.fault, tmp_path) as workers:
        job_id = await submit(workers, a_plan(n=20, load=load, on_outage="count"))
        done = await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    assert [row.outcome for row in rows] == [Outcome.CONNECT_ERROR] * 20
    assert (done.closed, done.failed) == (20, 20)


async def test_a_run_of_one_call_waits_for_a_server_that_is_not_there_yet(
    redis: Redis, store_url: str, tmp_path: Path, upstream: Switched
) -> None:
    await upstream.off()
    async with floor(store_url, upstream.fault, tmp_path) as workers:
        job_id = await submit(workers, a_plan(n=1))
        await reaches(redis, job_id, Status.WAITING)
        await upstream.on()
        done = await reaches(redis, job_id, Status.REDUCING)
    assert [row.ok for row in await rows_of(redis, job_id)][-1]
    assert (done.closed, done.failed) == (1, 0)


def test_an_open_load_cannot_be_told_to_wait_for_its_upstream() -> None:
    with pytest.raises(ValueError, match="an outage is what it measures"):
        a_plan(load={"kind": "constant", "rate_per_s": 1}, on_outage="wait")
