"""A connection to the store, and how a script is run there.

`AWAY` is the closed set of errors by which the store, or the connection to it, may fail
us. Errors of files and mistakes of ours in a command are not in it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from functools import lru_cache
from importlib.resources import files
from typing import Any, TypeVar, cast

from redis import Redis as Blocking
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection, Connection, DefaultParser
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.commands.core import AsyncScript
from redis.connection import DefaultParser as BlockingParser
from redis.connection import HiredisRespSerializer
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    ConnectionError,
    NoPermissionError,
    RedisError,
    ResponseError,
)
from redis.exceptions import TimeoutError as NoAnswer

from shared.clock import monotonic_s
from shared.errors import StoreDown


class Unwilling(ResponseError):
    """The store answers and refuses the command, for whatever reason of its own."""


_NO_LOGIN = (AuthenticationError, AuthorizationError)
REFUSED = (*_NO_LOGIN, NoPermissionError)
"""What redis raises for a wrong login, or for what its user may not do."""

AWAY = (ConnectionError, NoAnswer, Unwilling, *REFUSED)
"""What a command raises when the store is away or does nothing now; nothing was lost,
and the same command succeeds when that is over. `LOADING` is a ConnectionError."""

# its disk, its memory, a script that goes on, a replica, or one without its primary.
# Before Redis 7 an error within a script stood at the end of another one.
_UNWILLING = re.compile(
    r"(?:ERR Error running script .* -|^)"
    r"((?:MISCONF|OOM|BUSY|READONLY|MASTERDOWN|NOREPLICAS) .*)",
    re.DOTALL,
)
_LONGEST = 300


def _reading(parser: Any) -> Any:
    """The library's parser, but for what the store will not do."""

    def parse_error(said: str) -> Exception:
        if found := _UNWILLING.match(said):
            return Unwilling(found[1][:_LONGEST])
        error: Exception = parser.parse_error(said)
        return error

    own = {"__slots__": (), "parse_error": staticmethod(parse_error)}
    return type("Reading", (parser,), own)


_READING = _reading(DefaultParser)
_READING_BLOCKING = _reading(BlockingParser)

UNCHANGED = "nothing was changed by this request"

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0


def packing(connection: type[AbstractConnection]) -> type[AbstractConnection]:
    """The library's connection, but for the packing of commands: for asyncio it does
    that in Python, an argument at a time, and for blocking connections in C."""
    pack = HiredisRespSerializer().pack

    def pack_command(self: AbstractConnection, *args: Any) -> list[bytes]:
        return cast(list[bytes], pack(*args))

    own = {"pack_command": pack_command}
    return type(f"Packing{connection.__name__}", (connection,), own)


class LoginPool(BlockingConnectionPool):
    """A pool whose commands are packed in C, and that does not repeat a login which was
    refused at every command.

    Who asks meanwhile gets the same refusal from here. The pause grows to 30 s: a store
    may bar an address that fails to log in again and again, and its log is read by
    people.
    """

    _refusal: ConnectionError | None = None
    _pause_s = _FIRST_PAUSE_S
    _again_s = 0.0

    def __init__(
        self, *, connection_class: type[AbstractConnection] = Connection, **given: Any
    ) -> None:
        super().__init__(connection_class=packing(connection_class), **given)

    async def ensure_connection(self, connection: AbstractConnection) -> None:
        logs_in = not connection.is_connected
        if logs_in and self._refusal is not None and monotonic_s() < self._again_s:
            raise type(self._refusal)(*self._refusal.args)
        try:
            await super().ensure_connection(connection)
            if logs_in:
                await _greet(connection)
        except ConnectionError as error:
            # over a unix socket the library wraps it once more
            refusal = error.__cause__ if type(error) is ConnectionError else error
            if not isinstance(refusal, _NO_LOGIN):
                raise
            self._refusal = refusal
            if monotonic_s() >= self._again_s:  # else another connection's, at once
                self._again_s = monotonic_s() + self._pause_s
                self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
            raise refusal from None
        if logs_in:
            self._refusal, self._pause_s = None, _FIRST_PAUSE_S


async def _greet(connection: AbstractConnection) -> None:
    """Send a first command: only then a store says that it wants a password."""
    try:
        await connection.send_command("PING")
        await connection.read_response()
    except ResponseError:  # it may not be said by this user, who is let in all the same
        pass
    except BaseException:
        await connection.disconnect()
        raise


def connect(url: str, *, timeout_s: float = 3.0, connections: int = 64) -> Redis:
    """A pool of connections; opens none before the first command.

    A command gives up after `timeout_s`, so that no caller hangs on a store that
    accepts and does not answer. Bytes in, bytes out: rows are not text.
    """
    pool = LoginPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.02), 2),
        retry_on_error=[ConnectionError],
        parser_class=_READING,
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
    try:
        return await script(keys=keys, args=args, client=redis)
    except ResponseError as error:
        raise refusal_of(error) from None


def refusal_of(error: ResponseError) -> ResponseError:
    """The error; a missing right that only a script met has no class of its own."""
    said = str(error)
    return NoPermissionError(said) if "ACL failure" in said else error


def connect_blocking(url: str, *, timeout_s: float = 30.0) -> Blocking:
    """A connection for a process that has nothing else to do meanwhile."""
    return Blocking.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=min(timeout_s, 3.0),
        parser_class=_READING_BLOCKING,
    )


T = TypeVar("T")


async def reply(answer: Awaitable[T] | T) -> T:
    """Await a command: the library types it as if it might not be asynchronous."""
    return await cast(Awaitable[T], answer)


async def now_s(redis: Redis) -> float:
    """The store's clock, Unix seconds: the one clock that all machines share."""
    seconds, micros = await redis.time()
    return float(seconds + micros / 1e6)


def refused(error: Unwilling, changed: str) -> StoreDown:
    """What the store's own words mean for who asked."""
    return StoreDown(
        f"The store is there and refuses ({error}). Mend that there; {changed}."
    )


@asynccontextmanager
async def reachable(within_s: float, changed: str = UNCHANGED) -> AsyncIterator[None]:
    """StoreDown unless the store does what is asked of it within `within_s` in all.

    A store that hangs would otherwise cost each command its timeout and its retries.

    changed: the end of its sentence, what the request has changed before.
    """
    within = asyncio.timeout(within_s)
    try:
        async with within:
            yield
    except TimeoutError as error:
        if not within.expired():
            raise
        raise StoreDown(
            f"The store did not answer within {within_s:g} s. Check REDIS_URL and that"
            f" the server is not overloaded; {changed}."
        ) from error
    except REFUSED as error:
        raise StoreDown(
            f"The store refuses this service ({type(error).__name__}). Whoever runs it"
            f" has to correct REDIS_URL, or the rights of its user; {changed}."
        ) from error
    except Unwilling as error:
        raise refused(error, changed) from error
    except AWAY as error:
        raise StoreDown(
            f"The store does not answer ({type(error).__name__}). Check REDIS_URL and"
            f" that the server runs; {changed}."
        ) from error


__all__ = [
    "AWAY",
    "REFUSED",
    "UNCHANGED",
    "RedisError",
    "Unwilling",
    "call",
    "connect",
    "connect_blocking",
    "now_s",
    "reachable",
    "refused",
    "reply",
]
