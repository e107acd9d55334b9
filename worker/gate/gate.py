"""Leave to send, for calls that fall under a limit of the account or under a budget.

Asked of the store just before the call is sent, with its lane held, so that what was
counted is sent at once. A slot without leave goes back and is offered again when the
limit opens; the targets that the limit does not touch go on. With the leave goes a
hold of what the call may cost, where a budget limits that, and under an adaptive load
the pace. A target whose provider asks for a rest is no limit: nobody is asked then.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence

from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.money import Costs, Limit, account_of, limits_of
from shared.plan import Plan, Work
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import slots
from shared.store.run.leases import Lease
from shared.store.upstream import limits
from shared.store.upstream.limits import MONEY, PACE, Wait
from shared.store.upstream.money import Reservation
from worker.gate.beside import Beside
from worker.gate.breaker import Breaker
from worker.gate.openings import Openings
from worker.gate.pace import Pace
from worker.gate.rests import Rests
from worker.slot import Slot
from worker.storeclock import StoreClock

log = logging.getLogger("worker.gate.gate")

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
        openings: Openings,
        rests: Rests,
        breaker: Breaker,
        beside: Beside,
        waits: Counter[str],
        costs: Costs | None,
        send: Callable[[Slot, Work], bool],
        freed: Callable[[], None],
        broke: Callable[[], None],
    ) -> None:
        """waits: why slots are sent back, and how often, is counted there.
        costs: None where no budget limits the run.
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
        self._openings = openings
        self._rests = rests
        self._breaker = breaker
        self._beside = beside
        self._waits = waits
        load = lease.step.load
        self._pace = Pace(redis, lease.job_id, load, len(plan.targets), clock)
        self._of = [limits_of(target.model, settings) for target in plan.targets]
        self._names = [
            [limit.name for limit in limited]
            + [MONEY] * bool(costs and costs.has_price(target))
            + [*rests.names(target), *breaker.names(target), f"{PACE} {target}"]
            for target, limited in enumerate(self._of)
        ]
        """All that may bar a target."""
        self._later: list[tuple[int, int]] = []
        """(slot, not before ms of the store): without leave."""
        self.paused: set[str] = set()
        """Labels of the targets whose calls were held up for a while."""

    def is_open(self, asked: Work) -> bool:
        """Whether this call needs no leave."""
        return (
            not self._of[asked.target]
            and not self._pace.load
            and not self._worst_nano(asked)
            and not (
                self._openings
                and (
                    self._breaker.bars(asked.target)
                    or self._openings.is_shut(*self._rests.names(asked.target))
                )
            )
        )

    def has_limit(self, target: int) -> bool:
        """Whether a limit of the account counts calls of this target."""
        return bool(self._of[target])

    def hold_of(self, slot: Slot, asked: Work) -> str:
        """The name of the call's hold; "" where it has none."""
        return self._call_id(slot) if self._worst_nano(asked) else ""

    def begin(self, slot: Slot, asked: Work) -> None:
        """Send it as soon as the limits give leave; or offer its slot again later."""
        self._beside.start(self._begin(slot, asked))

    def landed(self, slot: Slot, target: int) -> bool:
        """A call is over. True: its lane will be freed when that is known to all."""
        counted = [limit for limit in self._of[target] if limit.in_flight is not None]
        if counted:
            self._beside.start(self._land(self._call_id(slot), counted))
        return bool(counted)

    def bar(self, target: int, opens_s: float) -> None:
        """The upstream said that no free call goes before then (monotonic)."""
        name = self._of[target][0].name
        self._openings.shut(name, opens_s)
        self._waits["barred"] += 1
        self._beside.start(self._tell(name, self._clock.store_ms(opens_s)))

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

    @property
    def opens_s(self) -> float | None:
        """When the first target may be asked again, monotonic; None: one may be now."""
        opens_s = min(self._openings.until_s(*names) for names in self._names)
        return opens_s if opens_s > monotonic_s() else None

    async def _begin(self, slot: Slot, asked: Work) -> None:
        again_s = await self._wait(slot, asked)
        if again_s is not None:
            if self._openings.is_shut(*self._names[asked.target]):
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
        again_s = self._known(asked.target, limited, worst_nano)
        if again_s is not None:
            return again_s
        if not limited and not worst_nano and not self._pace.load:
            return await self._breaker.leave(asked.target, self._call_id(slot))
        hold = None
        if self._costs is not None and worst_nano:
            hold = Reservation(worst_nano, self._costs.budget)
        try:
            wait = await limits.leave(
                self._redis,
                self._account,
                limited,
                self._call_id(slot),
                flight_s=self._flight_s,
                reservation=hold,
                paced=self._pace.asked(asked.target),
                job_id=self._lease.job_id,
            )
        except AWAY as error:
            log.warning("no leave for a call of %s: %s", self._lease.job_id, error)
            return monotonic_s() + _AGAIN_S
        if wait is None:
            again_s = await self._breaker.leave(asked.target, self._call_id(slot))
            if again_s is not None:
                await self._not_sent(slot, asked.target)
            return again_s
        self._waits[wait.why] += 1
        return self._told_to_wait(wait, asked.target, limited)

    def _known(
        self, target: int, limited: Sequence[Limit], worst_nano: int
    ) -> float | None:
        """When the slot may come again, where we need not ask; else None."""
        shut = self._openings.is_shut
        for name in (*self._rests.names(target), f"{PACE} {target}"):
            if shut(name):
                return self._openings.in_line(name, 1, self._pace.apart_s(target))
        for name in self._breaker.names(target):
            if shut(name):
                self._waits["outage"] += 1
                return self._breaker.in_line(name)
        if worst_nano and shut(MONEY):
            return self._openings.until_s(MONEY)
        for limit in limited:
            if shut(limit.name):
                return self._in_line_of(limit)
        return None

    def _told_to_wait(self, wait: Wait, target: int, limited: Sequence[Limit]) -> float:
        until_s = self._clock.monotonic(wait.until_ms)
        if wait.limit == MONEY:
            return self._without_money(wait.why, until_s)
        if wait.limit == PACE:
            name = f"{PACE} {target}"
            self._openings.shut(name, until_s)
            self._pace.heard(target, wait.apart_ms / 1000)
            return self._openings.in_line(name, 1, self._pace.apart_s(target))
        if wait.why == "in_flight":
            return until_s
        self._openings.shut(wait.limit, until_s)
        found = next(limit for limit in limited if limit.name == wait.limit)
        return self._in_line_of(found)

    def _without_money(self, why: str, until_s: float) -> float:
        if why == "budget":
            self._broke()
            return monotonic_s() + _AGAIN_S
        if why == "day_budget":
            self._openings.shut(MONEY, until_s)
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

    async def _tell(self, name: str, until_ms: int) -> None:
        try:
            await limits.bar(self._redis, self._account, name, until_ms)
        except AWAY as error:
            log.warning("other workers were not told of a limit: %s", error)

    def _in_line_of(self, limit: Limit) -> float:
        apart_s = 60 / limit.per_minute if limit.per_minute else _APART_S
        return self._openings.in_line(limit.name, limit.per_minute or 1, apart_s)

    def _worst_nano(self, asked: Work) -> int:
        return 0 if self._costs is None else self._costs.worst_nano(asked)

    def _call_id(self, slot: Slot) -> str:
        """Whoever takes the shard over calls the same attempt anew: another call."""
        lease = self._lease
        call = f"{lease.step.number}:{slot.number}:{slot.attempt}"
        return f"{lease.job_id}:{call}:{lease.shard}:{lease.epoch}"
