"""Leave to send, for calls that fall under a limit of the account or under a budget.

Asked of the store just before the call is sent, with its lane held, so that what was
counted is sent at once. A slot without leave goes back and is offered again when the
limit opens; the targets that the limit does not touch go on. With the leave goes a
hold of what the call may cost, where a budget limits that, and under an adaptive load
the pace. A target whose provider asks for a rest is no limit: nobody is asked then.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.costs import Costs
from shared.limits import Limit, account_of, limits_of
from shared.plan import Plan, Work
from shared.settings import Settings
from shared.store import limits, slots
from shared.store.client import AWAY
from shared.store.limits import MONEY, PACE
from shared.store.money import Hold
from shared.store.slots import Lease
from worker.attack import Slot
from worker.ending import end
from worker.pace import Pace
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
        costs: Costs | None,
        send: Callable[[Slot, Work], bool],
        freed: Callable[[], None],
        broke: Callable[[], None],
    ) -> None:
        """costs: None where no budget limits the run.
        send: begin the call; False when no call may begin any more.
        freed: the lane of a call that did not begin, or has landed, is free.
        broke: the run's budget pays for no further call."""
        self._redis = redis
        self._lease = lease
        self._clock = clock
        self._costs = costs
        self._send = send
        self._freed = freed
        self._broke = broke
        # when it is over, and its row has had time to come
        self._flight_s = settings.total_timeout_s + 4 * settings.lease_s
        self._account = account_of(settings)
        self._labels = [target.label() for target in plan.targets]
        load = lease.step.load
        self._pace = Pace(redis, lease.job_id, load, len(plan.targets), clock)
        self._of = [limits_of(target.model, settings) for target in plan.targets]
        self._names = [
            [limit.name for limit in limited]
            + [MONEY] * bool(costs and costs.has_price(target))
            + [limits.of_target(self._labels[target]), f"{PACE} {target}"]
            for target, limited in enumerate(self._of)
        ]
        """All that may bar a target."""
        self._shut: dict[str, tuple[float, int]] = {}
        """Limit -> (monotonic second when it opens, slots that wait for that)."""
        self._asking: set[asyncio.Task[None]] = set()
        self._later: list[tuple[int, int]] = []
        """(slot, not before ms of the store): without leave."""
        self.paused: set[str] = set()
        """Labels of the targets whose calls were held up for a while."""
        self.waits: dict[str, int] = {}
        """Why slots were sent back, and how often: told with the result."""

    def __len__(self) -> int:
        """Calls that ask for leave, or report that they landed, just now."""
        return len(self._asking)

    def is_open(self, asked: Work) -> bool:
        """Whether this call needs no leave."""
        return (
            not self._of[asked.target]
            and not self._pace.load
            and not self._worst_nano(asked)
            and not (self._shut and self._rests_until_s(asked.target) > monotonic_s())
        )

    def has_limit(self, target: int) -> bool:
        """Whether a limit of the account counts calls of this target."""
        return bool(self._of[target])

    def hold_of(self, slot: Slot, asked: Work) -> str:
        """The name of the call's hold; "" where it has none."""
        return self._call_id(slot) if self._worst_nano(asked) else ""

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

    def rest(self, target: int, opens_s: float) -> None:
        """The provider asks that the target be left alone until then (monotonic)."""
        until_ms = self._clock.store_ms(opens_s)
        label = self._labels[target]
        self.hear(limits.of_target(label), until_ms)
        self._start(self._tell_rest(label, until_ms))

    def hear(self, name: str, until_ms: int) -> None:
        """A target rests until then (ms of the store), as somebody was told."""
        until_s = self._clock.monotonic(until_ms)
        if until_s > self._until_s(name):
            self._shut[name] = (until_s, 0)
            self._count("rest")

    async def hear_all(self) -> None:
        """What was told before this shard began."""
        found = await limits.resting(self._redis, self._account, self._labels)
        for name, until_ms in found.items():
            self.hear(name, until_ms)

    def became(self, target: int, *, throttled: bool, sent_s: float) -> None:
        """What became of a call, for the pace. sent_s: monotonic."""
        self._pace.became(target, throttled=throttled, sent_s=sent_s)

    async def hand_back(self) -> None:
        """Offer the slots without leave again, to whoever is there by then."""
        try:
            await self._pace.tell()
        except AWAY as error:
            log.warning("the pace of %s stays: %s", self._lease.job_id, error)
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
        for names in self._names:
            until_s = max(map(self._until_s, names), default=0.0)
            if until_s <= now_s:
                return None
            opens_s.append(until_s)
        return min(opens_s)

    async def _begin(self, slot: Slot, asked: Work) -> None:
        again_s = await self._wait(slot, asked)
        if again_s is not None:
            if self._is_shut(asked.target):
                self.paused.add(self._labels[asked.target])
            self._later.append((slot.number, self._clock.store_ms(again_s)))
        elif self._send(slot, asked):
            return
        else:
            await self._not_sent(slot, asked.target)
        self._freed()

    async def _wait(self, slot: Slot, asked: Work) -> float | None:
        """None: send it now. Else the monotonic second when the slot may come again."""
        limited, worst_nano = self._of[asked.target], self._worst_nano(asked)
        now_s = monotonic_s()
        for name in self._names[asked.target][-2:]:
            if self._until_s(name) > now_s:
                return self._in_line(name, 1, self._pace.apart_s(asked.target))
        if worst_nano and self._until_s(MONEY) > now_s:
            return self._until_s(MONEY)
        for limit in limited:
            if self._until_s(limit.name) > now_s:
                return self._in_line_of(limit)
        if not limited and not worst_nano and not self._pace.load:
            return None
        hold = None
        if self._costs is not None and worst_nano:
            hold = Hold(worst_nano, self._costs.budget)
        try:
            wait = await limits.leave(
                self._redis,
                self._account,
                limited,
                self._call_id(slot),
                flight_s=self._flight_s,
                hold=hold,
                paced=self._pace.asked(asked.target),
                job_id=self._lease.job_id,
            )
        except AWAY as error:
            log.warning("no leave for a call of %s: %s", self._lease.job_id, error)
            return now_s + _AGAIN_S
        if wait is None:
            return None
        self._count(wait.why)
        until_s = self._clock.monotonic(wait.until_ms)
        if wait.limit == MONEY:
            return self._without_money(wait.why, until_s)
        if wait.limit == PACE:
            name = f"{PACE} {asked.target}"
            self._shut[name] = (until_s, 0)
            self._pace.heard(asked.target, wait.apart_ms / 1000)
            return self._in_line(name, 1, self._pace.apart_s(asked.target))
        if wait.why == "in_flight":
            return until_s
        self._shut[wait.limit] = (until_s, 0)
        found = next(limit for limit in limited if limit.name == wait.limit)
        return self._in_line_of(found)

    def _without_money(self, why: str, until_s: float) -> float:
        if why == "budget":
            self._broke()
            return monotonic_s() + _AGAIN_S
        if why == "day_budget":
            self._shut[MONEY] = (until_s, 0)
        return until_s

    async def _not_sent(self, slot: Slot, target: int) -> None:
        try:
            await limits.unsent(
                self._redis,
                self._account,
                self._of[target],
                self._call_id(slot),
                self._lease.job_id,
            )
        except AWAY as error:
            log.warning("an unused leave was not given back: %s", error)

    async def _land(self, call_id: str, counted: list[Limit]) -> None:
        try:
            await limits.landed(self._redis, self._account, counted, call_id)
        except AWAY as error:
            log.warning("a landed call was not reported: %s", error)
        self._freed()

    async def _tell_rest(self, label: str, until_ms: int) -> None:
        try:
            await limits.rest(self._redis, self._account, label, until_ms)
        except AWAY as error:
            log.warning("other workers were not told that a target rests: %s", error)

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

    def _in_line_of(self, limit: Limit) -> float:
        apart_s = 60 / limit.per_minute if limit.per_minute else _APART_S
        return self._in_line(limit.name, limit.per_minute or 1, apart_s)

    def _in_line(self, name: str, at_once: int, apart_s: float) -> float:
        """When the next slot that waits for this may come: one after the other, so
        that they do not all come at the opening and most go back again."""
        until_s, waiting = self._shut[name]
        self._shut[name] = (until_s, waiting + 1)
        return until_s + max(0, waiting - at_once) * apart_s

    def _rests_until_s(self, target: int) -> float:
        return self._until_s(limits.of_target(self._labels[target]))

    def _is_shut(self, target: int) -> bool:
        return max(map(self._until_s, self._names[target])) > monotonic_s()

    def _until_s(self, name: str) -> float:
        return self._shut.get(name, (0.0, 0))[0]

    def _worst_nano(self, asked: Work) -> int:
        return 0 if self._costs is None else self._costs.worst_nano(asked)

    def _call_id(self, slot: Slot) -> str:
        """Whoever takes the shard over calls the same attempt anew: another call."""
        lease = self._lease
        call = f"{lease.step.number}:{slot.number}:{slot.attempt}"
        return f"{lease.job_id}:{call}:{lease.shard}:{lease.epoch}"
