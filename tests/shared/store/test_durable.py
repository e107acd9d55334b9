"""A store that cannot keep rows is refused; one that lost them is told apart."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared.errors import LostRun, Misconfigured, NoSuchRun
from shared.run import new_job_id
from shared.store import durable, embedded, keys
from shared.store.client import connect, now_s
from tests.children import workers


@pytest.fixture
def own_url(tmp_path: Path) -> Iterator[str]:
    """A store whose settings this test may change."""
    store = embedded.start(tmp_path / "store")
    yield store.url
    store.stop()


@pytest.fixture
async def redis(own_url: str) -> AsyncIterator[Redis]:
    client = connect(own_url)
    yield client
    await client.aclose()


async def test_a_store_that_writes_and_never_evicts_is_taken(redis: Redis) -> None:
    await durable.check(redis, allow_volatile=False)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("appendonly", "no", "AOF is off"),
        ("maxmemory-policy", "allkeys-lru", "maxmemory-policy allkeys-lru"),
        ("maxmemory-policy", "volatile-ttl", "maxmemory-policy volatile-ttl"),
    ],
)
async def test_one_that_may_lose_rows_is_refused_unless_that_is_allowed(
    redis: Redis, setting: str, value: str, said: str
) -> None:
    await redis.config_set(setting, value)
    with pytest.raises(Misconfigured, match=said):
        await durable.check(redis, allow_volatile=False)
    await durable.check(redis, allow_volatile=True)


async def test_what_a_store_does_not_tell_is_one_warning(
    redis: Redis, own_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await redis.acl_setuser("shy", True, True, keys=["*"], commands=["+@all", "-info"])
    shy = connect(own_url.replace("unix://", "unix://shy:x@"))
    durable._warn_once.cache_clear()
    for _ in range(3):
        await durable.check(shy, allow_volatile=False)
    await shy.aclose()
    told = [r for r in caplog.records if "does not tell" in r.getMessage()]
    assert len(told) == 1


async def test_a_run_from_before_the_stores_data_is_lost_and_another_is_unknown(
    redis: Redis,
) -> None:
    old = new_job_id(await now_s(redis) - 60)
    lost = await durable.missing(redis, old)
    assert isinstance(lost, LostRun), "an empty store has lost whatever it had"
    await durable.check(redis, allow_volatile=False)
    lost = await durable.missing(redis, old)
    assert isinstance(lost, LostRun)
    assert "has lost it" in str(lost)
    new = await durable.missing(redis, new_job_id(await now_s(redis) + 1))
    assert type(new) is NoSuchRun
    assert await redis.ttl(keys.BORN) == -1


async def test_a_worker_ends_with_the_sentence(
    redis: Redis, own_url: str, tmp_path: Path
) -> None:
    await redis.config_set("appendonly", "no")
    with workers(own_url, "http://127.0.0.1:9/api/v1", tmp_path) as fleet:
        assert fleet.start().wait(60) == 2
        assert "ALLOW_VOLATILE" in fleet.output()
        assert "Traceback" not in fleet.output()
