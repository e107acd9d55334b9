"""A store that is there and does nothing: each of its ways is `AWAY`, and no bug."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared.errors import StoreDown
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.store import embedded
from shared.store.client import AWAY, Unwilling, connect, connect_blocking, reachable
from shared.store.embedded import Embedded
from shared.store.run import runs

PLAN = Plan(
    targets=(Target(model="a/b"),), prompts=InlinePrompts(prompts=("x",)), runs=1
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    store = embedded.start(tmp_path_factory.mktemp("own"))
    yield store
    store.stop()


@pytest.fixture
async def store(own: Embedded) -> AsyncIterator[Redis]:
    client = connect(own.url)
    yield client
    await client.aclose()


@asynccontextmanager
async def no_disk(store: Redis) -> AsyncIterator[None]:
    """Its last snapshot failed, so that it takes no writes."""
    folder = Path((await store.config_get("dir"))["dir"]) / "dump.rdb"
    (folder / "in the way").mkdir(parents=True)
    await store.config_set("save", "1 1")
    await store.bgsave()
    async with asyncio.timeout(20):
        while (await store.info("persistence"))["rdb_last_bgsave_status"] == "ok":
            await asyncio.sleep(0.02)
    try:
        yield
    finally:
        await store.config_set("save", "")


@asynccontextmanager
async def no_memory(store: Redis) -> AsyncIterator[None]:
    await store.config_set("maxmemory", 1)
    try:
        yield
    finally:
        await store.config_set("maxmemory", 0)


@asynccontextmanager
async def a_script_that_goes_on(store: Redis) -> AsyncIterator[None]:
    await store.config_set("lua-time-limit", 10)
    path = store.connection_pool.connection_kwargs["path"]
    other = connect(f"unix://{path}")
    running = asyncio.ensure_future(other.eval("while true do end", 0))
    await asyncio.sleep(0.1)
    try:
        yield
    finally:
        await store.script_kill()
        with pytest.raises(ResponseError, match="killed"):
            await running
        await other.aclose()


@asynccontextmanager
async def a_replica(store: Redis) -> AsyncIterator[None]:
    await store.execute_command("REPLICAOF", "127.0.0.1", "1")
    try:
        yield
    finally:
        await store.execute_command("REPLICAOF", "NO", "ONE")


WAYS = {
    "MISCONF": no_disk,
    "OOM": no_memory,
    "BUSY": a_script_that_goes_on,
    "READONLY": a_replica,
}


@pytest.mark.parametrize("code", WAYS)
async def test_a_store_that_does_nothing_is_away_for_commands_and_scripts(
    own: Embedded, store: Redis, code: str
) -> None:
    async with WAYS[code](store):
        for command in (store.set("a", 1), runs.create(store, PLAN)):
            with pytest.raises(Unwilling, match=f"^{code} ") as raised:
                await command
            assert isinstance(raised.value, AWAY)
        with (
            connect_blocking(own.url) as blocking,
            pytest.raises(Unwilling, match=f"^{code} "),
        ):
            blocking.set("a", 1)
        with pytest.raises(StoreDown, match=code):
            async with reachable(2.5):
                await store.set("a", 1)
    await runs.create(store, PLAN)


SCRIPT = (
    "ERR Error running script (call to f_1): @user_script:7: @user_script: 7: -MISCONF"
    " Redis is configured to save RDB snapshots, but it cannot."
)


@pytest.mark.parametrize(
    ("said", "is_away"),
    [
        ("LOADING Redis is loading the dataset in memory", True),
        ("MASTERDOWN Link with MASTER is down", True),
        ("NOREPLICAS Not enough good replicas to write.", True),
        (SCRIPT, True),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", False),
        ("BUSYKEY Target key name already exists.", False),
        ("ERR unknown command 'OOM '", False),
    ],
)
async def test_what_a_store_says_is_told_from_a_mistake_of_ours(
    said: str, is_away: bool
) -> None:
    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while await reader.read(4096):
            writer.write(b"-" + said.encode() + b"\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = connect(f"redis://127.0.0.1:{port}")
    try:
        with pytest.raises(AWAY if is_away else ResponseError) as raised:
            await client.execute_command("PING")
        assert isinstance(raised.value, AWAY) is is_away
    finally:
        await client.aclose()
        server.close()
        await server.wait_closed()


async def test_an_error_of_a_file_is_not_the_stores() -> None:
    assert not issubclass(OSError, AWAY)
    with pytest.raises(PermissionError):
        async with reachable(2.5):
            raise PermissionError(13, "Permission denied", "results")
    with pytest.raises(TimeoutError):  # of a file system far away
        async with reachable(2.5):
            raise TimeoutError(110, "Connection timed out")


async def test_who_waits_too_long_for_the_store_is_told_so() -> None:
    with pytest.raises(StoreDown, match=r"within 0\.01 s"):
        async with reachable(0.01):
            await asyncio.sleep(1)
