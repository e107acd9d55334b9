"""The tokens that this process knows, read of the store twice a second."""

import asyncio
import logging
from pathlib import Path

from redis.asyncio import Redis

from api.tokens.failures import Failures
from shared.access import ANYBODY, Caller, Token, is_closed, mark_closed, parted
from shared.clock import monotonic_s, sleep
from shared.errors import StoreDown
from shared.store.access import tokens
from shared.store.access.tokens import Known
from shared.store.client import AWAY, reachable

log = logging.getLogger("api.access")

LOOK_S = 0.4
OLD_S = 0.9
"""What was read so long ago says nothing any more: a revoked token is refused within a
second, also by a process that lost its store."""
STORE_S = 1.0


class KnownTokens:
    """What the store has of tokens, and whether the server is open."""

    def __init__(self, redis: Redis | None, results_dir: Path) -> None:
        self._redis = redis
        self._results_dir = results_dir
        self._known: Known | None = None
        self._read_s = float("-inf")
        self._closed = is_closed(results_dir)
        self._reading = asyncio.Lock()
        self.failures = Failures()
        self._looking: asyncio.Task[None] | None = None
        self._closing = False

    @property
    def is_open(self) -> bool:
        """Whether no token was ever made."""
        return not self._closed

    async def start(self) -> None:
        """Read, and go on reading."""
        await self._try()
        if self._redis is not None:
            self._looking = asyncio.create_task(self._look(), name="tokens")

    async def close(self) -> None:
        """Read no more. A cancel that comes while the store is asked may end in a
        timeout instead, so it is said twice that this is over."""
        self._closing = True
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait((self._looking,), timeout=2 * STORE_S)

    async def caller(self, text: str) -> Caller | None:
        """Who has this token; None for one that is not good. Raises StoreDown."""
        said = parted(text)
        if said is None:
            return None
        token = await self.good(said[0])
        if token is None or not token.has_secret(said[1]):
            return None
        return Caller(token.scopes, token)

    async def good(self, token_id: str) -> Token | None:
        """The token of this id, while it is good. Raises StoreDown."""
        known = await self._fresh()
        token = known.tokens.get(token_id)
        now = known.now + monotonic_s() - self._read_s
        return None if token is None or token.is_over(now) else token

    async def signing_key(self) -> bytes:
        """What sessions and links are signed with. Raises StoreDown."""
        key = (await self._fresh()).signing_key
        if key is None:
            raise StoreDown("There is no token yet, so there is nothing to sign in to.")
        return key

    async def anybody(self) -> Caller | None:
        """Who asks without a token; None where the server is not open."""
        return ANYBODY if self.is_open else None

    async def read(self) -> Known:
        """All of them, now. Raises StoreDown."""
        if self._redis is None:
            raise StoreDown("This server has no store, so it knows no token.")
        async with self._reading, reachable(STORE_S):
            at_s = monotonic_s()
            self._known = await tokens.read(self._redis)
            self._read_s = at_s
        if self._known.tokens:
            await self._close_for_good()
        return self._known

    async def _fresh(self) -> Known:
        if self._known is not None and monotonic_s() - self._read_s < OLD_S:
            return self._known
        return await self.read()

    async def _look(self) -> None:
        while not self._closing:
            await sleep(LOOK_S)
            await self._try()

    async def _try(self) -> None:
        self._closed = self._closed or is_closed(self._results_dir)
        if self._redis is None:
            return
        try:
            await self.read()
        except StoreDown:
            return
        except AWAY as error:
            log.warning("tokens cannot be read: %s", error)

    async def _close_for_good(self) -> None:
        if self._closed:
            return
        self._closed = True
        log.info("there are tokens now: nobody is answered without one")
        try:
            await asyncio.to_thread(mark_closed, self._results_dir)
        except OSError as error:
            log.warning(
                "RESULTS_DIR cannot be marked as closed (%s): a store that was emptied"
                " would open the server",
                error.strerror,
            )
