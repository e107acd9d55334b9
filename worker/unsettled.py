"""Lanes whose call has ended and whose row the store has not taken yet.

A worker that is killed loses its open calls, and the answers whose rows are still on
their way. Where calls are few, a lane's next call waits for the row of its last one, so
that both together are no more than the lanes (docs/decisions/0008).
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

_MOST_S = 0.005
"""How long a lane waits, however far away the store is. One on the same machine takes
a row within a millisecond."""
_LONG_S = 0.05
"""A shorter call does not wait: the load would be seen to be less than was asked."""
_APART_S = 0.004
"""Calls that end closer together than this do not wait: each would cost a commit."""


class Unsettled:
    """One shard's lanes that wait for their rows."""

    def __init__(self, freed: Callable[[], None]) -> None:
        """freed: a lane need not wait any more."""
        self._freed = freed
        self._until: dict[int, asyncio.TimerHandle] = {}
        self._some = asyncio.Event()

    def keep(self, slot: int, took_s: float, lanes: int) -> bool:
        """Whether the lane of this call waits, now that it has ended; `freed` is called
        later. False: it is free at once.

        took_s: how long the call has taken. lanes: how many are in use, so that
        took_s / lanes is the mean time between two ends.
        """
        if took_s < _LONG_S or took_s < _APART_S * lanes:
            return False
        loop = asyncio.get_running_loop()
        self._until[slot] = loop.call_later(_MOST_S, self._free, slot)
        self._some.set()
        return True

    def settle(self, slots: Iterable[int]) -> None:
        """The store has taken the rows of these."""
        for slot in slots:
            if slot in self._until:
                self._until[slot].cancel()
                self._free(slot)

    async def some(self, most_s: float) -> None:
        """Until a lane waits, but no longer than `most_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._some.wait()

    def _free(self, slot: int) -> None:
        del self._until[slot]
        if not self._until:
            self._some.clear()
        self._freed()
