"""What people say of a run in the store, prefixes of ids, and a run that is purged."""

import pytest
from redis.asyncio import Redis

from shared.about import About
from shared.errors import NoSuchRun, WrongState
from shared.run import Ending, Status, created_at
from shared.store import keys
from shared.store.run import record, runs, states
from tests.shared.store.test_expiry import (
    PLAN,
    PRICE,
    all_that_is_late,
    ended,
    worked,
)

pytestmark = pytest.mark.usefixtures("no_midnight")


async def of_run(redis: Redis, job_id: str) -> list[bytes]:
    """Every key that has the id in its name."""
    return [key async for key in redis.scan_iter(f"*{job_id}*")]


async def test_a_purged_run_is_in_no_key_whoever_comes_late(redis: Redis) -> None:
    key = runs.IdempotencyKey("ada", "k", "0" * 64)
    made = await runs.create(redis, PLAN, key=key, prices=[PRICE])
    job_id = made.job_id
    lease = await worked(redis, job_id)
    with pytest.raises(WrongState, match=r"is running\. Cancel it first"):
        await runs.purge(redis, job_id)
    assert (await runs.load(redis, job_id)).status is Status.RUNNING
    await ended(redis, job_id, cancelled=True)
    assert len(await of_run(redis, job_id)) > 10
    assert await redis.exists(keys.idempotency("ada", "k"))
    assert await runs.purge(redis, job_id)
    assert await of_run(redis, job_id) == []
    assert not await redis.exists(keys.idempotency("ada", "k"))
    for listed in (keys.RUNS, keys.OPEN, keys.RECONCILE):
        assert await redis.zscore(listed, job_id) is None
    with pytest.raises(NoSuchRun):
        await runs.load(redis, job_id)
    assert await runs.is_purged(redis, job_id)
    assert not await runs.purge(redis, job_id)
    await all_that_is_late(redis, lease)
    assert await of_run(redis, job_id) == []
    # the same request, sent again, is a new benchmark
    again = await runs.create(redis, PLAN, key=key)
    assert again.job_id != job_id
    assert not await runs.is_purged(redis, again.job_id)


async def test_a_key_that_was_used_again_after_its_day_stays_that_of_the_other_run(
    redis: Redis,
) -> None:
    key = runs.IdempotencyKey("ada", "k", "0" * 64)
    old = (await runs.create(redis, PLAN, key=key)).job_id
    await ended(redis, old, cancelled=True)
    await redis.delete(keys.idempotency("ada", "k"))  # its day is over
    new = (await runs.create(redis, PLAN, key=key)).job_id
    assert await runs.purge(redis, old)
    assert (await runs.create(redis, PLAN, key=key)).job_id == new


async def test_what_is_said_of_a_run_is_kept_with_it_and_each_part_may_change(
    redis: Redis,
) -> None:
    made = await runs.create(redis, PLAN, about=About(name="a", tags=("x", "y")))
    assert made.about == About(name="a", tags=("x", "y"))
    said = await runs.describe(redis, made.job_id, About(note="slow\nday", tags=()))
    assert said.about == About(name="a", note="slow\nday")
    said = await runs.describe(redis, made.job_id, About(name=None))
    assert said.about == About(note="slow\nday")
    [listed] = await runs.listing(redis, limit=5)
    assert listed.about == said.about
    with pytest.raises(NoSuchRun):
        await runs.describe(redis, "01ARZ3NDEKTSV4RRFFQ69G5FAV", About(name="b"))


async def test_runs_are_found_by_what_their_ids_begin_with(redis: Redis) -> None:
    ids = [f"01KB7Z{end:0<20}" for end in ("A", "AB", "B", "ZZ")]
    for job_id in ids:
        await runs.create(redis, PLAN, job_id=job_id)
    found = await runs.ids_with_prefix(redis, "01KB7ZA")
    assert sorted(found) == ids[:2]
    assert await runs.ids_with_prefix(redis, ids[3][:9]) == [ids[3]]
    assert len(await runs.ids_with_prefix(redis, "0")) == 4
    assert await runs.ids_with_prefix(redis, "01KB7ZC") == []
    assert created_at(ids[0]) < created_at(ids[2])


async def test_a_list_reads_all_that_makes_a_run(redis: Redis) -> None:
    run = await runs.create(redis, PLAN, prices=[PRICE], about=About(name="n"))
    await states.end(redis, run.job_id, Ending.CANCELLED)
    found = await redis.hgetall(keys.run(run.job_id))  # type: ignore[misc]
    [listed] = await runs.listing(redis, limit=1)
    assert record.read(run.job_id, found) == listed
