"""A stack for one benchmark begins only where it would work on that one alone."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from cli.stack.chosen import WantedStack, chosen
from cli.stack.idle import OpenJobs, check_idle
from shared.errors import Misconfigured
from shared.plan import Plan
from shared.run import Status
from shared.settings import Settings
from shared.store.run import runs, states

PLAN = Plan.model_validate(
    {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["p"]}}
)
DATA = Path("data")


async def test_benchmarks_that_would_go_on_are_named(
    redis: Redis, store_url: str
) -> None:
    made = [(await runs.create(redis, PLAN)).job_id for _ in range(4)]
    with pytest.raises(OpenJobs) as refused:
        await check_idle(store_url, DATA)
    said = str(refused.value)
    assert f"{made[0]} (queued)" in said
    assert "and 1 more" in said
    assert "llmbench up" in said
    assert "--data-dir" in said


async def test_one_that_rests_or_is_cancelled_hinders_nobody(
    redis: Redis, store_url: str
) -> None:
    await check_idle(store_url, DATA)
    paused = await runs.create(redis, PLAN)
    await states.move(redis, paused.job_id, Status.PAUSED)
    cancelled = await runs.create(redis, PLAN)
    await states.move(redis, cancelled.job_id, Status.REDUCING)
    await check_idle(store_url, DATA)


async def test_a_store_of_others_is_not_joined_for_one_benchmark(
    tmp_path: Path,
) -> None:
    settings = Settings(redis_url="redis://127.0.0.1:1/0")
    wanted = WantedStack(url=None, simulate=False, data_dir=tmp_path)
    with pytest.raises(Misconfigured, match="store that others may share"):
        async with chosen(wanted, settings, lambda _: None):
            pass
