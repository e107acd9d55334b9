"""Runs that wait to be compared with their bills, in a real store."""

from redis.asyncio import Redis

from shared.store import keys
from shared.store.run import reconciles
from tests.children import until


async def ask(redis: Redis, job_id: str, in_s: float = 0) -> None:
    await reconciles.ask(redis, job_id, in_s=in_s, keep_s=600)


async def test_a_run_is_due_when_its_time_has_come(redis: Redis) -> None:
    await ask(redis, "later", in_s=600)
    await ask(redis, "now")
    await ask(redis, "now", in_s=600)  # asked twice it is asked once
    assert await reconciles.due(redis) == ["now"]
    assert await reconciles.waits(redis, "later")
    assert not await reconciles.waits(redis, "never")


async def test_one_worker_holds_it_until_it_falls_silent(redis: Redis) -> None:
    assert await reconciles.claim(redis, "job", "a", lease_s=0.3)
    assert await reconciles.claim(redis, "job", "a", lease_s=0.3)
    assert not await reconciles.claim(redis, "job", "b", lease_s=60)

    async def taken_over() -> bool:
        return await reconciles.claim(redis, "job", "b", lease_s=60)

    await until(taken_over, "the end of the first worker's lease", deadline_s=10)
    assert not await reconciles.claim(redis, "job", "a", lease_s=60)


async def test_holding_it_again_makes_the_lease_longer(redis: Redis) -> None:
    await reconciles.claim(redis, "job", "a", lease_s=1)
    await reconciles.claim(redis, "job", "a", lease_s=60)
    assert await redis.ttl(keys.run("job", ":reconcile")) > 50


async def test_what_is_put_off_waits_and_can_be_taken_by_others(redis: Redis) -> None:
    await ask(redis, "job")
    await reconciles.claim(redis, "job", "a", lease_s=60)
    await reconciles.put_off(redis, "job", "a", in_s=600)
    assert await reconciles.due(redis) == []
    assert await reconciles.waits(redis, "job")
    assert await reconciles.claim(redis, "job", "b", lease_s=60)


async def test_what_is_done_waits_no_more(redis: Redis) -> None:
    await ask(redis, "job")
    await reconciles.claim(redis, "job", "a", lease_s=60)
    await reconciles.done(redis, "job", "a")
    assert not await reconciles.waits(redis, "job")
    assert await redis.exists(keys.run("job", ":reconcile")) == 0
    # putting it off does not bring it back
    await reconciles.put_off(redis, "job", "a", in_s=0)
    assert await reconciles.due(redis) == []


async def test_one_who_lost_it_does_not_take_it_from_another(redis: Redis) -> None:
    await ask(redis, "job")
    await reconciles.claim(redis, "job", "b", lease_s=60)
    await reconciles.put_off(redis, "job", "a", in_s=0)
    assert not await reconciles.claim(redis, "job", "a", lease_s=60)


async def test_what_nobody_does_is_forgotten(redis: Redis) -> None:
    await ask(redis, "new")
    await redis.zadd(keys.RECONCILE, {"old": 1000})
    assert await reconciles.due(redis) == ["old", "new"]
    await ask(redis, "new")
    assert await reconciles.due(redis) == ["new"]
    assert 0 < await redis.ttl(keys.RECONCILE) <= 600
