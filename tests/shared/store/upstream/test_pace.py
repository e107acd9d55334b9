"""The rate of an adaptive load: up a little after many calls, down at once."""

import pytest
from redis.asyncio import Redis

from shared.plan.loads.adaptive import Adaptive
from shared.store import keys
from shared.store.client import now_s
from shared.store.upstream import limits, pace
from shared.store.upstream.limits import Wait
from shared.store.upstream.pace import Found, Paced

LOAD = Adaptive(start_per_minute=600, max_per_minute=2_000)


@pytest.fixture(autouse=True)
async def a_run(redis: Redis) -> None:
    """The one whose pace it is."""
    await redis.hset(keys.run("job"), "status", "running")


async def ask(redis: Redis, call_id: str, target: int = 0) -> Wait | None:
    paced = Paced(target, LOAD.start_per_minute)
    return await limits.leave(
        redis, "acc", (), call_id, flight_s=60, paced=paced, job_id="job"
    )


async def came_back(
    redis: Redis, passed: int, throttled: int = 0, *, sent_s: float | None = None
) -> Found:
    at_ms = int((sent_s or await now_s(redis)) * 1000)
    await pace.adapt(
        redis, "job", 0, LOAD, passed=passed, throttled=throttled, sent_ms=at_ms
    )
    (found,) = await pace.found(redis, "job", 1)
    assert found is not None
    return found


async def waited_for(redis: Redis) -> None:
    """Somebody has wished to go faster."""
    await redis.hset(keys.run("job", ":pace"), "0:bound", 1)


async def test_calls_go_evenly_apart_and_a_tenth_of_a_second_at_once(
    redis: Redis,
) -> None:
    # 600 a minute: one every 100 ms, and one more for the tenth of a second before
    answers = [await ask(redis, f"call {i}") for i in range(4)]
    assert answers[0] is None
    refused = answers[-1]
    assert refused is not None
    assert (refused.limit, refused.why) == (limits.PACE, "pace")
    assert refused.apart_ms == 100
    assert answers.count(None) <= 2
    left_s = refused.until_ms / 1000 - await now_s(redis)
    assert 0 < left_s <= 0.101
    assert await ask(redis, "another's", target=1) is None, "each target has its own"


async def test_the_rate_grows_by_a_quarter_after_ten_until_one_is_throttled(
    redis: Redis,
) -> None:
    await waited_for(redis)
    assert (await came_back(redis, 9)).per_minute == 600
    assert (await came_back(redis, 1)).per_minute == 750
    # nobody has waited for this rate yet, so nothing is known of it
    assert (await came_back(redis, 50)).per_minute == 750
    await waited_for(redis)
    assert (await came_back(redis, 1)).per_minute == pytest.approx(937.5)


async def test_a_throttled_call_cuts_the_rate_once_for_all_sent_before_it(
    redis: Redis,
) -> None:
    sent_s = await now_s(redis)
    found = await came_back(redis, 0, 1, sent_s=sent_s)
    assert (found.per_minute, found.throttled_at) == (480, 600)
    # three more of the same moment come back later
    found = await came_back(redis, 5, 3, sent_s=sent_s)
    assert found.per_minute == 480
    # one that was sent at the lower rate cuts again
    found = await came_back(redis, 0, 1, sent_s=await now_s(redis) + 1)
    assert (found.per_minute, found.throttled_at) == (384, 480)


async def test_after_a_cut_it_climbs_by_a_fiftieth_of_where_it_was_throttled(
    redis: Redis,
) -> None:
    await came_back(redis, 0, 1)
    await waited_for(redis)
    assert (await came_back(redis, 99)).per_minute == 480
    # 480 + 600 x 2 %
    assert (await came_back(redis, 1)).per_minute == 492


async def test_it_stays_within_its_bounds(redis: Redis) -> None:
    for _ in range(10):
        await waited_for(redis)
        found = await came_back(redis, 10)
    assert found.per_minute == 2_000
    start_s = await now_s(redis)
    for later_s in range(1, 60):
        found = await came_back(redis, 0, 1, sent_s=start_s + later_s * 1000)
    assert found.per_minute == 1


async def test_what_was_throttled_is_counted_from_the_beginning_and_since(
    redis: Redis,
) -> None:
    sent_s = await now_s(redis)
    await came_back(redis, 30)
    await came_back(redis, 10, 2, sent_s=sent_s)
    found = await came_back(redis, 95, 1, sent_s=sent_s)
    assert (found.calls, found.throttled) == (138, 3)
    assert (found.held_calls, found.held_throttled) == (96, 1)
    assert [rate for _, rate in found.changes] == [480]


async def test_a_target_that_was_never_asked_has_found_nothing(redis: Redis) -> None:
    assert await pace.found(redis, "job", 2) == [None, None]
