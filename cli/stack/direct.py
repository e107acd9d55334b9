"""Tokens, written where the store is: by who runs it, asking no API.

The first token of a server that others can reach is made so, since that server does
not start without one; and one that is needed because the last one was lost.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.asyncio import Redis

from cli.stack.address import LOCK
from shared.access import Token, mark_closed
from shared.errors import InUse, Misconfigured
from shared.process import lock_file
from shared.settings import Settings
from shared.store import embedded
from shared.store.access import tokens
from shared.store.client import connect, reachable

_STORE_S = 10.0


@contextmanager
def own_store(settings: Settings, data_dir: Path) -> Iterator[str]:
    """The address of REDIS_URL, or of the folder's own store, which is started for as
    long as the block lasts. Raises InUse where a stack has that."""
    if settings.redis_url is not None:
        yield settings.redis_url
        return
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = lock_file(data_dir / LOCK, f"process {os.getpid()}, tokens")
    if lock is None:
        raise InUse(f"A stack runs in {data_dir}. Ask that one: leave --store out.")
    try:
        store = embedded.start(data_dir / "store", None)
        try:
            yield store.url
        finally:
            store.stop()
    finally:
        os.close(lock)


async def known(url: str) -> list[Token]:
    """All tokens, the oldest first. Raises StoreDown."""
    async with _connected(url) as redis, reachable(_STORE_S):
        found = (await tokens.read(redis)).tokens.values()
    return sorted(found, key=lambda token: token.created_at)


async def keep(url: str, settings: Settings, token: Token) -> None:
    """Keep a new one; the server is open to nobody from now on. Raises StoreDown,
    Misconfigured."""
    async with _connected(url) as redis, reachable(_STORE_S):
        await tokens.put(redis, token)
    try:
        mark_closed(settings.results_dir)
    except OSError as error:
        raise Misconfigured(
            f"The token is made, but RESULTS_DIR cannot be written ({error.strerror}):"
            " a store that was emptied would open the server."
        ) from None


async def revoke(url: str, token_id: str) -> bool:
    """False where it is not there. Raises StoreDown."""
    async with _connected(url) as redis, reachable(_STORE_S):
        return await tokens.revoke(redis, token_id)


def _connected(url: str) -> Redis:
    return connect(url)
