"""Whole runs whose failed calls are made again, by real workers on a real store."""

import signal
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency, Constant, Load
from shared.plan.prompts import InlinePrompts
from shared.plan.retries import Retries
from shared.run import Ending, Status
from shared.sample import Outcome, Sample, decode
from shared.store import keys
from shared.store.run import runs, samples, states
from tests.children import Simulator, Workers, simulator, until, workers
from tests.worker.told import reaches

SWIFT, FAILS_TWICE, BUSY_ONCE = "acme/swift-8b", "fault/fails-twice", "fault/busy-once"
FAILED, OK = Outcome.UPSTREAM_ERROR, Outcome.OK


@pytest.fixture
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.02", "--gap-s", "0.002", "--tokens", "6") as running:
        yield running


@pytest.fixture
def fleet(store_url: str, upstream: Simulator, tmp_path: Path) -> Iterator[Workers]:
    with workers(store_url, upstream.base_url, tmp_path) as running:
        yield running


async def submit(
    redis: Redis,
    *models: str,
    prompts: int = 4,
    load: Load | None = None,
    backoff_s: float = 0.05,
    most: int = 2,
) -> str:
    plan = Plan(
        targets=tuple(Target(model=model) for model in models),
        prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(prompts))),
        runs=1,
        load=load or Concurrency(concurrency=4),
        retries=Retries(max=most, backoff_s=backoff_s),
        on_outage="count",  # each prompt fails at first: that is no outage
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


async def has_rows(redis: Redis, job_id: str, n: int) -> None:
    async def there() -> bool:
        return await redis.llen(keys.run(job_id, ":rows")) >= n

    await until(there, f"{n} rows of {job_id}")


async def by_slot(redis: Redis, job_id: str) -> dict[int, list[Sample]]:
    rows = [decode(row) async for row in samples.each_row(redis, job_id)]
    rows.sort(key=lambda row: (row.slot, row.attempt))
    return {slot: list(each) for slot, each in groupby(rows, lambda row: row.slot)}


async def result_of(redis: Redis, job_id: str) -> dict[str, Any]:
    result = await runs.result_of(redis, job_id)
    assert result is not None
    return result


async def test_a_failure_that_passes_is_tried_until_it_answers(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    fleet.start()
    job_id = await submit(redis, FAILS_TWICE)
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed, done.duplicates) == (4, 0, 0)
    for rows in (await by_slot(redis, job_id)).values():
        assert [(row.attempt, row.retry, row.outcome) for row in rows] == [
            (0, 0, FAILED),
            (1, 1, FAILED),
            (2, 2, OK),
        ]
    assert len(upstream.ledger()) == 12
    result = await result_of(redis, job_id)
    assert (result["total_runs"], result["successful_runs"]) == (4, 4)
    attempts = result["targets"][0]["attempts"]
    assert attempts == result["attempts"]
    assert (attempts["retried_slots"], attempts["retries"]) == (4, 8)
    assert attempts["first"]["success_share"] == 0
    assert attempts["perceived"]["success_share"] == 1
    # two pauses of at least 50 and 100 ms lie in what is perceived
    assert attempts["perceived"]["latency"]["min"] > result["min"] + 0.15
    assert "retried" in [note["code"] for note in result["verdict"]["notes"]]


async def test_the_last_failure_closes_the_slot_when_its_retries_are_used_up(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    job_id = await submit(redis, FAILS_TWICE, most=1)
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed) == (4, 4)
    for rows in (await by_slot(redis, job_id)).values():
        assert [row.outcome for row in rows] == [FAILED, FAILED]
    result = await result_of(redis, job_id)
    assert result["attempts"]["perceived"]["success_share"] == 0


async def test_a_hint_of_the_upstream_is_waited_for(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    fleet.start()
    job_id = await submit(redis, BUSY_ONCE, prompts=3, backoff_s=0.01)
    await reaches(redis, job_id, Status.DONE)
    by_prompt: dict[str, list[dict[str, Any]]] = {}
    for call in upstream.ledger():
        by_prompt.setdefault(call["prompt_sha256"], []).append(call)
    assert len(by_prompt) == 3
    for refused, answered in by_prompt.values():
        assert (refused["status"], answered["outcome"]) == (429, "ok")
        # Retry-After: 1
        assert answered["received_s"] - refused["ended_s"] >= 1


async def test_a_lane_is_free_while_a_retry_waits(redis: Redis, fleet: Workers) -> None:
    fleet.start()
    load = Concurrency(concurrency=1)
    job_id = await submit(redis, BUSY_ONCE, SWIFT, prompts=5, load=load)
    await reaches(redis, job_id, Status.DONE)
    slots = await by_slot(redis, job_id)
    (first,) = [rows for rows in slots.values() if rows[0].slot == _first_busy(slots)]
    ended_s, again_s = first[0].ended_s, first[1].sent_s
    assert ended_s is not None
    assert again_s is not None
    between = [
        rows[0]
        for rows in slots.values()
        if rows[0].target == 1 and ended_s < (rows[0].sent_s or 0) < again_s
    ]
    assert between, "the one lane carried other calls meanwhile"
    rows = [row for rows in slots.values() for row in rows]
    changes = [(row.sent_s, 1) for row in rows] + [(row.ended_s, -1) for row in rows]
    opened = 0
    assert max(opened := opened + change for _, change in sorted(changes)) == 1


def _first_busy(slots: dict[int, list[Sample]]) -> int:
    return min(slot for slot, rows in slots.items() if rows[0].target == 0)


async def test_an_open_load_keeps_its_rate_and_drops_no_retry(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    # one lane for calls that arrive every 100 ms and take about 30
    load = Constant(rate_per_s=10, max_in_flight=1)
    job_id = await submit(redis, FAILS_TWICE, prompts=20, load=load, backoff_s=0.1)
    done = await reaches(redis, job_id, Status.DONE)
    assert done.closed == 20
    slots = await by_slot(redis, job_id)
    for slot, rows in slots.items():
        assert [row.due_s for row in rows] == pytest.approx([slot / 10] * len(rows))
        if rows[0].outcome is not Outcome.DROPPED:
            assert [row.outcome for row in rows] == [FAILED, FAILED, OK]
        else:
            assert len(rows) == 1, "dropped when it was due, and never later"
    result = await result_of(redis, job_id)
    counts, rate = result["counts"], result["throughput"]
    sent = 20 - counts["dropped"]
    assert sent >= 5
    assert (counts["ok"], counts["retries"], counts["scheduled"]) == (
        sent,
        2 * sent,
        sent,
    )
    assert rate["asked_rate_per_s"] == pytest.approx(10)
    assert rate["achieved_rate_per_s"] <= 10.01


async def test_a_retry_does_not_wait_for_the_next_arrival(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    load = Constant(rate_per_s=0.1)  # the second call is due after 10 s
    job_id = await submit(redis, FAILS_TWICE, prompts=2, load=load)
    await has_rows(redis, job_id, 3)
    assert await states.end(redis, job_id, Ending.CANCELLED)
    await reaches(redis, job_id, Status.CANCELLED)
    (rows,) = (await by_slot(redis, job_id)).values()
    assert [row.outcome for row in rows] == [FAILED, FAILED, OK]
    assert (rows[2].ended_s or 99) < 8


async def test_no_retry_begins_after_the_steps_time(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    load = Constant(rate_per_s=10, duration_s=1)
    job_id = await submit(redis, FAILS_TWICE, prompts=10, load=load, backoff_s=5)
    done = await reaches(redis, job_id, Status.DONE)
    slots = await by_slot(redis, job_id)
    assert done.closed == done.failed == len(slots) == 10
    assert all(len(rows) == 1 for rows in slots.values())


async def test_another_worker_makes_the_retries_of_one_that_was_killed(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    victim = fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=6, backoff_s=2)
    await has_rows(redis, job_id, 6)
    victim.kill()
    fleet.start()
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed) == (6, 0)
    slots = await by_slot(redis, job_id)
    for rows in slots.values():
        assert [row.attempt for row in rows] == [0, 1, 2]
        assert [row.retry for row in rows] == [0, 1, 2]
        assert rows[0].worker != rows[2].worker
    assert len(upstream.ledger()) == 18, "no call was open at the kill"


@pytest.mark.long
async def test_a_drain_during_the_pause_leaves_the_retries_to_the_next_worker(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    first = fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=4, backoff_s=2)
    await has_rows(redis, job_id, 4)
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0
    fleet.start()
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed, done.interrupted) == (4, 0, 0)
    assert len(upstream.ledger()) == 12, "no call was made twice"
    result = await result_of(redis, job_id)
    assert result["attempts"]["retries"] == 8
    assert result["counts"]["turned_away"] == 0


async def test_a_cancel_during_the_pause_keeps_the_attempts_that_were_made(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=4, backoff_s=30)
    await has_rows(redis, job_id, 4)
    assert await states.end(redis, job_id, Ending.CANCELLED)
    done = await reaches(redis, job_id, Status.CANCELLED)
    assert done.closed == 0
    result = await result_of(redis, job_id)
    assert (result["total_runs"], result["counts"]["failed"]) == (4, 4)
    assert result["attempts"]["retries"] == 0
    assert len(upstream.ledger()) == 4


@pytest.mark.long
async def test_a_resumed_run_makes_the_retries_that_a_pause_found_waiting(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    job_id = await submit(redis, FAILS_TWICE, prompts=4, backoff_s=1)
    await has_rows(redis, job_id, 4)
    assert await states.move(redis, job_id, Status.PAUSED)

    async def released() -> bool:
        return not await redis.hexists(keys.step(job_id, 0)[0], "owner:0")

    await until(released, "the lease given back")
    assert await states.move(redis, job_id, Status.QUEUED)
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.failed, done.segment) == (4, 0, 1)
    result = await result_of(redis, job_id)
    assert result["attempts"]["perceived"]["success_share"] == 1
    # the pause is in no perceived time
    assert result["attempts"]["perceived"]["latency"]["n"] == 0


async def test_an_account_limit_uses_up_no_retry(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "4", "--free-per-day", "2") as strict,
        workers(
            store_url,
            strict.base_url,
            tmp_path,
            FREE_CALLS_PER_MINUTE="1000",
            FREE_CALLS_PER_DAY="1000",
        ) as fleet,
    ):
        fleet.start()
        # two calls fail by the fault; the account's day bars the third
        job_id = await submit(redis, f"{FAILS_TWICE}:free", prompts=1)
        await reaches(redis, job_id, Status.WAITING)
        (rows,) = (await by_slot(redis, job_id)).values()
        assert [row.status for row in rows] == [502, 502, 429]
        assert [row.retry for row in rows] == [0, 1, 2]
        had = await redis.hgetall(keys.step(job_id, 0)[4])
        assert had == {b"0": b"3", b"0:retries": b"2"}
