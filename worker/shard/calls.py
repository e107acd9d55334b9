"""The calls of one shard: begun when a lane and the gates let them, ended, or cut.

Between a slot's due time and its request stand `Attack`, `_begin` and `_send`; nothing
there asks the store or parses a byte, but where a gate needs leave.
"""

from collections.abc import Callable, Sequence

from shared.clock import monotonic_s, wall_s
from shared.plan import Work
from shared.run import Ending
from shared.sample import Outcome, Sample
from shared.wire import Call, Exchange, Pacer, Wire
from worker.assignment import Assignment
from worker.gate import Gates
from worker.rows import Attempt, Committer, LaneGuard, Probe, Reader, status_of
from worker.rows.spool import Spool
from worker.shard.attack import Attack
from worker.shard.fates import Fates
from worker.shard.lanes import fixed_lanes, lanes_at
from worker.shard.lease_keeper import LeaseKeeper
from worker.shard.life import Life
from worker.slot import Slot
from worker.stop import Stop

_NO_LANE = "it was due, and as many calls were open as the plan allows"
_TOO_LATE = "it was due, and no worker had it before the step's time was over"


class Calls:
    """The open calls of one shard, and what becomes of them."""

    def __init__(
        self,
        assigned: Assignment,
        life: Life,
        keeper: LeaseKeeper,
        pacer: Pacer,
        probe: Probe,
        spool: Spool,
        seen: Sequence[Callable[[Sample], None]],
    ) -> None:
        """seen: who is shown each row as it is made."""
        self._lease = assigned.lease
        self._origin_s = assigned.origin_s
        self._most = assigned.settings.max_concurrency
        self._fixed_lanes = fixed_lanes(assigned.lease, most=self._most)
        self._life = life
        self._keeper = keeper
        self._wires: list[Wire] = [
            assigned.at(target).wire for target in range(len(assigned.plan.targets))
        ]
        self._probe = probe
        self._streams = assigned.plan.stream
        self._open: dict[int, tuple[Attempt, Call]] = {}
        self._cut_at_s = float("inf")
        self._cut_as = Outcome.CANCELLED
        self.begun = 0
        """So many so far; the rate follows from it."""
        self.attack = Attack(
            lanes=self.lanes, begin=self._begin, drop=self._drop, at=pacer.at
        )
        self._guard = LaneGuard(
            self.attack.ended, round_trip_s=2 * assigned.clock.error_s
        )
        self.gates = Gates(
            assigned,
            lanes=self.lanes,
            send=self._send_if_held,
            freed=self.attack.ended,
            broke=lambda: life.end(Ending.BUDGET),
            settle=lambda ended, again_ms: self._fates.settle(ended, again_ms),
        )
        self.committer = Committer(
            assigned, spool, self._guard, seen, tell=self.gates.pace.tell
        )
        self.reader = Reader(
            probe,
            lambda ended: self._fates.decide(ended),
            self.committer,
            self._guard,
            assigned.checker,
        )
        self._fates = Fates(
            assigned,
            life,
            gates=self.gates,
            reader=self.reader,
            wordings=probe.wordings,
        )

    @property
    def open(self) -> int:
        """Calls that have begun and not ended, and what the store is told of them."""
        return len(self._open) + len(self.gates.beside)

    @property
    def owed(self) -> int:
        """Rows, and ended calls that will become rows, that the store has not taken."""
        return len(self.reader) + len(self.committer)

    def lanes(self) -> int:
        """This shard's share of the lanes that the load has now."""
        if self._fixed_lanes is not None:
            return self._fixed_lanes
        elapsed_s = monotonic_s() - self._origin_s
        return lanes_at(self._lease, elapsed_s, most=self._most)

    def over(self, slot: Slot) -> None:
        """The slot was due in the step's time and never sent: its row is `dropped`."""
        self.committer.put(self._probe.dropped(slot, _TOO_LATE), "failed")

    def cut_by(self, at_s: float, outcome: Outcome) -> None:
        """Calls that are still open at `at_s` (monotonic) are cut with this outcome;
        only the first time set counts."""
        if self._cut_at_s == float("inf"):
            self._cut_at_s, self._cut_as = at_s, outcome

    def cut_overdue(self) -> None:
        """End calls that have had their time to end since the stop. Where we cut them
        their slots are offered again; where the step's end does they are unfinished."""
        if self._open and monotonic_s() > self._cut_at_s:
            self.cut(self._cut_as)

    def cut(self, outcome: Outcome) -> None:
        """End the calls that are open, as this."""
        for call, sending in list(self._open.values()):
            call.cut = outcome
            sending.cancel()

    def _begin(self, slot: Slot) -> None:
        if not self._keeper.is_live:
            # Another worker may have this slot by now.
            self.attack.open -= 1
            self._life.stop(Stop.LOST)
            return
        asked = self._probe.work(slot.number)
        if self.gates.first_shut(asked) is None:
            self._send(slot, asked)
        else:
            self.gates.begin(slot, asked)

    def _send_if_held(self, slot: Slot, asked: Work) -> bool:
        """Send, for leave has come, where the lease is still ours; whether it was
        sent."""
        if self._life.why is not None or not self._keeper.is_live:
            return False
        self._send(slot, asked)
        return True

    def _send(self, slot: Slot, asked: Work) -> None:
        reserved = self.gates.reservation_of(slot, asked)
        wording = self._probe.wordings.of(asked.target)
        call = Attempt(slot, asked, monotonic_s(), wall_s(), reserved, wording=wording)
        sending = self._wires[asked.target].start(
            self._probe.request(slot, asked),
            lambda exchange: self._ended(call, exchange),
            caps=self._probe.caps,
            has_token=(
                self._probe.has_token_of(asked.target) if self._streams else None
            ),
            # what a kept connection lost is not given to another one
            fresh=slot.offered_again,
        )
        self._open[slot.number] = (call, sending)
        self.begun += 1

    def _ended(self, call: Attempt, exchange: Exchange) -> None:
        del self._open[call.slot.number]
        status = status_of(exchange)
        if status.isdigit():
            self.gates.breaker.heard(call, int(status))
        self.reader.ended(call, exchange)
        if self.gates.landed(call.slot, call.work.target):
            return
        if call.slot.due_s or not self._guard.wait_for_row(
            call.slot.number, monotonic_s() - call.started_s, self.attack.open
        ):
            self.attack.ended()
        if not len(self.attack):
            self._life.wake()  # nothing in hand; else its next turn is soon enough

    def _drop(self, slot: Slot) -> None:
        self.committer.put(self._probe.dropped(slot, _NO_LANE), "failed")
