"""The store's clock on this machine's monotonic clock.

Starts of steps are store time, since that is the one clock that all machines share.
A worker converts once per shard; no duration ever crosses machines.
"""

from dataclasses import dataclass

from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.store.client import now_s

_TRIPS = 9


@dataclass(frozen=True, slots=True)
class StoreClock:
    """How to turn one clock into the other."""

    offset_s: float
    """Store time minus monotonic time."""
    error_s: float
    """Half of the shortest round trip: the offset is right within this."""

    def monotonic(self, store_ms: float) -> float:
        """The monotonic second of a moment of the store, given in ms."""
        return store_ms / 1000 - self.offset_s

    def store_ms(self, monotonic: float) -> int:
        """The store's millisecond of a monotonic second, rounded down."""
        return int((monotonic + self.offset_s) * 1000)


async def read(redis: Redis) -> StoreClock:
    """Ask the store for its time nine times, and keep the quickest answer."""
    readings = [await _read_once(redis) for _ in range(_TRIPS)]
    return min(readings, key=lambda reading: reading.error_s)


async def _read_once(redis: Redis) -> StoreClock:
    asked_s = monotonic_s()
    store_s = await now_s(redis)
    half_s = (monotonic_s() - asked_s) / 2
    return StoreClock(store_s - (asked_s + half_s), half_s)
