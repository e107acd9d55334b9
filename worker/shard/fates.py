"""What becomes of the slots of calls that have ended, and of the run after them."""

from shared.clock import monotonic_s, wall_s
from shared.sample import Kind
from worker.assignment import Assignment
from worker.gate import Gates, Waits
from worker.rows import ReadAttempt, Reader, decide
from worker.shard.life import Life
from worker.wordings import Wordings


class Fates:
    """Of one shard's calls."""

    def __init__(
        self,
        assigned: Assignment,
        life: Life,
        *,
        gates: Gates,
        reader: Reader,
        wordings: Wordings,
    ) -> None:
        """wordings: how the targets are asked."""
        self._life = life
        self._plan = assigned.plan
        self._clock = assigned.clock
        self._gates = gates
        self._reader = reader
        self._wordings = wordings
        self._ends_s = assigned.ends_s
        self._is_open = self._plan.load.slots_by(0) is not None

    def decide(self, ended: ReadAttempt) -> tuple[Kind, int] | None:
        """The kind of its row, and when its slot is offered again, in ms of the store;
        None: that is not known yet, and `settle` tells the rows."""
        found = self._gates.breaker.became(ended, is_last=self._life.why is not None)
        if found is Waits.TO_BE_KNOWN:
            return None
        if found is not None:
            return "again", found
        return self._decided(ended)

    def settle(self, ended: ReadAttempt, again_ms: int | None) -> None:
        """It is known by now what a row is that waited for it."""
        kind, not_before_ms = (
            self._decided(ended) if again_ms is None else ("again", again_ms)
        )
        self._reader.settle(ended.call.slot.number, kind, not_before_ms)

    def _decided(self, ended: ReadAttempt) -> tuple[Kind, int]:
        call, reply, sample = ended
        gates, target = self._gates, call.work.target
        now_s = monotonic_s()
        decision = decide(
            call.slot,
            reply,
            sample,
            now_s=wall_s(),
            retries=self._plan.retries,
            left_s=self._ends_s - now_s,
            reworded=self._wordings.learn(target, call.wording, reply),
        )
        if decision.ending is not None:
            said = reply.error or decision.ending.value
            at = self._plan.targets[target].upstream
            self._life.end(decision.ending, f"{at}: {said}" if at else said)
        if decision.rests_s is not None and not self._is_open:
            # an open load asks what it was told to ask, and a 429 is the answer
            gates.rests.rest(target, now_s + decision.rests_s)
        throttled, sent_s = reply.throttled, call.started_s
        gates.pace.became(target, throttled=throttled, sent_s=sent_s)
        if decision.kind == "retry":
            return decision.kind, self._clock.store_ms(now_s + decision.retry_in_s)
        if decision.opens_in_s is None:
            return decision.kind, 0
        opens_s = now_s + decision.opens_in_s
        opens_ms = self._clock.store_ms(opens_s)
        if decision.of_free_calls and gates.permit.has_limit(target):
            gates.permit.bar(target, opens_s)
        elif self._is_open or not gates.rests.rest_all_like(target, opens_s):
            self._life.wait(opens_ms)
        return decision.kind, opens_ms
