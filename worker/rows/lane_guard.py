"""Lanes whose call has ended and whose row the store has not taken yet.

A worker that is killed loses its open calls, and the answers whose rows are still on
their way. Where calls are few, a lane's next call waits for the row of its last one, so
that both together are no more than the lanes (docs/decisions/0008).
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

_NEAR_S = 0.002
"""A store whose best round trip takes longer is not waited for. A near one has a row
within some two milliseconds of its call's end."""
_MOST_S = 0.025
"""How long a lane waits when the store or this process is held up."""
_LONG_S = 0.1
"""Lanes of shorter calls do not wait: it would be seen that they are not all open."""
_APART_S = 0.004
"""Lanes of calls that end closer together do not wait: each would cost a commit."""


class LaneGuard:
    """One shard's lanes that wait for their rows."""

    def __init__(self, freed: Callable[[], None], *, round_trip_s: float) -> None:
        """freed: a lane need not wait any more. round_trip_s: to the store, at best."""
        self._freed = freed
        self._near = round_trip_s <= _NEAR_S
        self._until: dict[int, asyncio.TimerHandle] = {}
        self._waits = asyncio.Event()

    def wait_for_row(self, slot: int, took_s: float, lanes: int) -> bool:
        """Whether the lane of this call waits, now that it has ended; `freed` is called
        later. False: it is free at once.

        took_s: how long the call has taken. lanes: how many are in use, so that
        took_s / lanes is the mean time between two ends.
        """
        if not self._near or took_s < max(_LONG_S, _APART_S * lanes):
            return False
        loop = asyncio.get_running_loop()
        self._until[slot] = loop.call_later(_MOST_S, self._free, slot)
        self._waits.set()
        return True

    def release(self, slots: Iterable[int]) -> None:
        """The store has taken the rows of these slots."""
        for slot in slots:
            if slot in self._until:
                self._until[slot].cancel()
                self._free(slot)

    async def lane_waits(self, most_s: float) -> None:
        """Wait until a lane waits for its row, but no longer than `most_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._waits.wait()

    def _free(self, slot: int) -> None:
        del self._until[slot]
        if not self._until:
            self._waits.clear()
        self._freed()
