"""What is said of a run while its files are written is in them, too."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared import archive
from shared.about import About
from shared.files import publish
from shared.plan import Plan
from shared.run import Ending
from shared.settings.settings import Settings
from shared.store.client import connect_blocking
from shared.store.run import runs, states
from worker.ended import reduce

PLAN = Plan.model_validate(
    {"targets": [{"model": "a/b"}], "prompts": {"prompts": ["Hi"]}, "runs": 1}
)


async def test_what_is_said_while_the_files_are_written_is_not_lost(
    redis: Redis, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await runs.create(redis, PLAN, about=About(name="before", tags=("a",)))
    await states.end(redis, run.job_id, Ending.CANCELLED)
    store = connect_blocking(store_url)

    def publishes(path: Path, parts: Iterable[bytes]) -> None:
        publish(path, parts)
        if path.name == "run.json":  # somebody names it just now
            store.hset(f"llmbench:run:{run.job_id}", "name", "meanwhile")

    monkeypatch.setattr(reduce, "publish", publishes)
    settings = Settings(results_dir=tmp_path, redis_url=store_url)
    assert await reduce.reduce_run(redis, store, run.job_id, settings)
    store.close()
    found = archive.load(tmp_path, run.job_id)
    assert found.about == About(name="meanwhile", tags=("a",))
    assert found.ending is Ending.CANCELLED
