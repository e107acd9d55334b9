"""Leave to send under limits of an account, in a real store."""

import asyncio

import pytest
from redis.asyncio import Redis

from shared.money.limits import Limit
from shared.store import keys
from shared.store.client import now_s
from shared.store.upstream import limits
from shared.store.upstream.limits import Wait

pytestmark = pytest.mark.usefixtures("no_midnight")

FREE = Limit("free", per_minute=3)


async def ask(redis: Redis, call_id: str, *limited: Limit) -> Wait | None:
    return await limits.leave(redis, "acc", limited or (FREE,), call_id, flight_s=60)


async def earlier(redis: Redis, limit: Limit, *ages_s: float) -> None:
    """Calls that were sent so many seconds ago."""
    now_ms = await now_s(redis) * 1000
    log = keys.limit("acc", limit.name)[0]
    await redis.zadd(log, {f"old{age}": int(now_ms - age * 1000) for age in ages_s})


async def test_a_minute_gives_leave_so_often_and_then_tells_when(redis: Redis) -> None:
    await earlier(redis, FREE, 40, 50)
    assert await ask(redis, "a") is None
    refused = await ask(redis, "b")
    assert refused is not None
    assert (refused.limit, refused.why) == ("free", "minute")
    # the oldest of the last three leaves the window of 60.5 s in 10.5 s
    left_s = refused.until_ms / 1000 - await now_s(redis)
    assert 9 < left_s <= 10.5


async def test_calls_that_are_older_than_a_minute_count_no_more(redis: Redis) -> None:
    await earlier(redis, FREE, 61, 62, 63, 64)
    assert [await ask(redis, name) for name in "abc"] == [None] * 3
    assert await ask(redis, "d") is not None


async def test_the_same_call_asked_again_is_counted_once(redis: Redis) -> None:
    assert [await ask(redis, "a") for _ in range(5)] == [None] * 5
    assert (await limits.used(redis, "acc", "free")).minute == 1
    assert (await limits.used(redis, "acc", "free")).today == 1


async def test_a_day_ends_at_midnight_of_utc(redis: Redis) -> None:
    daily = Limit("free", per_day=2)
    assert await ask(redis, "a", daily) is None
    assert await ask(redis, "b", daily) is None
    refused = await ask(redis, "c", daily)
    assert refused is not None
    assert refused.why == "day"
    assert refused.until_ms % 86_400_000 == 0
    assert 0 < refused.until_ms / 1000 - await now_s(redis) <= 86_400


async def test_calls_of_yesterday_are_not_todays(redis: Redis) -> None:
    daily = Limit("free", per_day=2)
    today = int(await now_s(redis) // 86_400)
    await redis.hset(keys.limit("acc", "free")[1], str(today - 1), "50")
    assert await ask(redis, "a", daily) is None
    assert (await limits.used(redis, "acc", "free")).today == 1


async def test_what_the_account_page_has_told_counts_where_nothing_is_set(
    redis: Redis,
) -> None:
    await limits.learn(redis, "acc", "free", 50, 49)
    open_ended = Limit("free")
    assert await ask(redis, "a", open_ended) is None
    refused = await ask(redis, "b", open_ended)
    assert refused is not None
    assert refused.why == "day"
    assert await ask(redis, "c", Limit("free", per_day=100)) is None


async def test_a_page_that_counts_less_than_we_do_is_behind(redis: Redis) -> None:
    for number in range(5):
        await ask(redis, str(number), Limit("free"))
    await limits.learn(redis, "acc", "free", 50, 2)
    assert (await limits.used(redis, "acc", "free")).today == 5


async def test_flights_end_when_they_land_or_when_nobody_can_wait_longer(
    redis: Redis,
) -> None:
    two = Limit("all", in_flight=2)
    assert await limits.leave(redis, "acc", (two,), "a", flight_s=60) is None
    assert await limits.leave(redis, "acc", (two,), "b", flight_s=0.001) is None
    await asyncio.sleep(0.01)  # b's time is over
    assert await ask(redis, "c", two) is None
    refused = await ask(redis, "d", two)
    assert refused is not None
    assert refused.why == "in_flight"
    await limits.landed(redis, "acc", (two,), "a")
    assert await ask(redis, "d", two) is None


async def test_a_call_that_one_limit_bars_is_counted_by_none(redis: Redis) -> None:
    wide = Limit("all", per_minute=100)
    await earlier(redis, FREE, 1, 2, 3)
    assert await ask(redis, "a", wide, FREE) is not None
    assert (await limits.used(redis, "acc", "all")).minute == 0


async def test_what_the_upstream_bars_is_barred_for_everybody(redis: Redis) -> None:
    until_ms = int(await now_s(redis) * 1000) + 5_000
    await limits.bar(redis, "acc", "free", until_ms)
    refused = await ask(redis, "a")
    assert refused == Wait("free", "barred", until_ms)
    assert (await limits.used(redis, "acc", "free")).barred_until == until_ms / 1000
    assert await limits.leave(redis, "other", (FREE,), "a", flight_s=60) is None


async def test_nothing_of_a_limit_stays_for_ever(redis: Redis) -> None:
    both = Limit("free", per_minute=3, in_flight=2)
    await ask(redis, "a", both)
    await limits.learn(redis, "acc", "free", 50, 1)
    await limits.to_learn(redis, "acc", "free")
    await limits.bar(redis, "acc", "free", int(await now_s(redis) * 1000) + 5_000)
    found = [key async for key in redis.scan_iter("llmbench:limit:*")]
    assert len(found) == 5
    assert [key for key in found if await redis.pttl(key) < 0] == []
