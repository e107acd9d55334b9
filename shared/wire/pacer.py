"""The pacer: wakes at absolute times, so that a late call does not delay the next."""

import asyncio
import heapq
import math
import time
from collections.abc import Callable
from itertools import count

from shared.wire.timer import timer

_NS = 1_000_000_000


class Pacer:
    """Calls back at absolute monotonic times, in their order; never early.

    Belongs to the loop that runs when it is made. Close it when the step is over.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._tickets = count()  # equal times ring in the order of their asking
        self._armed_s = math.inf
        self._timer = timer(self._loop, self._ring)

    def at(self, at_s: float, callback: Callable[[], object]) -> None:
        """Call once `time.monotonic()` has reached `at_s`.

        A time that is past rings at the loop's next look at its sockets, not before:
        late work must not keep the loop from reading.
        """
        heapq.heappush(self._due, (at_s, next(self._tickets), callback))
        self._arm()

    async def until(self, at_s: float) -> None:
        """Wait for an absolute monotonic time; yields to the loop also when past."""
        reached: asyncio.Future[None] = self._loop.create_future()

        def wake() -> None:
            if not reached.done():  # the waiter may have been cancelled
                reached.set_result(None)

        self.at(at_s, wake)
        await reached

    def close(self) -> None:
        """Nothing rings any more; waiters stay waiting, so cancel them."""
        self._due.clear()
        self._timer.close()

    def _arm(self) -> None:
        if self._due and self._due[0][0] < self._armed_s:
            self._armed_s = self._due[0][0]
            # 0 would mean "off" to a timerfd.
            self._timer.arm(max(1, math.ceil(self._armed_s * _NS)))

    def _ring(self, _: int) -> None:
        now_s = time.monotonic()
        try:
            while self._due and self._due[0][0] <= now_s:
                heapq.heappop(self._due)[2]()
        finally:
            # Also after a callback that raised: the others are still due.
            self._armed_s = math.inf
            self._arm()
