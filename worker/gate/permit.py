"""The limits of the account, the budgets, and under an adaptive load the pace: one
question to the store, which counts the call for all of them or for none.

With the leave goes a reservation of what the call may cost, where a budget limits it.
"""

import logging
from collections.abc import Callable

from shared.clock import monotonic_s
from shared.money import Limit, limits_of
from shared.plan import Work
from shared.settings import DEFAULT
from shared.store.client import AWAY
from shared.store.upstream import limits
from shared.store.upstream.limits import MONEY, PACE, Wait
from shared.store.upstream.money import Reservation
from worker.assignment import Assignment
from worker.gate.beside import Beside
from worker.gate.gate import Gate
from worker.gate.openings import Openings
from worker.gate.pace import AdaptivePace

log = logging.getLogger("worker.gate.permit")

_AGAIN_S = 0.25
"""When the store did not answer."""
_DAYS_BUDGET = "the day's budget (MAX_COST_USD_PER_DAY)"
_APART_S = 3.0
"""Between two slots that wait for the same opening, where no rate tells better."""


class Permit(Gate):
    """One shard's calls, counted by the store before they are sent."""

    def __init__(
        self,
        assigned: Assignment,
        openings: Openings,
        beside: Beside,
        *,
        pace: AdaptivePace,
        freed: Callable[[], None],
        broke: Callable[[], None],
    ) -> None:
        """freed: the lane of a call that has landed is free.
        broke: the run's budget pays for no further call."""
        self._assigned = assigned
        self._openings = openings
        self._beside = beside
        self._pace = pace
        self._costs = costs = assigned.costs
        self._freed = freed
        self._broke = broke
        settings, targets = assigned.settings, assigned.plan.targets
        at = [assigned.at(target) for target in range(len(targets))]
        self._accounts = [upstream.account for upstream in at]
        self._called = [one.name for one in at]
        self._purse = assigned.purse
        # when it is over, and its row has had time to come
        self._flight_s = settings.total_timeout_s + 4 * settings.lease_s
        self._limits = [
            limits_of(target.model, upstream.settings)
            for target, upstream in zip(targets, at, strict=True)
        ]
        self._in_flight = [
            [limit for limit in counted if limit.in_flight is not None]
            for counted in self._limits
        ]
        self._names = [
            (
                *(self._known(target, limit.name) for limit in counted),
                *([MONEY] * bool(costs and costs.has_price(target))),
            )
            for target, counted in enumerate(self._limits)
        ]

    def names(self, target: int) -> tuple[str, ...]:
        """The limits that count the target's calls, and the day's budget."""
        return self._names[target]

    def is_open(self, asked: Work) -> bool:
        """Whether no limit and no budget counts the call."""
        return not self._limits[asked.target] and not self._worst_nano(asked)

    def has_limit(self, target: int) -> bool:
        """Whether a limit of the account counts calls of this target."""
        return bool(self._limits[target])

    def reserves(self, asked: Work) -> bool:
        """Whether a part of a budget is reserved for the call."""
        return bool(self._worst_nano(asked))

    def again_s(self, asked: Work) -> float | None:
        """When the day's budget opens, or the slot's place in line behind a limit."""
        shut = self._openings.is_shut
        if shut(MONEY) and self._worst_nano(asked):
            return self._openings.until_s(MONEY)
        for limit in self._limits[asked.target]:
            if shut(self._known(asked.target, limit.name)):
                return self._in_line_of(asked.target, limit)
        return None

    async def leave(self, asked: Work, call_id: str) -> float | None:
        """Have the call counted, and what it may cost reserved."""
        if not self._counts(asked):
            return None
        worst_nano, reserved = self._worst_nano(asked), None
        if self._costs is not None and worst_nano:
            reserved = Reservation(worst_nano, self._costs.budget)
        try:
            wait = await limits.leave(
                self._assigned.redis,
                self._accounts[asked.target],
                self._limits[asked.target],
                call_id,
                purse=self._purse,
                flight_s=self._flight_s,
                reservation=reserved,
                paced=self._pace.asked(asked.target),
                job_id=self._assigned.job_id,
            )
        except AWAY as error:
            log.warning("no leave for a call of %s: %s", self._assigned.job_id, error)
            return monotonic_s() + _AGAIN_S
        if wait is None:
            return None
        self._openings.waits[wait.why] += 1
        return self._told_to_wait(wait, asked.target)

    async def unused(self, asked: Work, call_id: str) -> None:
        """Have it counted no more, and the reservation given back."""
        if not self._counts(asked):
            return
        counted = self._limits[asked.target]
        try:
            await limits.unsent(
                *(
                    self._assigned.redis,
                    self._accounts[asked.target],
                    counted,
                    call_id,
                    self._assigned.job_id,
                    self._purse,
                )
            )
        except AWAY as error:
            log.warning("an unused leave was not given back: %s", error)

    def counts_in_flight(self, target: int) -> bool:
        """Whether a limit counts how many calls of the target are open."""
        return bool(self._in_flight[target])

    def land(self, call_id: str, target: int) -> None:
        """A call is over; its lane is freed when the store has been told."""
        self._beside.start(self._land(call_id, target))

    def bar(self, target: int, opens_s: float) -> None:
        """The upstream said that no free call goes before then (monotonic)."""
        name = self._limits[target][0].name
        self._shut(target, name, opens_s, "barred")
        self._openings.waits["barred"] += 1
        until_ms = self._assigned.clock.store_ms(opens_s)
        self._beside.start(self._tell(self._accounts[target], name, until_ms))

    def _counts(self, asked: Work) -> bool:
        return not self.is_open(asked) or not self._pace.is_open(asked)

    def _told_to_wait(self, wait: Wait, target: int) -> float:
        until_s = self._assigned.clock.monotonic(wait.until_ms)
        if wait.limit == MONEY:
            return self._without_money(wait.why, until_s)
        if wait.limit == PACE:
            return self._pace.told_to_wait(target, until_s, wait.apart_ms / 1000)
        if wait.why == "in_flight":
            return until_s
        self._shut(target, wait.limit, until_s, wait.why)
        counted = self._limits[target]
        limit = next(one for one in counted if one.name == wait.limit)
        return self._in_line_of(target, limit)

    def _known(self, target: int, limit: str) -> str:
        """The limit's name in `Openings`: each account has its own."""
        return f"{self._accounts[target]} limit {limit}"

    def _shut(self, target: int, limit: str, until_s: float, why: str) -> None:
        words = _words(limit, why, self._called[target])
        self._openings.shut(self._known(target, limit), until_s, words)

    def _without_money(self, why: str, until_s: float) -> float:
        if why == "budget":
            self._broke()
            return monotonic_s() + _AGAIN_S
        if why == "day_budget":
            self._openings.shut(MONEY, until_s, _DAYS_BUDGET)
        return until_s

    async def _land(self, call_id: str, target: int) -> None:
        account, counted = self._accounts[target], self._in_flight[target]
        try:
            await limits.landed(self._assigned.redis, account, counted, call_id)
        except AWAY as error:
            log.warning("a landed call was not reported: %s", error)
        self._freed()

    async def _tell(self, account: str, name: str, until_ms: int) -> None:
        try:
            await limits.bar(self._assigned.redis, account, name, until_ms)
        except AWAY as error:
            log.warning("other workers were not told of a limit: %s", error)

    def _in_line_of(self, target: int, limit: Limit) -> float:
        apart_s = 60 / limit.per_minute if limit.per_minute else _APART_S
        known = self._known(target, limit.name)
        return self._openings.in_line(known, limit.per_minute or 1, apart_s)

    def _worst_nano(self, asked: Work) -> int:
        return 0 if self._costs is None else self._costs.worst_nano(asked)


def _words(limit: str, why: str, upstream: str) -> str:
    """A limit that is reached, for people."""
    of = "" if upstream == DEFAULT else f" at {upstream}"
    calls = "free calls" if limit == "free" else "calls"
    of_span = {"minute": f"{calls} a minute", "day": f"{calls} a UTC day"}
    if why in of_span:
        return f"the limit of {of_span[why]}{of}"
    return f"the upstream's limit of {calls}{of}"
