"""An adaptive load against pools that throttle, and targets that ask for a rest."""

from itertools import pairwise
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan
from shared.run import Run, Status
from shared.sample import Outcome
from shared.store.run import runs
from tests.children import simulator, until, workers
from tests.worker.told import rows_of

CALLS = 200
MODEL, OTHER = "acme/swift-8b", "acme/orca-70b-instruct"


async def run_of(
    redis: Redis, load: dict[str, object], *models: str, runs_: int
) -> Run:
    plan = Plan.model_validate(
        {
            "targets": [{"model": model} for model in models],
            "prompts": {"prompts": ["Say it."]},
            "runs": runs_,
            "load": load,
        }
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)

    async def over() -> bool:
        return (await runs.load(redis, run.job_id)).status is Status.DONE

    await until(over, "the end")
    return run


async def test_the_highest_rate_that_is_hardly_throttled_is_found_and_held(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    # so few that a machine with other work to do can make them, too
    pool = ("--pools", f"{MODEL}=1200", "--tokens", "2", "--ttft-s", "0.01")
    load = {"kind": "adaptive", "start_per_minute": 600, "max_in_flight": 16}
    with (
        simulator(*pool, "--gap-s", "0.001") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        fleet.start()
        run = await run_of(redis, load, MODEL, runs_=CALLS)
        result = await runs.result_of(redis, run.job_id)
        assert result is not None
        (found,) = result["pace"]
        # it went over the 1200 a minute at which the pool throttles, and then below
        assert found["throttled_at_per_minute"] > 780
        assert found["per_minute"] < found["throttled_at_per_minute"] * 1.05
        assert found["per_minute"] > 600
        assert len(found["changes"]) >= 3
        rows = await rows_of(redis, run.job_id)
        throttled = [row for row in rows if row.outcome is Outcome.RATE_LIMITED]
        assert throttled, "the pool was never full"
        assert len(rows) == CALLS
        share = len(throttled) / len(rows)
        assert found["throttled_share"] == pytest.approx(share)
        # those in flight when the pool was full for the first time, and a few later
        assert len(throttled) < 40


async def test_a_429_inside_a_200_lowers_the_rate_as_one_outside_does(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    load = {"kind": "adaptive", "start_per_minute": 6_000, "max_in_flight": 4}
    with (
        simulator("--tokens", "2", "--ttft-s", "0.01") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        run = await run_of(redis, load, "fault/error-flat", runs_=12)
        result = await runs.result_of(redis, run.job_id)
        assert result is not None
        assert result["counts"]["outcomes"] == {"error_in_200": 12}
        (found,) = result["pace"]
        assert found["throttled_share"] == 1.0
        assert found["per_minute"] < 6_000


async def test_a_target_rests_as_long_as_its_provider_asks_and_others_go_on(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    full = ("--pools", f"{MODEL}=1", "--pool-retry-after", "1")
    with (
        simulator(*full, "--tokens", "2", "--gap-s", "0.001") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        fleet.start()
        run = await run_of(redis, {"concurrency": 4}, MODEL, OTHER, runs_=7)
        rows = await rows_of(redis, run.job_id)
        assert len(rows) == 14
        others = [row for row in rows if row.target == 1]
        assert {row.outcome for row in others} == {Outcome.OK}
        asked = [row for row in rows if row.target == 0]
        outcomes = [row.outcome for row in asked]
        assert outcomes.count(Outcome.RATE_LIMITED) == 6, "the pool takes one"
        sent = sorted(row.sent_s or 0 for row in asked)
        rests = [b - a for a, b in pairwise(sent) if b - a > 0.8]
        assert rests, sent
        # before each rest no more than those that were open when it was asked for
        first = [at_s for at_s in sent if at_s < sent[0] + 0.8]
        assert len(first) <= 1 + 4


async def test_an_open_load_asks_what_it_was_told_to_ask(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    full = ("--pools", f"{MODEL}=1", "--pool-retry-after", "30")
    with (
        simulator(*full, "--tokens", "2") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        load = {"kind": "constant", "rate_per_s": 20}
        run = await run_of(redis, load, MODEL, runs_=20)
        rows = await rows_of(redis, run.job_id)
        outcomes = [row.outcome for row in rows]
        assert outcomes.count(Outcome.RATE_LIMITED) == 19


async def test_free_calls_go_on_while_the_account_takes_no_paid_ones(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    paid, free = "fault/admission-control", "acme/swift-8b:free"
    with (
        simulator("--tokens", "2", "--gap-s", "0.001") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        plan = Plan.model_validate(
            {
                "targets": [{"model": paid}, {"model": free}],
                "prompts": {"prompts": ["Say it."]},
                "runs": 20,
                "load": {"concurrency": 2},
            }
        )
        run = await runs.create(redis, plan)
        await queue.ring(redis, run.job_id)

        async def free_ones_are_done() -> bool:
            return (await runs.load(redis, run.job_id)).closed == 20

        await until(free_ones_are_done, "the free half")
        rows = await rows_of(redis, run.job_id)
        assert [row.target for row in rows if row.ok] == [1] * 20
        # two lanes heard of it; the next try is ten seconds later
        assert 1 <= sum(row.target == 0 for row in rows) <= 4
        assert (await runs.load(redis, run.job_id)).status is Status.RUNNING
