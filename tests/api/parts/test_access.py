"""What is asked of the store: in turn, for a while, and writes to their end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError
from redis.exceptions import TimeoutError as NoAnswer

from api.main import create_app
from api.parts import Store, StoreAccess, Views, Watchers, access
from shared.errors import Busy, OutcomeUnknown, StoreDown
from shared.settings.settings import Settings
from shared.store import keys
from shared.store.client import Unwilling, connect
from shared.store.run import runs
from tests.api.client import plan, problem

SHORT_S, STORE_S = 0.1, access.STORE_S


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "STORE_S", SHORT_S)


@pytest.fixture
def patient(short: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for users: what is asked here is a real store, on a busy machine."""
    monkeypatch.setattr(access, "STORE_S", STORE_S)


class Awake:
    """A store of which only the clock is asked."""

    async def time(self) -> tuple[int, int]:
        return 1, 0


AWAKE: Any = Awake()


async def silent(ask: StoreAccess) -> None:
    async with ask.deadline():
        await asyncio.sleep(60)


async def answered(ask: StoreAccess) -> None:
    async with ask.deadline():
        await asyncio.sleep(0)


async def test_a_store_that_is_silent_is_down() -> None:
    with pytest.raises(StoreDown, match="nothing was changed") as error:
        await silent(StoreAccess())
    assert not isinstance(error.value, Busy)


async def test_where_others_get_answers_it_is_we_who_are_busy() -> None:
    ask = StoreAccess()
    waiting = asyncio.create_task(silent(ask))
    await asyncio.sleep(SHORT_S / 2)
    await answered(ask)
    with pytest.raises(Busy, match="nothing was changed"):
        await waiting


async def test_the_line_moves_at_once_when_the_store_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = StoreAccess()
    began_s = asyncio.get_running_loop().time()
    many = [silent(ask) for _ in range(10 * access.PLACES)]
    found = await asyncio.gather(*many, return_exceptions=True)
    assert {type(error) for error in found} == {StoreDown}
    took_s = asyncio.get_running_loop().time() - began_s
    assert took_s < 10 * SHORT_S  # and not ten times in turn, and more
    await answered(ask)  # who comes later asks anew


async def test_who_waits_too_long_for_a_place_is_told_that_we_are_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(access, "LINE_S", 0.02)
    ask = StoreAccess()
    holding = [asyncio.create_task(silent(ask)) for _ in range(access.PLACES)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await answered(ask)
    await asyncio.gather(*holding, return_exceptions=True)


async def test_what_was_changed_before_is_said() -> None:
    ask = StoreAccess()
    with pytest.raises(StoreDown, match="benchmark X ends") as error:
        async with ask.deadline("benchmark X ends"):
            raise ConnectionError
    assert "nothing was changed" not in str(error.value)


async def test_a_write_has_all_the_time_that_it_needs() -> None:
    async def work() -> str:
        await asyncio.sleep(3 * SHORT_S)
        return "done"

    assert await StoreAccess().write(AWAKE, work, "unknown") == "done"


async def test_a_write_is_not_cut_off_when_who_asked_leaves() -> None:
    done: list[int] = []

    async def work() -> None:
        await asyncio.sleep(SHORT_S)
        done.append(1)

    asked = asyncio.create_task(StoreAccess().write(AWAKE, work, "unknown"))
    await asyncio.sleep(SHORT_S / 2)
    asked.cancel()
    await asyncio.gather(asked, return_exceptions=True)
    await asyncio.sleep(SHORT_S)
    assert done == [1]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionError("lost"), OutcomeUnknown),
        (NoAnswer(), OutcomeUnknown),
        (Unwilling("OOM full"), StoreDown),
    ],
)
async def test_a_write_that_breaks_off_is_denied_only_where_it_was_refused(
    error: Exception, kind: type[StoreDown]
) -> None:
    async def work() -> None:
        raise error

    with pytest.raises(StoreDown) as raised:
        await StoreAccess().write(AWAKE, work, "Look at X.")
    assert type(raised.value) is kind
    assert ("nothing was changed" in str(raised.value)) == (kind is StoreDown)


async def test_a_write_is_not_begun_while_the_store_is_silent() -> None:
    class Asleep:
        async def time(self) -> tuple[int, int]:
            raise ConnectionError

    async def work() -> None:
        raise AssertionError("it was begun")

    asleep: Any = Asleep()
    with pytest.raises(StoreDown, match="nothing was changed"):
        await StoreAccess().write(asleep, work, "unknown")


class SlowToTell(Redis):
    """A store whose messages to workers take their time, or are lost."""

    takes_s = 3 * SHORT_S
    loses = False

    async def publish(self, *args: Any, **more: Any) -> int:
        await asyncio.sleep(self.takes_s)
        if self.loses:
            raise ConnectionError("lost")
        published: int = await super().publish(*args, **more)
        return published


@asynccontextmanager
async def serving(config: Settings) -> AsyncIterator[tuple[httpx.AsyncClient, Store]]:
    """An API in this loop whose store is slow to tell."""
    app = create_app(config)
    assert config.redis_url
    pool = connect(config.redis_url).connection_pool
    redis = SlowToTell.from_pool(pool)
    async with app.router.lifespan_context(app):
        store = Store(redis, Views(redis, config), Watchers(redis))
        app.state.parts = replace(app.state.parts, store=store)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            yield http, store
    await redis.aclose()


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("loses", [False, True])
async def test_what_was_written_is_never_denied(config: Settings, loses: bool) -> None:
    async with serving(config) as (http, store):
        store.redis.loses = loses
        before = await store.redis.zcard(keys.RUNS)
        answer = await http.post("/benchmark", json=plan())
        assert answer.status_code == 202, answer.text
        assert await store.redis.zcard(keys.RUNS) == before + 1
        url = answer.json()["status_url"]
        for asked, status in (("pause", "paused"), ("resume", "queued")):
            told = await http.post(f"{url}/{asked}")
            assert (told.status_code, told.json()["status"]) == (202, status)
        again = await http.post(f"{url}/rerun")
        assert again.status_code == 202, again.text
        assert await store.redis.zcard(keys.RUNS) == before + 2
        ended = await http.delete(url)
        assert (ended.status_code, ended.json()["status"]) == (202, "reducing")


class Forgetful(Redis):
    """A store whose answers to reads of a run are lost after it was made."""

    async def hgetall(self, name: Any) -> Any:
        raise ConnectionError("lost")


@pytest.mark.usefixtures("patient")
async def test_a_benchmark_that_may_be_there_is_named(config: Settings) -> None:
    async with serving(config) as (http, store):
        redis = Forgetful.from_pool(store.redis.connection_pool)
        http._transport.app.state.parts = replace(
            http._transport.app.state.parts,
            store=replace(store, redis=redis),
        )
        body = problem(await http.post("/benchmark", json=plan()), "outcome-unknown")
        newest = await runs.listing(store.redis, limit=1)
        assert f"GET /benchmark/{newest[0].job_id} tells" in body["detail"]
        keyed = {"Idempotency-Key": "asking-1"}
        answer = await http.post("/benchmark", json=plan(), headers=keyed)
        assert "same Idempotency-Key" in problem(answer, "outcome-unknown")["detail"]
