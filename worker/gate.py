"""Leave to send, for calls that fall under a limit of the account.

Asked of the store just before the call is sent, with its lane held, so that what was
counted is sent at once. A slot without leave goes back and is offered again when the
limit opens; the targets that the limit does not touch go on.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.limits import Limit, account_of, limits_of
from shared.plan import Plan, Work
from shared.settings import Settings
from shared.store import limits, slots
from shared.store.client import AWAY
from shared.store.slots import Lease
from worker.attack import Slot
from worker.ending import end
from worker.storeclock import StoreClock

log = logging.getLogger("worker.gate")

_AGAIN_S = 0.25
"""When the store did not answer."""
_APART_S = 3.0
"""Between two slots that wait for the same opening, where no rate tells better."""


class Gate:
    """One shard's way past the limits."""

    def __init__(
        self,
        redis: Redis,
        plan: Plan,
        lease: Lease,
        settings: Settings,
        clock: StoreClock,
        *,
        send: Callable[[Slot, Work], bool],
        freed: Callable[[], None],
    ) -> None:
        """send: begin the call; False when no call may begin any more.
        freed: the lane of a call that did not begin, or has landed, is free."""
        self._redis = redis
        self._lease = lease
        self._clock = clock
        self._send = send
        self._freed = freed
        self._flight_s = settings.total_timeout_s + 60
        self._account = account_of(settings)
        self._of = [limits_of(target.model, settings) for target in plan.targets]
        self._shut: dict[str, tuple[float, int]] = {}
        """Limit -> (monotonic second when it opens, slots that wait for that)."""
        self._asking: set[asyncio.Task[None]] = set()
        self._later: list[tuple[int, int]] = []
        """(slot, not before ms of the store): without leave."""
        self.waits: dict[str, int] = {}
        """Why slots were sent back, and how often: told with the result."""

    def __len__(self) -> int:
        """Calls that ask for leave, or report that they landed, just now."""
        return len(self._asking)

    def is_open(self, target: int) -> bool:
        """Whether calls of this target need no leave."""
        return not self._of[target]

    def begin(self, slot: Slot, asked: Work) -> None:
        """Send it as soon as the limits give leave; or offer its slot again later."""
        self._start(self._begin(slot, asked))

    def landed(self, slot: Slot, target: int) -> bool:
        """A call is over. True: its lane will be freed when that is known to all."""
        counted = [limit for limit in self._of[target] if limit.in_flight is not None]
        if counted:
            self._start(self._land(self._call_id(slot), counted))
        return bool(counted)

    def bar(self, target: int, opens_s: float) -> None:
        """The upstream said that no free call goes before then (monotonic)."""
        name = self._of[target][0].name
        self._shut[name] = (opens_s, 0)
        self._count("barred")
        self._start(self._tell(name, self._clock.store_ms(opens_s)))

    async def hand_back(self) -> None:
        """Offer the slots without leave again, to whoever is there by then."""
        if not self._later:
            return
        later, self._later = self._later, []
        try:
            await slots.hand_back(self._redis, self._lease, later)
        except AWAY as error:
            self._later += later
            log.warning("slots of %s stay here: %s", self._lease.job_id, error)

    async def close(self) -> None:
        """Let go of all that ask."""
        await end(*self._asking)

    @property
    def opens_s(self) -> float | None:
        """When the first target may be asked again, monotonic; None: one may be now."""
        now_s = monotonic_s()
        opens_s = []
        for limited in self._of:
            until_s = max((self._until_s(limit) for limit in limited), default=0.0)
            if until_s <= now_s:
                return None
            opens_s.append(until_s)
        return min(opens_s)

    async def _begin(self, slot: Slot, asked: Work) -> None:
        again_s = await self._wait(slot, asked.target)
        if again_s is None and self._send(slot, asked):
            return
        if again_s is not None:
            self._later.append((slot.number, self._clock.store_ms(again_s)))
        self._freed()

    async def _wait(self, slot: Slot, target: int) -> float | None:
        """None: send it now. Else the monotonic second when the slot may come again."""
        limited = self._of[target]
        now_s = monotonic_s()
        for limit in limited:
            if self._until_s(limit) > now_s:
                return self._in_line(limit)
        try:
            wait = await limits.leave(
                self._redis,
                self._account,
                limited,
                self._call_id(slot),
                flight_s=self._flight_s,
            )
        except AWAY as error:
            log.warning("no leave for a call of %s: %s", self._lease.job_id, error)
            return now_s + _AGAIN_S
        if wait is None:
            return None
        self._count(wait.why)
        until_s = self._clock.monotonic(wait.until_ms)
        if wait.why == "in_flight":
            return until_s
        self._shut[wait.limit] = (until_s, 0)
        return self._in_line(next(one for one in limited if one.name == wait.limit))

    async def _land(self, call_id: str, counted: list[Limit]) -> None:
        try:
            await limits.landed(self._redis, self._account, counted, call_id)
        except AWAY as error:
            log.warning("a landed call was not reported: %s", error)
        self._freed()

    async def _tell(self, name: str, until_ms: int) -> None:
        try:
            await limits.bar(self._redis, self._account, name, until_ms)
        except AWAY as error:
            log.warning("other workers were not told of a limit: %s", error)

    def _start(self, doing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(doing, name="gate")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    def _count(self, why: str) -> None:
        self.waits[why] = self.waits.get(why, 0) + 1

    def _in_line(self, limit: Limit) -> float:
        """When the next slot that waits for this limit may come: one after the other,
        so that they do not all come at the opening and most go back again."""
        until_s, waiting = self._shut[limit.name]
        self._shut[limit.name] = (until_s, waiting + 1)
        at_once = limit.per_minute or 1
        apart_s = 60 / limit.per_minute if limit.per_minute else _APART_S
        return until_s + max(0, waiting - at_once) * apart_s

    def _until_s(self, limit: Limit) -> float:
        return self._shut.get(limit.name, (0.0, 0))[0]

    def _call_id(self, slot: Slot) -> str:
        step = self._lease.step.number
        return f"{self._lease.job_id}:{step}:{slot.number}:{slot.attempt}"
