"""The breaker: while an upstream is down, no slots are spent on it.

A few failures in a row that look like an outage count as one. No worker then calls the
upstream or the target that is down, but for one call at a time that tries it, with
growing pauses (`shared.store.run.outages`). Without this a closed load, which calls a
dead server again at once, would be over in seconds and have measured nothing.

No connection, or none in time, is a sign that the whole upstream is down; a 502, 503,
504 or 52x, of a gateway or of a provider behind it, that its target is. The row of such
a failure waits until it is known whether there is an outage: if so, the row does not
close its slot; if an answer comes first, it is a failure like others and closes it.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from enum import Enum

from shared.clock import monotonic_s, sleep
from shared.plan import Work
from shared.store.client import AWAY
from shared.store.run import outages
from shared.store.run.outages import FIRST_PAUSE_S, Outage, is_upstream
from worker.assignment import Assignment
from worker.gate.beside import Beside
from worker.gate.gate import Gate
from worker.gate.openings import Openings
from worker.gate.places import Down, Place, Places
from worker.gate.signs import enough, hint_s, is_gateways, shows, words
from worker.rows import Attempt, ReadAttempt

log = logging.getLogger("worker.gate.breaker")

_AGAIN_S = 0.25
"""When the store did not answer."""
_TRIES = 20
_APART_S = 0.05
"""Between two slots that wait for the same."""
_MOST_HINT_S = 60.0
"""An upstream that asks for more is asked again all the same."""


class Waits(Enum):
    """Why a row is not committed yet."""

    TO_BE_KNOWN = 1
    """Whether it is one of an outage; `settle` tells."""


class Breaker(Gate):
    """The breaker of one shard."""

    def __init__(
        self,
        assigned: Assignment,
        openings: Openings,
        beside: Beside,
        *,
        lanes: Callable[[], int],
        settle: Callable[[ReadAttempt, int | None], None],
    ) -> None:
        """lanes: how many calls may be open now.
        settle: a row waits no more; it is one of an outage, and its slot is offered
        again at that ms of the store, or (None) not.
        """
        self.waits = assigned.plan.waits_for_outages
        """False where an outage is what is measured: then this does nothing."""
        self.probes = bool(assigned.lease.probes)
        """Whether the run waits for an outage, and this shard tries it."""
        self._redis = assigned.redis
        self._lease = assigned.lease
        self._account = assigned.purse
        self._clock = assigned.clock
        self._call_s = assigned.settings.connect_timeout_s + assigned.settings.lease_s
        """After so long another call may try: who was trying may be dead."""
        self._openings = openings
        self._beside = beside
        self._lanes = lanes
        self._settle = settle
        self.places = Places(assigned.plan.targets)
        """What is known of the upstream and of each target."""

    def names(self, target: int) -> tuple[str, str]:
        """The names whose outage holds back a call of this target."""
        return self.places.of(target)

    def is_open(self, asked: Work) -> bool:
        """Whether nothing is down that the call would need leave to try."""
        if not self._openings.ever_shut:
            return True
        return not any(self.places.down(name) for name in self.places.of(asked.target))

    def again_s(self, asked: Work) -> float | None:
        """The slot's place in line, behind what is down and was tried lately."""
        for name in self.places.of(asked.target):
            if self._openings.is_shut(name):
                self._openings.waits["outage"] += 1
                return self._in_line(name)
        return None

    # -- what calls tell -----------------------------------------------------------

    def heard(self, call: Attempt, status: int) -> None:
        """An answer has come, whatever became of it: the upstream is there, and so is
        the target unless a gateway has answered for it. Told before answers are read,
        which may be later and in another order."""
        if not self.waits:
            return
        for name in self.places.of(call.work.target)[: 1 if is_gateways(status) else 2]:
            place = self.places[name]
            place.answered = True
            if place.down is not None:
                if call.started_s > place.down.told_s:
                    self._up(name)
                    self._beside.start(self._tell_up(name, call.started_s))
            elif place.failed:
                # a connection that was made earlier says nothing of a later one
                before_s = call.started_s if is_upstream(name) else float("inf")
                self._let_go(place, before_s)

    def became(self, ended: ReadAttempt, *, is_last: bool) -> Waits | int | None:
        """What the row is: None, an answer or a failure like any other; one that waits;
        or one of an outage, whose slot is offered again at that ms of the store.

        is_last: no more calls begin, so that it will be known no better."""
        name = shows(ended, self.places.of(ended.call.work.target))
        if not self.waits or name is None:
            return None
        place = self.places[name]
        if place.down is None:
            if is_last:
                return None
            if len(place.failed) + 1 < enough(self._lanes()):
                place.failed.append(ended)
                return Waits.TO_BE_KNOWN
            self._trip(name, ended)
        elif ended.call.started_s > place.down.told_s:
            self._trip(name, ended)
        return self._until_ms(name)

    def conclude(self) -> None:
        """Decide on the rows that wait, because no other call is left that could tell
        more. An upstream that has never been reached is down."""
        for name, place in self.places.items():
            if not place.failed:
                continue
            if is_upstream(name) and not place.answered and place.down is None:
                self._trip(name, place.failed[0])
            else:
                self._let_go(place)

    def let_go(self) -> None:
        """No more calls begin: the rows that wait are failures like any other."""
        for place in self.places.values():
            self._let_go(place)

    def _trip(self, name: str, ended: ReadAttempt) -> None:
        """It is down; all that waited to know it are rows of this outage."""
        place, now_s = self.places[name], monotonic_s()
        until_ms = self._clock.store_ms(now_s + FIRST_PAUSE_S)
        since_ms = until_ms if place.down is None else place.down.outage.since_ms
        tripped_s = now_s if place.down is None else place.down.tripped_s
        outage = Outage(since_ms, until_ms, until_ms, words(ended))
        place.down = Down(outage, now_s, tripped_s)
        self._openings.shut(name, now_s + FIRST_PAUSE_S)
        for one in place.take_failed():
            self._settle(one, until_ms)
        self._beside.start(self._tell_down(name, ended))

    def _let_go(self, place: Place, before_s: float = float("inf")) -> None:
        """The failures whose call began before then are failures like any other."""
        for one in place.take_failed(before_s):
            self._settle(one, None)

    # -- what all workers know -------------------------------------------------------

    async def leave(self, asked: Work, call_id: str) -> float | None:
        """None: the call may go, or try. Else the monotonic second to ask again."""
        down = [name for name in self.places.of(asked.target) if self.places.down(name)]
        if not down:
            return None
        try:
            up, no = await outages.probe(
                self._redis, self._lease, down, call_id, call_s=self._call_s
            )
        except AWAY as error:
            log.warning("nobody tries whether %s is back: %s", down, error)
            return monotonic_s() + _AGAIN_S
        for name in up:
            self._up(name)
        if no is None:
            return None
        name, again_ms = no
        self._openings.shut(name, self._clock.monotonic(again_ms))
        return self._in_line(name)

    def _in_line(self, name: str) -> float:
        """When the next slot that waits for this may come, monotonic."""
        return self._openings.in_line(name, 1, _APART_S)

    async def hear_all(self) -> None:
        """Take in the outages that were told before this shard began."""
        if self.waits:
            found = await outages.known(self._redis, self._lease.job_id)
            for name, outage in found.items():
                self._know(name, outage, self._clock.monotonic(outage.told_ms))

    def hear(self, bar: str, until_ms: int) -> bool:
        """Take in a push to all workers; False where it is about no outage."""
        if not outages.is_outage(bar):
            return False
        name = outages.heard(self._lease, bar)
        if name is None or not self.waits:
            return True
        if not until_ms:
            self._up(name)
            return True
        now_s, down = monotonic_s(), self.places.down(name)
        now_ms = self._clock.store_ms(now_s)
        outage = Outage(now_ms, now_ms, until_ms, "as another worker has found")
        if down is not None:
            outage = replace(down.outage, until_ms=until_ms)
        self._know(name, outage, now_s)
        self._beside.start(self._hear_what_is_down())
        return True

    async def idle(self, until_ms: int, *, most_s: float) -> str:
        """This shard has nothing left that does not wait; the run's state."""
        outage = self.places.outage
        if outage is None:
            return "running"
        return await outages.idle(
            self._redis, self._lease, until_ms, outage, most_s=most_s
        )

    async def _hear_what_is_down(self) -> None:
        try:
            await self.hear_all()
        except AWAY as error:
            log.warning("what is down is not known: %s", error)

    async def _tell_down(self, name: str, ended: ReadAttempt) -> None:
        began_s, asked_s = ended.call.started_s, hint_s(ended, _MOST_HINT_S)
        try:
            outage = await outages.failed(
                self._redis,
                self._lease,
                self._account,
                name,
                began_ms=self._clock.store_ms(began_s),
                words=words(ended),
                not_before_ms=self._clock.store_ms(began_s + asked_s),
                call_s=self._call_s,
            )
        except AWAY as error:
            log.warning("other workers were not told that %s is down: %s", name, error)
            return
        log.warning("%s of %s is down: %s", name, self._lease.job_id, outage.words)
        self._know(name, outage, self._clock.monotonic(outage.told_ms))

    async def _tell_up(self, name: str, began_s: float) -> None:
        for _ in range(_TRIES):
            try:
                await outages.recovered(
                    self._redis,
                    self._lease,
                    self._account,
                    name,
                    began_ms=self._clock.store_ms(began_s),
                )
            except AWAY as error:
                log.warning("nobody was told that %s is back: %s", name, error)
                await sleep(_AGAIN_S)
                continue
            log.info("%s of %s is back", name, self._lease.job_id)
            self.probes = False
            return

    def _know(self, name: str, outage: Outage, told_s: float) -> None:
        place = self.places[name]
        tripped_s = monotonic_s() if place.down is None else place.down.tripped_s
        place.down = Down(outage, told_s, tripped_s)
        self._openings.shut(name, self._clock.monotonic(outage.until_ms))
        for one in place.take_failed():
            self._settle(one, outage.until_ms)

    def _up(self, name: str) -> None:
        self.places[name].down = None
        self._openings.shut(name, 0.0)

    def _until_ms(self, name: str) -> int:
        down = self.places.down(name)
        return 0 if down is None else down.outage.until_ms
