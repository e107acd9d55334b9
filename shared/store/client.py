"""A connection to the store, and how a script is run there."""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar, cast

from redis import Redis as Blocking
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.commands.core import AsyncScript
from redis.exceptions import (
    ConnectionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,
)

from shared.errors import StoreDown

AWAY = (ConnectionError, TimeoutError, OSError, OutOfMemoryError, ReadOnlyError)
"""What redis raises when the store is away or will not write; nothing was lost."""

REFUSES = (OutOfMemoryError, ReadOnlyError)
"""Of these, what it raises when it is there and will not write."""

UNCHANGED = "nothing was changed by this request"


def connect(url: str, *, timeout_s: float = 3.0, connections: int = 64) -> Redis:
    """A pool of connections; opens none before the first command.

    A command gives up after `timeout_s`, so that no caller hangs on a store that
    accepts and does not answer. Bytes in, bytes out: rows are not text.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
        retry_on_error=[ConnectionError],
    )
    return Redis.from_pool(pool)


@lru_cache(maxsize=64)
def _script(name: str) -> str:
    """`_head.lua`, what the script's first line includes, and the script."""
    text = _lua(name)
    first, _, _ = text.partition("\n")
    parts = first.removeprefix("-- include ").split() if "-- include" in first else []
    return "".join(map(_lua, ["_head", *parts])) + text


def _lua(name: str) -> str:
    return files("shared.store").joinpath(f"lua/{name}.lua").read_text("utf-8")


_scripts: dict[str, AsyncScript] = {}


async def call(redis: Redis, name: str, keys: list[str], args: list[Any]) -> Any:
    """Run `lua/NAME.lua` by its hash; loads it anew where the store forgot it.

    The library retries a command whose connection broke, so each script must give
    the same end when it is run twice.
    """
    script = _scripts.get(name)
    if script is None:
        script = _scripts[name] = AsyncScript(redis, _script(name))
    return await script(keys=keys, args=args, client=redis)


def connect_blocking(url: str) -> Blocking:
    """A connection for a process that has nothing else to do meanwhile."""
    return Blocking.from_url(url, socket_timeout=30.0, socket_connect_timeout=3.0)


T = TypeVar("T")


async def reply(answer: Awaitable[T] | T) -> T:
    """Await a command: the library types it as if it might not be asynchronous."""
    return await cast(Awaitable[T], answer)


async def now_s(redis: Redis) -> float:
    """The store's clock, Unix seconds: the one clock that all machines share."""
    seconds, micros = await redis.time()
    return float(seconds + micros / 1e6)


@asynccontextmanager
async def reachable(changed: str = UNCHANGED) -> AsyncIterator[None]:
    """Turn the library's ways of being away into one StoreDown.

    changed: the end of its sentence, what the request has changed before.
    """
    try:
        yield
    except AWAY as error:
        raise StoreDown(
            f"The store does not answer ({type(error).__name__}). Check REDIS_URL and"
            f" that the server runs; {changed}."
        ) from error


__all__ = [
    "AWAY",
    "REFUSES",
    "UNCHANGED",
    "RedisError",
    "call",
    "connect",
    "connect_blocking",
    "now_s",
    "reachable",
    "reply",
]
