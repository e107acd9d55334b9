"""The lease of one shard, kept by a heartbeat, and never trusted past its end."""

import logging
from collections.abc import Callable

from redis.asyncio import Redis

from shared.clock import monotonic_s, sleep
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import leases
from shared.store.run.leases import Lease

log = logging.getLogger("worker.shard.lease")


class Hold:
    """Whether we may begin calls: judged by our own clock, which cannot be cut off."""

    def __init__(
        self,
        redis: Redis,
        lease: Lease,
        settings: Settings,
        *,
        claimed_s: float,
        lost: Callable[[], None],
        look: Callable[[str, int], None],
    ) -> None:
        """claimed_s: monotonic second just before the claim was asked for.
        lost: what to do when another has the shard, or may have it.
        look: what to do with the run's state and step, which every renewal tells."""
        self._redis = redis
        self._lease = lease
        self._settings = settings
        self._until_s = claimed_s + settings.lease_s
        self._lost = lost
        self._look = look

    @property
    def is_live(self) -> bool:
        """False: another worker may have our slots by now."""
        return monotonic_s() < self._until_s

    async def beat(self) -> None:
        """Renew the lease for ever."""
        while True:
            await sleep(self._settings.heartbeat_s)
            await self.renew()

    async def renew(self) -> None:
        """Ask for the lease's full time, counted from before the question."""
        asked_s = monotonic_s()
        try:
            told = await leases.renew(self._redis, self._lease, self._settings.lease_s)
        except AWAY as error:
            log.warning(
                "the lease of %s shard %d was not renewed: %s",
                self._lease.job_id,
                self._lease.shard,
                error,
            )
            if not self.is_live:
                self._lost()
            return
        if told.kept:
            self._until_s = asked_s + self._settings.lease_s
        else:
            self._lost()
        self._look(told.status, told.step)
