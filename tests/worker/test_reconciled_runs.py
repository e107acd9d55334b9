"""Whole runs with RECONCILE: worker processes, and the simulator's ledger as truth."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Status
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.run import reconciles, runs, states
from shared.upstream import Contacts
from tests.children import CANARY, Simulator, simulator, until, workers
from worker.ended import bills
from worker.ended.reconcile import Reconciler

QUICK = ("--ttft-s", "0.01", "--gap-s", "0", "--tokens", "4", "--spread", "0")
PAID, FREE = "acme/swift-8b", "acme/swift-8b:free"
CALLS = 4


async def submit(redis: Redis, *models: str, calls: int = CALLS) -> str:
    plan = Plan(
        targets=tuple(Target(model=model) for model in models),
        prompts=InlinePrompts(prompts=("Say something.",)),
        runs=calls,
        load=Concurrency(concurrency=2),
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


async def ended(redis: Redis, job_id: str) -> None:
    async def done() -> bool:
        return (await runs.load(redis, job_id)).status is Status.DONE

    await until(done, f"the end of {job_id}")


async def file(folder: Path, job_id: str) -> dict[str, Any]:
    """reconciliation.json, once it is there."""
    path = folder / "results" / job_id / "reconciliation.json"

    async def there() -> bool:
        return path.is_file()

    await until(there, "reconciliation.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def billed(upstream: Simulator, *models: str) -> float:
    """What the simulator truly charged for calls of these models."""
    calls = (call for call in upstream.ledger() if call["model"] in models)
    return float(sum(Decimal(call["cost_usd"]) for call in calls))


async def test_rows_that_are_right_are_found_right(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator(*QUICK, "--generation-after-s", "0") as upstream,
        workers(store_url, upstream.base_url, tmp_path, RECONCILE="true") as fleet,
    ):
        fleet.start()
        job_id = await submit(redis, PAID)
        found = await file(tmp_path, job_id)
        summary = (tmp_path / "results" / job_id / "summary.json").read_bytes()
        assert b"reconcil" not in summary
        totals = found["totals"]
        assert (totals["rows"], totals["found"]) == (CALLS, CALLS)
        assert [call["differs"] for call in found["calls"]] == [[]] * CALLS
        assert totals["theirs_usd"] == pytest.approx(billed(upstream, PAID))
        assert totals["ours_usd"] == totals["theirs_usd"] > 0

        async def nothing_waits() -> bool:
            left = await redis.exists(keys.RECONCILE, keys.run(job_id, ":reconcile"))
            return left == 0

        await until(nothing_waits, "the end of what the store kept for it")
        assert CANARY not in json.dumps(found) + fleet.output()


async def test_another_bill_and_an_unknown_cost_are_told_apart(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator(*QUICK, "--generation-after-s", "0") as upstream,
        workers(store_url, upstream.base_url, tmp_path, RECONCILE="true") as fleet,
    ):
        fleet.start()
        half, unknown = "fault/cost-half", "fault/cost-null"
        job_id = await submit(redis, PAID, half, unknown)
        found = await file(tmp_path, job_id)
        totals = found["totals"]
        assert (totals["asked"], totals["found"]) == (3 * CALLS, 3 * CALLS)
        assert totals["differing_cost"] == CALLS
        assert totals["differing_provider"] == totals["differing_tokens"] == 0
        assert totals["without_cost_rows"] == CALLS
        truth = billed(upstream, PAID, half, unknown)
        assert totals["theirs_usd"] == pytest.approx(truth)
        told = billed(upstream, PAID) + billed(upstream, half) / 2
        assert totals["ours_usd"] == pytest.approx(told)
        assert totals["without_cost_usd"] == pytest.approx(billed(upstream, unknown))
        ids = Counter(call["generation_id"] for call in found["calls"])
        assert ids == Counter(call["id"] for call in upstream.ledger())


async def test_a_worker_that_measures_asks_for_no_bills(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator(*QUICK, "--generation-after-s", "0") as upstream,
        workers(store_url, upstream.base_url, tmp_path, RECONCILE="true") as fleet,
    ):
        fleet.start()
        short, long = await submit(redis, PAID), await submit(redis, PAID, calls=50_000)

        async def is_due() -> bool:
            return await reconciles.due(redis) == [short]

        await until(is_due, "the time to ask")
        before = (await runs.load(redis, long)).closed

        async def went_on() -> bool:
            return (await runs.load(redis, long)).closed > before + 100

        await until(went_on, "calls of the other run")  # several looks later
        assert await reconciles.waits(redis, short)
        assert not await redis.exists(keys.run(short, ":reconcile"))
        await states.end(redis, long, Ending.CANCELLED)
        await queue.ring(redis, long)
        assert (await file(tmp_path, short))["totals"]["found"] == CALLS


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("while-it-waits", marks=pytest.mark.long),
        "reduce:before-reconciliation.json",
    ],
)
async def test_a_killed_workers_comparison_is_made_by_another(
    redis: Redis, store_url: str, tmp_path: Path, at: str
) -> None:
    # 404 when it is asked for the first time, 2 s after the end; there after the pause
    with (
        simulator(*QUICK, "--generation-after-s", "6") as upstream,
        workers(store_url, upstream.base_url, tmp_path, RECONCILE="true") as fleet,
    ):
        first = fleet.start(CRASH_AT=at)
        job_id = await submit(redis, PAID)
        await ended(redis, job_id)
        lease = keys.run(job_id, ":reconcile")

        async def begun() -> bool:
            return await redis.get(lease) is not None

        async def dead() -> bool:
            return first.poll() is not None

        await until(begun, "the first worker's lease")
        if at == "while-it-waits":
            first.kill()
        await until(dead, "the end of the first worker")
        folder = tmp_path / "results" / job_id
        assert not (folder / "reconciliation.json").exists()
        assert await reconciles.waits(redis, job_id)
        fleet.start()
        found = await file(tmp_path, job_id)
        assert found["totals"]["found"] == CALLS
        assert found["totals"]["ours_usd"] == found["totals"]["theirs_usd"]

        async def done() -> bool:
            return not await reconciles.waits(redis, job_id)

        await until(done, "the end of the waiting")
        assert not [path.name for path in folder.iterdir() if path.suffix == ".tmp"]


async def test_free_calls_may_never_be_told_of(
    redis: Redis, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    never = ("--generation-after-s", "0", "--free-generations-never")
    with (
        simulator(*QUICK, *never) as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        job_id = await submit(redis, PAID, FREE)
        await ended(redis, job_id)
        assert not await reconciles.waits(redis, job_id), "RECONCILE is off"
        # ten minutes of pauses, made short
        monkeypatch.setattr(bills, "PAUSES_S", (0.01,) * 7)
        given = fleet.env | {"RECONCILE": "true"}
        settings = Settings.model_validate({k.lower(): v for k, v in given.items()})
        contacts = Contacts(settings)
        one = Reconciler(redis, settings, contacts, "here", busy=lambda: False)
        await reconciles.ask(redis, job_id, in_s=0, keep_s=600)
        await one.begin_due()
        found = await file(tmp_path, job_id)
        await one.close()
        await contacts.close()
    totals = found["totals"]
    assert (totals["found"], totals["not_found"]) == (CALLS, CALLS)
    states = {call["state"]: call["theirs"] for call in found["calls"]}
    assert states["not_found"] is None
    assert totals["ours_usd"] == totals["theirs_usd"] > 0
