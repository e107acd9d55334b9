"""Runs under a budget: what is spent stays within it, by the simulator's ledger."""

from decimal import Decimal
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.money.limits import account_of
from shared.plan import Plan
from shared.run import Ending, Status
from shared.sample import Outcome
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.run import runs
from shared.store.upstream import money
from tests.children import CANARY, Simulator, simulator, until, workers
from tests.worker.told import reaches, rows_of

pytestmark = pytest.mark.usefixtures("no_midnight")

PAID, FREE = "acme/orca-pro", "acme/swift-8b:free"


async def submit(redis: Redis, *models: str, calls: int, **more: object) -> str:
    plan = Plan.model_validate(
        {
            "targets": [{"model": model} for model in models],
            "prompts": {"prompts": [f"Say {i}." for i in range(calls)]},
            "runs": 1,
            "load": {"concurrency": 4},
            "max_tokens": 100,
            **more,
        }
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


def billed(upstream: Simulator) -> Decimal:
    """What the upstream has truly billed, in USD."""
    return sum((Decimal(call["cost_usd"]) for call in upstream.ledger()), Decimal(0))


def account(upstream: Simulator) -> str:
    given = {"openrouter_base_url": upstream.base_url, "openrouter_api_key": CANARY}
    return account_of(Settings.model_validate(given))


async def test_a_run_stops_at_its_budget_with_what_it_has(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "80", "--gap-s", "0.001") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        fleet.start()
        job_id = await submit(redis, PAID, calls=100, max_cost_usd=0.02)
        done = await reaches(redis, job_id, Status.DONE)
        assert done.ending is Ending.BUDGET
        rows = await rows_of(redis, job_id)
        assert {row.outcome for row in rows} == {Outcome.OK}
        assert 5 < len(rows) < 100
        truth = billed(upstream)
        assert Decimal("0.01") < truth <= Decimal("0.02")
        assert len(upstream.ledger()) == len(rows), "none was cut"
        # bill = rows = what the store says
        assert sum(row.cost_usd or 0 for row in rows) == pytest.approx(float(truth))
        spent = await money.spent_by(redis, job_id)
        assert spent.spent_usd == pytest.approx(float(truth), abs=1e-9)
        assert (spent.held_usd, spent.unaccounted_usd) == (0, 0)


async def test_free_calls_are_not_held_and_paid_ones_beside_them_are(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "8", "--gap-s", "0.001") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        job_id = await submit(redis, FREE, PAID, calls=10, max_cost_usd=1)
        done = await reaches(redis, job_id, Status.DONE)
        assert done.ending is Ending.COMPLETED
        rows = await rows_of(redis, job_id)
        assert len(rows) == 20
        spent = await money.spent_by(redis, job_id)
        assert spent.spent_usd == pytest.approx(float(billed(upstream)), abs=1e-9)


async def test_a_day_that_is_spent_is_waited_for_until_midnight(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "80", "--gap-s", "0.001") as upstream,
        workers(
            store_url, upstream.base_url, tmp_path, MAX_COST_USD_PER_DAY="0.01"
        ) as fleet,
    ):
        fleet.start()
        job_id = await submit(redis, PAID, calls=40)
        waits = await reaches(redis, job_id, Status.WAITING)
        assert waits.until is not None
        assert waits.until % 86_400 < 300, "until midnight of UTC"
        assert waits.shut == "the day's budget (MAX_COST_USD_PER_DAY)"
        assert billed(upstream) <= Decimal("0.01")
        spent = await money.spent_today(redis, account(upstream))
        assert spent.spent_usd == pytest.approx(float(billed(upstream)), abs=1e-9)
        assert spent.held_usd == 0
        # the next day
        rows = len(await rows_of(redis, job_id))
        await redis.delete(keys.spend(account(upstream)))
        back = keys.step(job_id, 0)[2]
        await redis.zadd(back, {slot: 0 for slot in await redis.zrange(back, 0, -1)})
        await redis.hset(keys.run(job_id), "until_ms", "1")

        async def goes_on() -> bool:
            return len(await rows_of(redis, job_id)) > rows

        await until(goes_on, "a call of the next day")


async def test_what_an_answer_does_not_say_it_cost_counts_at_its_worst(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "8", "--weather", "cost-missing=1") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        job_id = await submit(redis, PAID, calls=4, max_cost_usd=1)
        await reaches(redis, job_id, Status.DONE)
        assert [row.cost_usd for row in await rows_of(redis, job_id)] == [None] * 4
        spent = await money.spent_by(redis, job_id)
        assert spent.spent_usd == 0
        assert spent.unaccounted_usd >= float(billed(upstream)) > 0
        result = await runs.result_of(redis, job_id)
        assert result is not None
        notes = {note["code"] for note in result["verdict"]["notes"]}
        assert "unaccounted" in notes


async def test_a_model_whose_price_nobody_knows_is_not_called_under_a_budget(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "4") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        unknown = await submit(redis, "openrouter/auto", calls=2, max_cost_usd=1)
        waived = await submit(
            redis,
            "openrouter/auto",
            calls=2,
            max_cost_usd=1,
            allow_unknown_prices=True,
        )
        await reaches(redis, waived, Status.DONE)
        assert (await runs.load(redis, unknown)).status is Status.QUEUED
        assert "does not say what openrouter/auto costs" in fleet.output()
