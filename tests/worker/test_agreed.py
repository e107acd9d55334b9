"""A run is asked in one dialect by all its workers, whatever each of them was told."""

from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.money.limits import account_of
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.run import runs
from shared.store.upstream import limits
from shared.upstream.connect import wire_of
from shared.upstream.contact import Contact
from tests.children import CANARY, simulator, workers
from tests.worker.told import reaches, rows_of
from worker.wordings import agreed_settings

FREE = "acme/swift-8b:free"


async def test_the_first_workers_finding_is_that_of_the_run(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    found = []
    for kind in ("openai", "openrouter"):
        settings = Settings.model_validate(
            {"openrouter_base_url": "http://127.0.0.1:9/v1", "upstream_kind": kind}
        )
        wire = wire_of(settings)
        contact = Contact(wire, settings)
        found.append(await agreed_settings(redis, "J", contact))
        await contact.close()
        await wire.aclose()
    assert [each.speaks_openrouter for each in found] == [False, False]
    assert "J is asked as openai, as its first worker found" in caplog.text
    assert await redis.ttl(keys.run("J", ":dialect")) > 0
    assert keys.run("J", ":dialect") in keys.all_of("J", 0), "it ends with the run"


@pytest.mark.usefixtures("no_midnight")
async def test_a_mirror_of_openrouter_tells_cost_and_provider_and_has_its_limits(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with simulator("--tokens", "4", "--free-per-day", "1000") as upstream:
        settings = {"UPSTREAM_KIND": "auto", "FREE_LIMITS": "auto"}
        with workers(store_url, upstream.base_url, tmp_path, **settings) as fleet:
            fleet.start()
            plan = Plan(
                targets=(Target(model=FREE),),
                prompts=InlinePrompts(prompts=("Why?", "How?", "Who?")),
                runs=1,
            )
            run = await runs.create(redis, plan)
            await queue.ring(redis, run.job_id, 1)
            await reaches(redis, run.job_id, Status.DONE)
            rows = await rows_of(redis, run.job_id)
    assert [(row.ok, row.cost_usd) for row in rows] == [(True, 0.0)] * 3
    assert all(row.provider for row in rows)
    given = {"openrouter_base_url": upstream.base_url, "openrouter_api_key": CANARY}
    used = await limits.used(redis, account_of(Settings.model_validate(given)), "free")
    assert (used.today, used.per_day) == (3, 1000)


async def test_calls_go_where_the_missing_v1_was_found(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with simulator("--tokens", "4", "--ttft-s", "0") as upstream:
        root = upstream.base_url.removesuffix("/api/v1")
        with workers(store_url, root, tmp_path, UPSTREAM_KIND="auto") as fleet:
            fleet.start()
            plan = Plan(
                targets=(Target(model="acme/swift-8b"),),
                prompts=InlinePrompts(prompts=("Why?", "How?")),
                runs=1,
            )
            run = await runs.create(redis, plan)
            await queue.ring(redis, run.job_id, 1)
            await reaches(redis, run.job_id, Status.DONE)
            rows = await rows_of(redis, run.job_id)
            assert [(row.ok, row.tokens_from) for row in rows] == [(True, "usage")] * 2
            assert f"{root}/v1 has: that is asked. Write it so." in fleet.output()
