"""One shard's part in finding an adaptive load's rate (`store.upstream.pace`)."""

import asyncio

from shared.plan import Adaptive, Work
from shared.store.upstream import pace
from shared.store.upstream.limits import PACE
from shared.store.upstream.pace import Paced
from worker.assignment import Assignment
from worker.gate.gate import Gate
from worker.gate.openings import Openings

_APART_S = 0.05
"""Between two slots that wait for a rested target, where there is no pace."""


class AdaptivePace(Gate):
    """What became of calls, told in batches; does nothing under another load.

    Its leave is asked for together with that of limits and budgets (`Permit`)."""

    def __init__(self, assigned: Assignment, openings: Openings) -> None:
        load, targets = assigned.lease.step.load, len(assigned.plan.targets)
        self.load = load if isinstance(load, Adaptive) else None
        """None: there is no pace to find."""
        self._assigned = assigned
        self._openings = openings
        self._names = [f"{PACE} {target}" for target in range(targets)]
        self._apart_s = [_APART_S] * targets
        self._passed = [0] * targets
        self._throttled = [0] * targets
        self._sent_ms = [0] * targets
        self._telling = asyncio.Lock()

    def names(self, target: int) -> tuple[str, ...]:
        """The name of the target's own pace."""
        return (self._names[target],)

    def is_open(self, asked: Work) -> bool:
        """Whether there is no pace to find."""
        return self.load is None

    def again_s(self, asked: Work) -> float | None:
        """The slot's place in line, while its target's next call is not due."""
        name = self._names[asked.target]
        if not self._openings.is_shut(name):
            return None
        return self._openings.in_line(name, 1, self._apart_s[asked.target])

    def asked(self, target: int) -> Paced | None:
        """What a call of this target asks for."""
        if self.load is None:
            return None
        return Paced(target, self.load.start_per_minute)

    def told_to_wait(self, target: int, until_s: float, apart_s: float) -> float:
        """Take in the store's answer: calls of this target go so far apart, the next
        one at `until_s`. Returns when this slot may come again."""
        self._openings.shut(self._names[target], until_s)
        self._apart_s[target] = apart_s
        return self._openings.in_line(self._names[target], 1, apart_s)

    def apart_s(self, target: int) -> float:
        """Seconds from one call of the target to the next."""
        return self._apart_s[target]

    def became(self, target: int, *, throttled: bool, sent_s: float) -> None:
        """Count a call that came back. sent_s: monotonic."""
        if self.load is None:
            return
        if throttled:
            self._throttled[target] += 1
            sent_ms = self._assigned.clock.store_ms(sent_s)
            self._sent_ms[target] = max(self._sent_ms[target], sent_ms)
        else:
            self._passed[target] += 1

    async def tell(self) -> None:
        """Bring the counts to the store, which has everybody's; once they are there,
        also where another tells them just now."""
        if self.load is None:
            return
        async with self._telling:
            await self._tell(self.load)

    async def _tell(self, load: Adaptive) -> None:
        for target in range(len(self._passed)):
            passed, throttled = self._passed[target], self._throttled[target]
            if not (passed or throttled):
                continue
            await pace.adapt(
                self._assigned.redis,
                self._assigned.job_id,
                target,
                load,
                passed=passed,
                throttled=throttled,
                sent_ms=self._sent_ms[target],
            )
            self._passed[target] -= passed
            self._throttled[target] -= throttled
