"""Targets that take no call for a while, because an answer asked for that.

A provider's `Retry-After` holds for its target. A limit of the account that counts no
calls holds for all free calls of the run, or for all others. The worker that is told
tells the other workers by a push, so no call asks the store about it.
"""

import logging

from shared.money import is_free
from shared.plan import Work
from shared.settings import DEFAULT
from shared.store.client import AWAY
from shared.store.upstream import limits
from worker.assignment import Assignment
from worker.gate.beside import Beside
from worker.gate.gate import Gate
from worker.gate.openings import Openings
from worker.gate.pace import AdaptivePace

log = logging.getLogger("worker.gate.rests")


class Rests(Gate):
    """One shard's knowledge of who rests."""

    def __init__(
        self,
        assigned: Assignment,
        openings: Openings,
        beside: Beside,
        pace: AdaptivePace,
    ) -> None:
        """pace: how far apart the slots come that have waited for a rest."""
        self._beside = beside
        self._redis = assigned.redis
        self._clock = assigned.clock
        self._openings = openings
        self._pace = pace
        self._names = [
            (
                limits.of_target(target.asks),
                limits.of_calls(free=is_free(target.model)),
            )
            for target in assigned.plan.targets
        ]
        at = [assigned.at(target) for target in range(len(self._names))]
        self._accounts = [upstream.account for upstream in at]
        self._of = [
            (_known(account, target), _known(account, kind))
            for account, (target, kind) in zip(self._accounts, self._names, strict=True)
        ]
        self._called = {one.account: one.name for one in at if one.name != DEFAULT}

    def names(self, target: int) -> tuple[str, str]:
        """The names whose rest holds for a target: its own, and its kind of calls."""
        return self._of[target]

    def is_open(self, asked: Work) -> bool:
        """Whether the target does not rest."""
        openings = self._openings
        return not openings.ever_shut or not openings.is_shut(*self._of[asked.target])

    def again_s(self, asked: Work) -> float | None:
        """The slot's place in line, behind a rest."""
        for name in self._of[asked.target]:
            if self._openings.is_shut(name):
                apart_s = self._pace.apart_s(asked.target)
                return self._openings.in_line(name, 1, apart_s)
        return None

    def rest(self, target: int, opens_s: float) -> None:
        """The provider asks that the target be left alone until then (monotonic)."""
        self._rest_and_tell(target, self._names[target][0], opens_s)

    def rest_all_like(self, target: int, opens_s: float) -> bool:
        """The account takes no call of this kind until then: free ones, or paid ones.
        False where the run has no others that could go on."""
        mine = self._of[target][1]
        if all(kind == mine for _, kind in self._of):
            return False
        self._rest_and_tell(target, self._names[target][1], opens_s)
        return True

    def hear(self, account: str, name: str, until_ms: int) -> None:
        """Calls of the account under this name rest until then (ms of the store)."""
        until_s, known = self._clock.monotonic(until_ms), _known(account, name)
        if account in self._accounts and until_s > self._openings.until_s(known):
            words = limits.rest_in_words(name, self._called.get(account))
            self._openings.shut(known, until_s, words)
            self._openings.waits["rest"] += 1

    async def hear_all(self) -> None:
        """Take in the rests that were told before this shard began."""
        for account in dict.fromkeys(self._accounts):
            mine = zip(self._accounts, self._names, strict=True)
            names = sorted({n for of, each in mine if of == account for n in each})
            found = await limits.resting(self._redis, account, names)
            for name, until_ms in found.items():
                self.hear(account, name, until_ms)

    def _rest_and_tell(self, target: int, name: str, opens_s: float) -> None:
        until_ms, account = self._clock.store_ms(opens_s), self._accounts[target]
        self.hear(account, name, until_ms)
        self._beside.start(self._tell(account, name, until_ms))

    async def _tell(self, account: str, name: str, until_ms: int) -> None:
        """Tell all workers of the rest."""
        try:
            await limits.bar_and_tell(self._redis, account, name, until_ms)
        except AWAY as error:
            log.warning("other workers were not told that %s rests: %s", name, error)


def _known(account: str, name: str) -> str:
    """The name in `Openings`: upstreams of one run do not rest for each other."""
    return f"{account} {name}"
