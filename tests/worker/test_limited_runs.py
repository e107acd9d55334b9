"""Runs under limits of their account: slots wait, and no row is spent on a refusal."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.money.limits import account_of
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.sample import Outcome
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.client import now_s
from shared.store.run import runs
from shared.store.upstream import limits
from shared.store.workers import alive
from tests.children import CANARY, Simulator, simulator, until, workers
from tests.worker.told import reaches, rows_of

pytestmark = pytest.mark.usefixtures("no_midnight")

FREE, PAID = "acme/swift-8b:free", "acme/swift-8b"


async def submit(redis: Redis, *models: str, calls: int) -> str:
    plan = Plan(
        targets=tuple(Target(model=model) for model in models),
        prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(calls))),
        runs=1,
        load=Concurrency(concurrency=4),
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


def account(upstream: Simulator) -> str:
    given = {"openrouter_base_url": upstream.base_url, "openrouter_api_key": CANARY}
    return account_of(Settings.model_validate(given))


async def spent(redis: Redis, upstream: Simulator, *ages_s: float) -> None:
    """Free calls that were sent so many seconds ago."""
    now_ms = await now_s(redis) * 1000
    log = keys.limit(account(upstream), "free")[0]
    await redis.zadd(log, {f"old{age}": int(now_ms - age * 1000) for age in ages_s})


async def test_a_full_minute_is_waited_for_and_nothing_is_refused(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "4", "--free-per-day", "1000") as upstream,
        workers(
            store_url, upstream.base_url, tmp_path, FREE_CALLS_PER_MINUTE="6"
        ) as fleet,
    ):
        fleet.start()
        fleet.start()

        async def two_live() -> bool:
            return len(await alive(redis, lease_s=1.5)) == 2

        await until(two_live, "two workers")
        # two may go now, four when those are a minute old
        await spent(redis, upstream, *(54 + i / 10 for i in range(4)))
        job_id = await submit(redis, FREE, calls=6)

        async def two_are_answered() -> bool:
            return (await runs.load(redis, job_id)).closed == 2

        await until(two_are_answered, "the two calls that were left of this minute")
        done = await reaches(redis, job_id, Status.DONE)
        rows = await rows_of(redis, job_id)
        assert [row.outcome for row in rows] == [Outcome.OK] * 6
        assert done.segment == 0, "it was waited for with the lease in hand"
        sent = sorted(call["received_at"] for call in upstream.ledger())
        assert len(sent) == 6
        assert sent[2] - sent[1] > 2, "the third waited for the minute"
        # nothing but the calls themselves is left in flight or counted
        used = await limits.used(redis, account(upstream), "free")
        assert (used.today, used.in_flight) == (6, 0)


async def test_the_days_end_is_waited_for_without_a_call(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "4", "--free-per-day", "50") as upstream,
        workers(
            store_url, upstream.base_url, tmp_path, FREE_CALLS_PER_MINUTE="1000"
        ) as fleet,
    ):
        await limits.learn(redis, account(upstream), "free", 50, 47)
        fleet.start()
        job_id = await submit(redis, FREE, calls=10)
        waits = await reaches(redis, job_id, Status.WAITING)
        assert waits.until is not None
        assert waits.until % 86_400 < 300, "until midnight of UTC"
        assert waits.shut == "the limit of free calls a UTC day"
        rows = await rows_of(redis, job_id)
        assert [row.outcome for row in rows] == [Outcome.OK] * 3
        assert len(upstream.ledger()) == 3
        # the next day
        days = keys.limit(account(upstream), "free")[1]
        await redis.delete(days)
        back = keys.step(job_id, 0)[2]
        await redis.zadd(back, {slot: 0 for slot in await redis.zrange(back, 0, -1)})
        await redis.hset(keys.run(job_id), "until_ms", "1")
        await reaches(redis, job_id, Status.DONE)
        rows = await rows_of(redis, job_id)
        assert [row.outcome for row in rows] == [Outcome.OK] * 10


async def test_paid_targets_go_on_while_free_ones_wait(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "4", "--free-per-day", "50") as upstream,
        workers(
            store_url, upstream.base_url, tmp_path, FREE_CALLS_PER_MINUTE="1000"
        ) as fleet,
    ):
        await limits.learn(redis, account(upstream), "free", 50, 48)
        fleet.start()
        job_id = await submit(redis, FREE, PAID, calls=20)
        await reaches(redis, job_id, Status.WAITING)
        rows = await rows_of(redis, job_id)
        assert {row.outcome for row in rows} == {Outcome.OK}
        assert [row.target for row in rows].count(0) == 2
        assert [row.target for row in rows].count(1) == 20


async def test_the_upstreams_own_count_of_the_day_is_believed(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "4", "--free-per-day", "50") as upstream,
        workers(
            store_url, upstream.base_url, tmp_path, FREE_CALLS_PER_MINUTE="1000"
        ) as fleet,
    ):
        fleet.start()
        job_id = await submit(redis, FREE, calls=2)
        await reaches(redis, job_id, Status.DONE)
        used = await limits.used(redis, account(upstream), "free")
        assert (used.per_day, used.today) == (50, 2)


async def test_no_more_calls_are_in_flight_than_the_account_allows(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "4", "--ttft-s", "0.05") as upstream,
        workers(
            store_url, upstream.base_url, tmp_path, MAX_CALLS_IN_FLIGHT="2"
        ) as fleet,
    ):
        fleet.start()
        fleet.start()
        job_id = await submit(redis, PAID, calls=20)
        await reaches(redis, job_id, Status.DONE)
        rows = await rows_of(redis, job_id)
        assert [row.outcome for row in rows] == [Outcome.OK] * 20
        changes = [(row.sent_s, 1) for row in rows] + [(r.ended_s, -1) for r in rows]
        opened = 0
        assert max(opened := opened + change for _, change in sorted(changes)) <= 2
