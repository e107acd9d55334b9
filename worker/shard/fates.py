"""What becomes of the slots of calls that have ended, and of the run after them."""

from typing import Protocol

from shared.clock import monotonic_s, wall_s
from shared.plan import Plan, is_open
from shared.run import Ending
from shared.sample import Kind
from worker.gate import Breaker, Ended, Gate, Rests, Waits
from worker.rows import Rows, decide
from worker.stop import Stop
from worker.storeclock import StoreClock
from worker.wordings import Wordings


class Work(Protocol):
    """What is asked of the shard whose calls these are."""

    @property
    def why(self) -> Stop | None:
        """Why no more calls begin; None while they do."""

    def wait(self, until_ms: int) -> None:
        """Every slot is barred until then: give the lease back meanwhile."""

    def end(self, ending: Ending, error: str | None = None) -> None:
        """No further call has any sense."""


class Fates:
    """Of one shard's calls."""

    def __init__(
        self,
        work: Work,
        plan: Plan,
        clock: StoreClock,
        *,
        breaker: Breaker,
        rests: Rests,
        gate: Gate,
        rows: Rows,
        wordings: Wordings,
        ends_s: float,
    ) -> None:
        """wordings: how the targets are asked.
        ends_s: monotonic second at which the step's time is over."""
        self._work = work
        self._plan = plan
        self._clock = clock
        self._breaker = breaker
        self._rests = rests
        self._gate = gate
        self._rows = rows
        self._wordings = wordings
        self._ends_s = ends_s
        self._is_open = is_open(plan.load)

    def decide(self, ended: Ended) -> tuple[Kind, int] | None:
        """The kind of its row, and when its slot is offered again, in ms of the store;
        None: that is not known yet, and `settle` tells the rows."""
        found = self._breaker.became(ended, is_last=self._work.why is not None)
        if found is Waits.TO_BE_KNOWN:
            return None
        if found is not None:
            return "again", found
        return self._decided(ended)

    def settle(self, ended: Ended, again_ms: int | None) -> None:
        """It is known by now what a row is that waited for it."""
        kind, not_before_ms = (
            self._decided(ended) if again_ms is None else ("again", again_ms)
        )
        self._rows.settle(ended.call.slot.number, kind, not_before_ms)

    def _decided(self, ended: Ended) -> tuple[Kind, int]:
        call, reply, sample = ended
        now_s = monotonic_s()
        decision = decide(
            call.slot,
            reply,
            sample,
            now_s=wall_s(),
            retries=self._plan.retries,
            left_s=self._ends_s - now_s,
            reworded=self._wordings.learn(call.work.target, call.wording, reply),
        )
        if decision.ending is not None:
            self._work.end(decision.ending, reply.error or decision.ending.value)
        if decision.rests_s is not None and not self._is_open:
            # an open load asks what it was told to ask, and a 429 is the answer
            self._rests.rest(call.work.target, now_s + decision.rests_s)
        throttled, sent_s = reply.throttled, call.started_s
        self._gate.became(call.work.target, throttled=throttled, sent_s=sent_s)
        if decision.kind == "retry":
            return decision.kind, self._clock.store_ms(now_s + decision.retry_in_s)
        if decision.opens_in_s is None:
            return decision.kind, 0
        opens_s = now_s + decision.opens_in_s
        opens_ms = self._clock.store_ms(opens_s)
        if decision.of_free_calls and self._gate.has_limit(call.work.target):
            self._gate.bar(call.work.target, opens_s)
        elif self._is_open or not self._rests.rest_all_like(call.work.target, opens_s):
            self._work.wait(opens_ms)
        return decision.kind, opens_ms
