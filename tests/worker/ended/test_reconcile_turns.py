"""When bills are asked for, and by whom: one worker, at rest, with its own files."""

import asyncio
import shutil
from itertools import pairwise

import pytest
from redis.asyncio import Redis

from shared.run import new_job_id
from shared.store import keys
from shared.store.run import reconciles
from shared.upstream import Contacts
from tests.children import until
from tests.worker.ended.bills_desk import Bills, Desk
from worker.ended.reconcile import Reconciler


async def test_it_rests_while_something_is_measured(desk: Desk, bills: Bills) -> None:
    desk.busy = True
    job_id = await desk.ended(40)
    await desk.reconciler.begin_due()
    lease = keys.run(job_id, ":reconcile")
    assert not await desk.redis.exists(lease), "a worker that is idle may have it"
    desk.busy = False
    bills.slow_s = 0.05
    await desk.reconciler.begin_due()

    async def some_were_asked() -> bool:
        return bills.asked.total() >= 4

    await until(some_were_asked, "the first questions")
    desk.busy = True

    async def none_is_open() -> bool:
        return bills.open == 0

    await until(none_is_open, "the end of the open questions")
    before = bills.asked.total()
    assert before < 40
    await renewed(desk.redis, job_id, times=4)  # a lease of three heartbeats is kept
    assert bills.asked.total() == before
    desk.busy = False
    assert (await desk.done(job_id))["totals"]["found"] == 40
    assert set(bills.asked.values()) == {1}, "what was told is not asked for again"


async def renewed(redis: Redis, job_id: str, *, times: int) -> None:
    """Wait until the run's lease has been made longer so often."""
    lease = keys.run(job_id, ":reconcile")
    seen = [await redis.pttl(lease)]

    async def often() -> bool:
        seen.append(await redis.pttl(lease))
        assert seen[-1] > 0, "it was let go"
        return sum(after > before for before, after in pairwise(seen)) >= times

    await until(often, "renewals of the lease")


async def test_one_that_another_worker_has_is_left_to_it(
    desk: Desk, bills: Bills
) -> None:
    job_id = await desk.ended(3)
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=60)
    await desk.reconciler.begin_due()
    assert not bills.asked
    assert await reconciles.waits(desk.redis, job_id)


async def test_one_that_was_lost_to_another_worker_is_left_to_it(
    desk: Desk, bills: Bills
) -> None:
    bills.slow_s = 60
    job_id = await desk.ended(3)
    await desk.reconciler.begin_due()
    await desk.redis.set(keys.run(job_id, ":reconcile"), "other")

    async def left() -> bool:
        names = {task.get_name() for task in asyncio.all_tasks()}
        return f"bills-{job_id}" not in names

    await until(left, "the end of our comparison")
    assert await reconciles.waits(desk.redis, job_id)
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=60)


async def test_a_worker_that_is_drained_leaves_it_at_once(
    desk: Desk, bills: Bills
) -> None:
    bills.slow_s = 60
    job_id = await desk.ended(3)
    await desk.reconciler.begin_due()

    async def asks() -> bool:
        return bills.open > 0

    await until(asks, "an open question")
    await desk.reconciler.close()
    assert await reconciles.due(desk.redis) == [job_id]
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=1)


async def test_results_that_are_deleted_meanwhile_are_not_brought_back(
    desk: Desk, bills: Bills
) -> None:
    bills.slow_s = 60
    job_id = await desk.ended(3)
    await desk.reconciler.begin_due()

    async def asks() -> bool:
        return bills.open > 0

    async def waits_no_more() -> bool:
        return not await reconciles.waits(desk.redis, job_id)

    await until(asks, "an open question")
    shutil.rmtree(desk.settings.results_dir / job_id)
    bills.gate.set()
    await until(waits_no_more, "the end of the waiting")
    assert not (desk.settings.results_dir / job_id).exists()


async def test_files_of_another_machine_are_left_to_that_one(
    desk: Desk, bills: Bills
) -> None:
    job_id = new_job_id(1.8e9)
    await reconciles.ask(desk.redis, job_id, in_s=0, keep_s=600)
    await desk.reconciler.begin_due()
    assert await reconciles.claim(desk.redis, job_id, "other", lease_s=1)
    assert not (desk.settings.results_dir / job_id).exists()


async def test_results_that_cannot_be_seen_hold_up_no_other(
    desk: Desk, bills: Bills, caplog: pytest.LogCaptureFixture
) -> None:
    unseen = "X" * 300  # longer than a name may be
    await reconciles.ask(desk.redis, unseen, in_s=0, keep_s=600)
    job_id = await desk.ended(2)
    assert (await desk.done(job_id))["totals"]["found"] == 2
    await desk.reconciler.begin_due()
    assert caplog.text.count("summary.json of benchmark X") == 1
    assert await reconciles.waits(desk.redis, unseen)


async def test_one_that_is_done_is_not_done_again(desk: Desk, bills: Bills) -> None:
    job_id = await desk.ended(3)
    first = await desk.done(job_id)
    await reconciles.ask(desk.redis, job_id, in_s=0, keep_s=600)
    assert await desk.done(job_id) == first
    assert bills.asked.total() == 3


async def test_an_upstream_without_bills_is_not_asked(
    redis: Redis, desk: Desk, bills: Bills
) -> None:
    plain = desk.settings.model_copy(update={"upstream_kind": "openai"})
    contacts = Contacts(plain)
    desk.reconciler = Reconciler(redis, plain, contacts, "me", busy=lambda: False)
    found = await desk.done(await desk.ended(3))
    await contacts.close()
    assert not bills.asked
    assert (found["totals"]["rows_with_id"], found["totals"]["asked"]) == (3, 0)
    (note,) = found["notes"]
    assert "GET /generation" in note


async def test_without_a_key_it_is_put_off(redis: Redis, desk: Desk) -> None:
    keyless = desk.settings.model_copy(update={"openrouter_api_key": None})
    contacts = Contacts(keyless)
    desk.reconciler = Reconciler(redis, keyless, contacts, "me", busy=lambda: False)
    job_id = await desk.ended(3)
    await desk.reconciler.begin_due()

    async def put_off() -> bool:
        return not await reconciles.due(redis)

    await until(put_off, "a later time")
    await contacts.close()
    assert await reconciles.waits(redis, job_id)
    assert not (desk.settings.results_dir / job_id / "reconciliation.json").exists()
