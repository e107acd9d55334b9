"""What real runs say of themselves when something was wrong with them."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.store.run import runs
from tests.children import CANARY, Simulator, Workers, simulator, until, workers
from tests.worker.told import reaches, rows_of

SWIFT = "acme/swift-8b:free"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.05", "--gap-s", "0.005", "--tokens", "8") as running:
        yield running


@pytest.fixture
def fleet(store_url: str, upstream: Simulator, tmp_path: Path) -> Iterator[Workers]:
    with workers(store_url, upstream.base_url, tmp_path) as running:
        yield running


async def submit(redis: Redis, model: str, n: int, **more: Any) -> str:
    plan = Plan(
        targets=(Target(model=model),),
        prompts=InlinePrompts(prompts=("Say it.",)),
        runs=n,
        load=Concurrency(concurrency=4),
        **more,
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


async def closed(redis: Redis, job_id: str, n: int) -> None:
    async def enough() -> bool:
        return (await runs.load(redis, job_id)).closed >= n

    await until(enough, f"{n} closed slots of {job_id}")


async def result(redis: Redis, job_id: str) -> dict[str, Any]:
    found = await runs.result_of(redis, job_id)
    assert found is not None
    return found


def reason(said: dict[str, Any], code: str) -> dict[str, Any]:
    reasons = said["verdict"]["reasons"]
    (found,) = [one for one in reasons if one["code"] == code]
    return dict(found)


async def test_another_upstream_and_another_key_within_a_run_are_told(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    first = fleet.start()
    job_id = await submit(redis, SWIFT, 60)
    await closed(redis, job_id, 5)
    first.kill()
    # the same machine by another name, as far as a row can tell another server
    there = upstream.base_url.replace("127.0.0.1", "localhost")
    other_key = CANARY.replace("canary", "secret")
    fleet.start(OPENROUTER_BASE_URL=there, OPENROUTER_API_KEY=other_key)
    await reaches(redis, job_id, Status.DONE)
    rows = await rows_of(redis, job_id)
    asked = Counter(row.upstream for row in rows)
    assert set(asked) == {upstream.base_url, there}
    assert {row.kind for row in rows} == {"ok"}
    said = await result(redis, job_id)
    assert said["upstreams"] == asked
    assert said["verdict"]["kind"] != "valid"
    assert f"{there} ({asked[there]} rows)" in reason(said, "mixed_upstreams")["words"]
    assert reason(said, "mixed_keys")["value"] == 2
    folder = Path(fleet.env["RESULTS_DIR"]) / job_id
    with (folder / "samples.csv").open(newline="") as file:
        table = Counter(line["upstream"] for line in csv.DictReader(file))
    assert table == asked
    assert said["observations"]["gc_policy"] == ["off"]
    for key in (CANARY, other_key):
        assert key not in json.dumps(said)


async def test_runs_that_are_measured_together_name_each_other(
    redis: Redis, fleet: Workers
) -> None:
    one, other = [await submit(redis, SWIFT, 100) for _ in range(2)]
    fleet.start()
    fleet.start()
    for job_id, beside in ((one, other), (other, one)):
        await reaches(redis, job_id, Status.DONE)
        said = await result(redis, job_id)
        assert beside in reason(said, "shared_upstream")["words"]
        assert said["observations"]["beside"] == [beside]
    alone = await submit(redis, SWIFT, 20, exclusive=True)
    await reaches(redis, alone, Status.DONE)
    said = await result(redis, alone)
    assert said["observations"]["beside"] == []


@pytest.mark.parametrize(
    ("model", "status", "codes", "words"),
    [
        ("acme/no-such-model", Status.DONE, {"no_success"}, "no-such-model"),
        ("fault/length-before-text", Status.DONE, {"no_success"}, "8 no_text"),
        ("fault/bad-key", Status.FAILED, {"no_success", "run_failed"}, "not found"),
    ],
)
async def test_a_run_in_which_nothing_succeeded_is_invalid_and_says_why(
    redis: Redis,
    fleet: Workers,
    model: str,
    status: Status,
    codes: set[str],
    words: str,
) -> None:
    fleet.start()
    job_id = await submit(redis, model, 8)
    await reaches(redis, job_id, status)
    said = await result(redis, job_id)
    assert (said["status"], said["verdict"]["kind"]) == (status, "invalid")
    assert {one["code"] for one in said["verdict"]["reasons"]} >= codes
    assert words in reason(said, "no_success")["words"]
    summary = Path(fleet.env["RESULTS_DIR"]) / job_id / "summary.json"
    assert json.loads(summary.read_text())["ending"] == said["ending"]
