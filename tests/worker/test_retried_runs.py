"""Whole runs whose failed calls are made again, by real workers on a real store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.plan.loads import Concurrency, Constant
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from shared.store import keys
from shared.store.run import states
from tests.children import Simulator, Workers, simulator, workers
from tests.worker.retrying import (
    BUSY_ONCE,
    FAILED,
    FAILS_TWICE,
    OK,
    SWIFT,
    by_slot,
    has_rows,
    result_of,
    submit,
)
from tests.worker.told import reaches


@pytest.fixture
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.02", "--gap-s", "0.002", "--tokens", "6") as running:
        yield running


@pytest.fixture
def fleet(store_url: str, upstream: Simulator, tmp_path: Path) -> Iterator[Workers]:
    with workers(store_url, upstream.base_url, tmp_path) as running:
        yield running


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
