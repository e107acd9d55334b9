"""Models that refuse `max_tokens` or `stream_options` are asked otherwise."""

from pathlib import Path
from typing import Any

import pytest
from pydantic_core import from_json
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.sample import Outcome
from shared.store.run import runs
from tests.children import Workers, simulator, workers
from tests.worker.told import reaches, rows_of


async def ask(
    redis: Redis, *models: str, calls: int = 6, lanes: int = 1, **more: Any
) -> str:
    plan = Plan(
        targets=tuple(Target(model=model) for model in models),
        prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(calls))),
        runs=1,
        load=Concurrency(concurrency=lanes),
        **more,
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 1)
    await reaches(redis, run.job_id, Status.DONE, Status.FAILED)
    return run.job_id


def notes(fleet: Workers, job_id: str) -> dict[str, str]:
    path = fleet.folder / "results" / job_id / "summary.json"
    said = from_json(path.read_bytes())["verdict"]["notes"]
    return {note["code"]: note["words"] for note in said}


@pytest.mark.parametrize("plain", [True, False])
async def test_a_refused_field_is_learnt_from_one_row_and_costs_no_slot(
    redis: Redis, store_url: str, tmp_path: Path, plain: bool
) -> None:
    model = "fault/no-max-tokens"
    kind = "openai" if plain else "openrouter"
    with simulator("--tokens", "3", "--ttft-s", "0", "--gap-s", "0") as upstream:
        url = upstream.base_url.replace("/api", "") if plain else upstream.base_url
        with workers(store_url, url, tmp_path, UPSTREAM_KIND=kind) as fleet:
            fleet.start()
            strict = {"extra_headers": {"X-Sim-Fault": "no-stream-options"}}
            job_id = await ask(redis, model, **(strict if plain else {}))
            rows = await rows_of(redis, job_id)
            run = await runs.load(redis, job_id)
            learning = 1 + plain  # of max_tokens, and of stream_options
            assert len(upstream.ledger()) == len(rows) == 6 + learning
            assert (run.closed, run.failed) == (6, 0)
            refused = [row for row in rows if not row.ok]
            assert {row.outcome for row in refused} == {Outcome.REFUSED}
            assert any("max_tokens" in (row.error or "") for row in refused)
            said = notes(fleet, job_id)["reworded"]
            assert f"{model} was asked with `max_completion_tokens`" in said
            assert ("without `stream_options`" in said) is plain
            # the next run knows it from the beginning, also on another worker
            fleet.stop()
            fleet.start()
            job_id = await ask(redis, model, **(strict if plain else {}))
            assert len(await rows_of(redis, job_id)) == 6
            assert "reworded" in notes(fleet, job_id)


async def test_calls_that_were_open_with_the_first_learn_with_it_and_no_others(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "3", "--ttft-s", "0.05") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        job_id = await ask(redis, "fault/no-max-tokens", calls=40, lanes=4)
        rows = await rows_of(redis, job_id)
        assert (await runs.load(redis, job_id)).failed == 0
        assert sum(row.ok for row in rows) == 40
        assert 1 <= sum(not row.ok for row in rows) <= 4


async def test_what_is_refused_in_any_words_fails_after_all_were_tried(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator("--tokens", "3", "--ttft-s", "0") as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        job_id = await ask(redis, "fault/unknown-limit", calls=3)
        rows = await rows_of(redis, job_id)
        run = await runs.load(redis, job_id)
        assert (run.closed, run.failed) == (3, 3)
        assert len(rows) == 3 + 2
        job_id = await ask(redis, "fault/no-limit-of-tokens", calls=3)
        assert [row.ok for row in await rows_of(redis, job_id)].count(True) == 3
        chosen = {"max_tokens_field": "max_tokens", "stream_options": False}
        job_id = await ask(redis, "fault/no-max-tokens", calls=3, **chosen)
        assert len(await rows_of(redis, job_id)) == 3
        assert (await runs.load(redis, job_id)).failed == 3, "it is not ours to change"
        assert "reworded" not in notes(fleet, job_id)
