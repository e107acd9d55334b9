"""Targets that take no call for a while, because an answer asked for that.

A provider's `Retry-After` is for its target. A limit of the account that counts no
calls is for all free calls of the run, or for all others. Whoever is told tells the
other workers by a push; nobody asks the store before a call for it.
"""

import logging

from redis.asyncio import Redis

from shared.limits import is_free
from shared.plan import Plan
from shared.store import limits
from shared.store.client import AWAY
from worker.openings import Openings
from worker.storeclock import StoreClock

log = logging.getLogger("worker.rests")


class Rests:
    """One shard's knowledge of who rests."""

    def __init__(
        self,
        redis: Redis,
        account: str,
        plan: Plan,
        clock: StoreClock,
        openings: Openings,
    ) -> None:
        self._redis = redis
        self._account = account
        self._clock = clock
        self._openings = openings
        self._of = [
            (
                limits.of_target(target.label()),
                limits.of_calls(free=is_free(target.model)),
            )
            for target in plan.targets
        ]

    def names(self, target: int) -> tuple[str, str]:
        """Under which a target may be told to rest: its own, and its kind of calls."""
        return self._of[target]

    def have_others(self, target: int) -> bool:
        """Whether the run has calls of the other kind, free or not."""
        return any(kind != self._of[target][1] for _, kind in self._of)

    def hear(self, name: str, until_ms: int) -> bool:
        """What has this name rests until then (ms of the store). True: that is new."""
        until_s = self._clock.monotonic(until_ms)
        if until_s <= self._openings.until_s(name):
            return False
        self._openings.shut(name, until_s)
        return True

    async def hear_all(self) -> None:
        """What was told before this shard began."""
        names = sorted({name for names in self._of for name in names})
        found = await limits.resting(self._redis, self._account, names)
        for name, until_ms in found.items():
            self.hear(name, until_ms)

    async def tell(self, name: str, until_ms: int) -> None:
        """Have all workers hear it."""
        try:
            await limits.rest(self._redis, self._account, name, until_ms)
        except AWAY as error:
            log.warning("other workers were not told that %s rests: %s", name, error)
