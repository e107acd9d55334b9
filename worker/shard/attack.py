"""When calls begin: at their absolute due times, or as soon as a lane is free.

Nothing here asks the store or parses a byte: what waits between a due time and its
call is this file and the event loop, and both are measured.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable

from shared.clock import monotonic_s
from worker.slot import Slot

_BATCH = 16
"""Calls begun in one turn of the loop; sockets are read between two turns."""


class Attack:
    """One shard's slots in hand, and its open calls."""

    def __init__(
        self,
        *,
        lanes: Callable[[], int],
        begin: Callable[[Slot], None],
        drop: Callable[[Slot], None],
        at: Callable[[float, Callable[[], None]], object],
    ) -> None:
        """lanes: how many calls may be open now.
        drop: what becomes of a slot that is due while no lane is free.
        at: call back at an absolute monotonic second."""
        self._lanes = lanes
        self._begin = begin
        self._drop = drop
        self._at = at
        self._slots: list[Slot] = []
        self._retries: deque[Slot] = deque()
        self._alarm_s = 0.0
        self._again = False
        self.open = 0
        self.stopped = False

    def __len__(self) -> int:
        """Slots in hand whose call has not begun."""
        return len(self._slots) + len(self._retries)

    @property
    def waiting(self) -> int:
        """Slots in hand that only a lane keeps from beginning."""
        closed = len(self._slots) if self._slots and not self._slots[0].due_s else 0
        return closed + len(self._retries)

    @property
    def last_due_s(self) -> float:
        """The latest due time in hand, of a first attempt; 0 when there is none."""
        return max(slot.due_s for slot in self._slots) if self._slots else 0.0

    def offer(self, slots: list[Slot]) -> None:
        """Take slots into hand, and begin what can begin."""
        now_s = monotonic_s()
        for slot in slots:
            if slot.retries or (slot.offered_again and slot.due_s <= now_s):
                self._retries.append(slot)
            else:
                heapq.heappush(self._slots, slot)
        self.pump()

    def ended(self) -> None:
        """A call has ended: its lane is free."""
        self.open -= 1
        self.pump()

    def stop(self) -> None:
        """Begin nothing more; open calls go on."""
        self.stopped = True
        self._slots.clear()
        self._retries.clear()

    def leave(self) -> list[Slot]:
        """Begin nothing more; returns the slots in hand, and keeps none of them."""
        left = [*self._slots, *self._retries]
        self.stop()
        return left

    def take_waiting(self) -> list[Slot]:
        """Remove and return the slots that only a lane keeps from beginning; slots that
        are due later stay."""
        waiting = [*self._retries, *(slot for slot in self._slots if not slot.due_s)]
        self._retries.clear()
        self._slots[:] = sorted(slot for slot in self._slots if slot.due_s)
        return waiting

    def pump(self) -> None:
        """Begin every slot that is due and has a lane, a few in a turn."""
        if self._again:
            return
        slots, retries = self._slots, self._retries
        for _ in range(_BATCH):
            if self.stopped or not (slots or retries):
                return
            is_free = self.open < self._lanes()
            if retries and is_free:
                slot = retries.popleft()
            elif not slots:
                return
            elif not slots[0].due_s:
                if not is_free:
                    return  # a closed load waits for a lane
                slot = heapq.heappop(slots)
            elif not self._is_due(slots[0]):
                return
            elif is_free:
                slot = heapq.heappop(slots)
            else:
                self._drop(heapq.heappop(slots))
                continue
            self.open += 1
            self._begin(slot)
        self._again = True
        asyncio.get_running_loop().call_soon(self._next_turn)

    def _next_turn(self) -> None:
        self._again = False
        self.pump()

    def _is_due(self, slot: Slot) -> bool:
        """Whether it may begin now; else we are woken when it may."""
        if slot.due_s <= monotonic_s():
            return True
        self._wake_at(slot.due_s)
        return False

    def _wake_at(self, due_s: float) -> None:
        if self._alarm_s and self._alarm_s <= due_s:
            return
        self._alarm_s = due_s
        self._at(due_s, self._alarm)

    def _alarm(self) -> None:
        self._alarm_s = 0.0
        self.pump()
