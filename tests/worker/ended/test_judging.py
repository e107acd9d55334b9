"""Who judges a run: one worker, which stops once the run is another's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.store import keys, opinions
from shared.store.run import reduces, runs
from tests.children import until
from tests.worker.ended.judges_desk import Desk, judges_desk
from tests.worker.ended.waiting import settings_of


@pytest.fixture
async def desk(redis: Redis, store_url: str, tmp_path: Path) -> AsyncIterator[Desk]:
    async with judges_desk(redis, settings_of(store_url, tmp_path)) as found:
        yield found


async def test_a_reduce_is_kept_and_left_by_its_own_ticket_alone(desk: Desk) -> None:
    run = await desk.ended(1)
    redis, lock = desk.redis, keys.run(run.job_id, ":reduce")
    assert await reduces.claim(redis, run, "ours", lease_s=9) == "ours"
    assert not await reduces.renew(redis, run.job_id, "theirs", lease_s=99)
    await reduces.leave(redis, run.job_id, "theirs")
    assert 0 < await redis.pttl(lock) <= 9_000
    assert await reduces.renew(redis, run.job_id, "ours", lease_s=99)
    assert await redis.pttl(lock) > 9_000
    await reduces.leave(redis, run.job_id, "ours")
    assert not await reduces.renew(redis, run.job_id, "ours", lease_s=9)
    assert not await redis.exists(lock)


async def test_a_judging_that_has_lost_its_lease_stops_and_leaves_it(
    desk: Desk,
) -> None:
    run = await desk.ended(5)
    desk.judge.gate.clear()
    queue = desk.queue("stalled")
    queue.offer([run])

    async def asked() -> bool:
        return len(desk.judge.asked) == 1

    await until(asked, "the first call")
    # as after a stall of this worker: another one has it by now
    lock = keys.run(run.job_id, ":reduce")
    await desk.redis.set(lock, "another", px=60_000)
    assert queue._task is not None
    await queue._task
    desk.judge.gate.set()
    assert len(desk.judge.asked) == 1
    assert await desk.redis.get(lock) == b"another"
    assert (await runs.load(desk.redis, run.job_id)).judging, "the other one ends it"
    await queue.close()


async def test_one_worker_judges_and_gives_the_run_back(desk: Desk) -> None:
    run = await desk.ended(5)
    queues = [desk.queue("one"), desk.queue("other")]
    for queue in queues:
        queue.offer([run])

    async def over() -> bool:
        return not (await runs.load(desk.redis, run.job_id)).judging

    await until(over, "its judging")
    for queue in queues:
        await queue.close()
    assert len(desk.judge.asked) == 5
    assert len(await opinions.places(desk.redis, run.job_id)) == 5
    assert not await reduces.is_under_way(desk.redis, run.job_id)
