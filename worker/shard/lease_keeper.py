"""The lease of one shard, kept by a heartbeat, and never trusted past its end."""

import logging
from collections.abc import Callable

from shared.clock import monotonic_s, sleep
from shared.store.client import AWAY
from shared.store.run import leases
from worker.assignment import Assignment

log = logging.getLogger("worker.shard.lease_keeper")

AGAIN_S = 0.25
"""After a renewal that the store did not answer."""


class LeaseKeeper:
    """Whether we may begin calls: judged by our own clock, which cannot be cut off."""

    def __init__(
        self,
        assigned: Assignment,
        *,
        claimed_s: float,
        lost: Callable[[], None],
        obey: Callable[[str, int], None],
    ) -> None:
        """claimed_s: monotonic second just before the claim was asked for.
        lost: what to do when another has the shard, or may have it.
        obey: what to do with the run's state and step, which every renewal tells."""
        self._redis = assigned.redis
        self._lease = assigned.lease
        self._settings = assigned.settings
        self._until_s = claimed_s + self._settings.lease_s
        self._lost = lost
        self._obey = obey

    @property
    def is_live(self) -> bool:
        """False: another worker may have our slots by now."""
        return monotonic_s() < self._until_s

    async def beat(self) -> None:
        """Renew the lease for ever. What the store did not answer is asked again soon,
        so a lease outlasts an outage that is shorter than the lease by a heartbeat and
        that pause."""
        answered = True
        while True:
            heartbeat_s = self._settings.heartbeat_s
            await sleep(heartbeat_s if answered else min(heartbeat_s, AGAIN_S))
            answered = await self.renew()

    async def renew(self) -> bool:
        """Ask for the lease's full time, counted from before the question; whether the
        store answered."""
        asked_s = monotonic_s()
        try:
            state = await leases.renew(self._redis, self._lease, self._settings.lease_s)
        except AWAY as error:
            log.warning(
                "the lease of %s shard %d was not renewed: %s",
                self._lease.job_id,
                self._lease.shard,
                error,
            )
            if not self.is_live:
                self._lost()
            return False
        if state.kept:
            self._until_s = asked_s + self._settings.lease_s
        else:
            self._lost()
        self._obey(state.status, state.step)
        return True
