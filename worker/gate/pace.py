"""One shard's part in finding the rate of an adaptive load."""

from redis.asyncio import Redis

from shared.plan import Adaptive
from shared.plan.loads import Load
from shared.store.upstream import pace
from shared.store.upstream.pace import Paced
from worker.storeclock import StoreClock

_APART_S = 0.05
"""Between two slots that wait for a rested target, where there is no pace."""


class Pace:
    """What became of calls, told in batches; does nothing under another load."""

    def __init__(
        self, redis: Redis, job_id: str, load: Load, targets: int, clock: StoreClock
    ) -> None:
        self.load = load if isinstance(load, Adaptive) else None
        """None: there is no pace to find."""
        self._redis = redis
        self._job_id = job_id
        self._clock = clock
        self._apart_s = [_APART_S] * targets
        self._passed = [0] * targets
        self._throttled = [0] * targets
        self._sent_ms = [0] * targets

    def asked(self, target: int) -> Paced | None:
        """What a call of this target asks for."""
        if self.load is None:
            return None
        return Paced(target, self.load.start_per_minute)

    def heard(self, target: int, apart_s: float) -> None:
        """Calls of this target go so far apart now."""
        self._apart_s[target] = apart_s

    def apart_s(self, target: int) -> float:
        """How far apart its calls go."""
        return self._apart_s[target]

    def became(self, target: int, *, throttled: bool, sent_s: float) -> None:
        """Count a call that came back. sent_s: monotonic."""
        if self.load is None:
            return
        if throttled:
            self._throttled[target] += 1
            sent_ms = self._clock.store_ms(sent_s)
            self._sent_ms[target] = max(self._sent_ms[target], sent_ms)
        else:
            self._passed[target] += 1

    async def tell(self) -> None:
        """Bring the counts to the store, which has everybody's."""
        for target in range(len(self._passed)):
            passed, throttled = self._passed[target], self._throttled[target]
            if self.load is None or not (passed or throttled):
                continue
            await pace.adapt(
                self._redis,
                self._job_id,
                target,
                self.load,
                passed=passed,
                throttled=throttled,
                sent_ms=self._sent_ms[target],
            )
            self._passed[target] -= passed
            self._throttled[target] -= throttled
