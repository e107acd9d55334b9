"""Leave to send: every gate is asked before a call, with the lane of the call held, so
that what was counted is sent at once.

A slot without leave goes back and is offered again when the gate opens; the targets
that the gate does not touch go on. A call that no gate needs to ask the store for is
sent in the same turn of the loop.
"""

import logging
from collections.abc import Callable, Sequence

from shared.clock import monotonic_s
from shared.plan import Work
from shared.store.client import AWAY
from shared.store.run import slots
from worker.assignment import Assignment
from worker.gate.beside import Beside
from worker.gate.breaker import Breaker
from worker.gate.gate import Gate
from worker.gate.openings import Openings
from worker.gate.pace import AdaptivePace
from worker.gate.permit import Permit
from worker.gate.rests import Rests
from worker.rows import ReadAttempt
from worker.slot import Slot

log = logging.getLogger("worker.gate.gates")


class Gates:
    """The gates of one shard, and its slots that wait for leave."""

    def __init__(
        self,
        assigned: Assignment,
        *,
        lanes: Callable[[], int],
        send: Callable[[Slot, Work], bool],
        freed: Callable[[], None],
        broke: Callable[[], None],
        settle: Callable[[ReadAttempt, int | None], None],
    ) -> None:
        """lanes: how many calls may be open now.
        send: begin the call; False when no call may begin any more.
        freed: the lane of a call that did not begin, or has landed, is free.
        broke: the run's budget pays for no further call.
        settle: what became of a row that the breaker has held (`Breaker`)."""
        self._assigned = assigned
        self._send = send
        self._freed = freed
        self._openings = Openings()
        self.beside = Beside()
        shared = (assigned, self._openings, self.beside)
        self.pace = AdaptivePace(assigned, self._openings)
        self.rests = Rests(*shared, self.pace)
        self.breaker = Breaker(*shared, lanes=lanes, settle=settle)
        self.permit = Permit(*shared, pace=self.pace, freed=freed, broke=broke)
        self.in_order: tuple[Gate, ...] = (
            *(self.rests, self.pace, self.breaker, self.permit),
        )
        """`again_s` is asked from the first to the last, `leave` from the last to the
        first: whether a call may try what is down is asked when all else lets it."""
        self._later: list[tuple[int, int]] = []
        """(slot, not before ms of the store): without leave, or without a lane."""
        self.paused: set[str] = set()
        """Labels of the targets whose calls were held up for a while."""
        self.waits = self._openings.waits
        """Why slots were sent back so far, and how often."""

    def first_shut(self, asked: Work) -> Gate | None:
        """The first gate that this call has to ask; None: it needs no leave."""
        for gate in self.in_order:
            if not gate.is_open(asked):
                return gate
        return None

    def begin(self, slot: Slot, asked: Work) -> None:
        """Send it as soon as the gates give leave; or offer its slot again later."""
        self.beside.start(self._begin(slot, asked))

    def leave_to_others(self, waiting: Sequence[Slot]) -> None:
        """Have slots that no lane was free for here handed back."""
        self._later += [(slot.number, 0) for slot in waiting]

    async def hand_back(self) -> None:
        """Offer the slots that did not begin again, to whoever is there by then."""
        try:
            await self.pace.tell()
        except AWAY as error:
            log.warning("the pace of %s stays: %s", self._assigned.job_id, error)
        if not self._later:
            return
        later, self._later = self._later, []
        try:
            await slots.hand_back(self._assigned.redis, self._assigned.lease, later)
        except AWAY as error:
            self._later += later
            log.warning("slots of %s stay here: %s", self._assigned.job_id, error)

    def reservation_of(self, slot: Slot, asked: Work) -> str:
        """The name of what is reserved of a budget for the call; "" for nothing."""
        return self._call_id(slot) if self.permit.reserves(asked) else ""

    def landed(self, slot: Slot, target: int) -> bool:
        """A call is over. True: its lane will be freed when that is known to all."""
        is_counted = self.permit.counts_in_flight(target)
        if is_counted:
            self.permit.land(self._call_id(slot), target)
        return is_counted

    @property
    def opens_s(self) -> float | None:
        """When the first target may be asked again, monotonic; None: one may be now."""
        if not self._openings.ever_shut:
            return None
        until_s = self._openings.until_s
        targets = range(len(self._assigned.plan.targets))
        opens_s = min(until_s(*self._names(target)) for target in targets)
        return opens_s if opens_s > monotonic_s() else None

    @property
    def shut(self) -> str:
        """What opens first of what is shut, for people; "" where that is not known.
        Targets that are open have no slots left where the others are waited for."""
        until_s, is_shut = self._openings.until_s, self._openings.is_shut
        targets = range(len(self._assigned.plan.targets))
        each = [names for names in map(self._names, targets) if is_shut(*names)]
        first = min(each, key=lambda names: until_s(*names), default=())
        return self._openings.words(*first)

    def _names(self, target: int) -> list[str]:
        """All that may bar the target."""
        return [name for gate in self.in_order for name in gate.names(target)]

    async def _begin(self, slot: Slot, asked: Work) -> None:
        again_s = await self._leave(slot, asked)
        if again_s is not None:
            if self._openings.is_shut(*self._names(asked.target)):
                self.paused.add(self._assigned.plan.targets[asked.target].label())
            self._later.append((slot.number, self._assigned.clock.store_ms(again_s)))
        elif self._send(slot, asked):
            return
        else:
            await self._unused(self.in_order, slot, asked)
        self._freed()

    async def _leave(self, slot: Slot, asked: Work) -> float | None:
        """None: send it now. Else the monotonic second when the slot may come again."""
        for gate in self.in_order:
            again_s = gate.again_s(asked)
            if again_s is not None:
                return again_s
        call_id = self._call_id(slot)
        for place in reversed(range(len(self.in_order))):
            again_s = await self.in_order[place].leave(asked, call_id)
            if again_s is not None:
                await self._unused(self.in_order[place + 1 :], slot, asked)
                return again_s
        return None

    async def _unused(self, passed: tuple[Gate, ...], slot: Slot, asked: Work) -> None:
        """Give back the leave of these gates: the call is not sent."""
        for gate in reversed(passed):
            await gate.unused(asked, self._call_id(slot))

    def _call_id(self, slot: Slot) -> str:
        """An id of the call, the lease's epoch in it: a worker that takes the shard
        over makes the same attempt again, and that is another call."""
        lease = self._assigned.lease
        call = f"{lease.step.number}:{slot.number}:{slot.attempt}"
        return f"{lease.job_id}:{call}:{lease.shard}:{lease.epoch}"
