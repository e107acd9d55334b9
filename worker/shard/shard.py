"""One shard, from its claim to its release: slots in, calls, rows out, under a lease.

    Supply ──slots──> Calls ──requests──> wire ──exchanges──> Committer ──> store

Beside the calls go the heartbeat that keeps the lease, the supply, the reading and the
commit. Only the calls are in a hurry.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from shared.clock import monotonic_s
from shared.errors import BenchError
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from shared.store.client import AWAY
from shared.store.run import leases, samples, states
from shared.wire import Pacer
from worker.assignment import Assignment
from worker.rows import Probe
from worker.rows.spool import Spool
from worker.shard import report
from worker.shard.calls import Calls
from worker.shard.lease_keeper import LeaseKeeper
from worker.shard.supply import Supply
from worker.stop import Stop
from worker.tasks import cancel
from worker.telemetry import Watch, story

log = logging.getLogger("worker.shard.shard")

_FINAL = (Stop.ENDED, Stop.LOST)
_PATIENT = {Stop.TIME: Outcome.UNFINISHED, Stop.DRAIN: Outcome.CANCELLED}
"""Reasons after which calls get DRAIN_S to end, and what those are that do not."""


class Shard:
    """Works one shard: make it, await `run` once; `stop` may come at any time."""

    def __init__(
        self,
        assigned: Assignment,
        pacer: Pacer,
        probe: Probe,
        *,
        spool: Spool,
        claimed_s: float,
        watch: Watch,
        seen: Sequence[Callable[[Sample], None]] = (),
    ) -> None:
        """claimed_s: monotonic second just before the claim was asked for.
        watch: of this shard alone. seen: who is shown each row as it is made."""
        self.lease = assigned.lease
        self._assigned = assigned
        self._probe = probe
        self._settings = assigned.settings
        self._clock = assigned.clock
        self._watch = watch
        self.why: Stop | None = None
        self._stopped_s: float | None = None
        self._opens_ms = 0
        self._shut = ""
        self._hopeless: tuple[Ending, str | None] | None = None
        self._stamps_before = assigned.stamps()
        self._keeper = LeaseKeeper(
            assigned,
            claimed_s=claimed_s,
            lost=lambda: self.stop(Stop.LOST),
            obey=self.obey,
        )
        self._calls = Calls(assigned, self, self._keeper, pacer, probe, spool, seen)
        self._breaker = self._calls.gates.breaker
        self._supply = Supply(assigned, self, self._keeper, self._calls)

    async def run(self) -> bool:
        """Work until there is nothing left to begin and every row is committed.

        True when that ended the step.
        """
        self._watch.start()
        if not self._supply.is_open:
            with suppress(*AWAY):
                await self._calls.gates.rests.hear_all()
                await self._breaker.hear_all()
        beside: list[asyncio.Task[None]] = [
            asyncio.create_task(self._keeper.beat(), name="beat"),
            asyncio.create_task(self._supply.run(), name="supply"),
            asyncio.create_task(self._calls.reader.run(), name="read"),
        ]
        commit: asyncio.Task[bool] = asyncio.create_task(
            self._calls.committer.run(self, self._calls.reader), name="commit"
        )
        tasks: list[asyncio.Task[Any]] = [commit, *beside]
        try:
            # None of those beside ends by itself, but with an error.
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in beside:
                if task.done():
                    task.result()
            step_over = await commit
        finally:
            self._calls.attack.stop()  # also where something broke
            await cancel(*tasks)
            self._calls.cut(Outcome.CANCELLED)
            await self._calls.gates.beside.close()
            seen = await self._watch.stop()
        await self._report(seen)
        return await self._release() or step_over

    @property
    def open(self) -> int:
        """Calls that have begun and not ended."""
        return self._calls.open

    @property
    def waits(self) -> Mapping[str, int]:
        """Why slots were sent back so far, and how often."""
        return self._calls.gates.waits

    @property
    def lanes(self) -> int:
        """Calls that may be open now."""
        return self._calls.lanes() if self.why is None else 0

    @property
    def owes_rows(self) -> bool:
        """Its lease is lost and the store has not taken all its rows yet: whoever
        claims the shard before that makes their calls again."""
        return self.why is Stop.LOST and self._calls.owed > 0

    def stop(self, why: Stop) -> None:
        """Begin no more calls. When the run has ended, cut those that are open."""
        if why in _PATIENT:
            drain_s = self._settings.drain_s
            if why is Stop.TIME and self._assigned.plan.drain_s is not None:
                drain_s = self._assigned.plan.drain_s
            self._calls.cut_by(monotonic_s() + drain_s, _PATIENT[why])
        if self._stopped_s is None:
            self._stopped_s = monotonic_s()
        if self.why is None or (why in _FINAL and self.why is not Stop.ENDED):
            self.why = why
        self._calls.attack.stop()
        self._breaker.let_go()
        if self.why is Stop.ENDED:
            self._calls.cut(Outcome.CANCELLED)
        self._supply.wake()

    def wait(self, until_ms: int) -> None:
        """Every slot is barred until then: give the lease back meanwhile."""
        self._opens_ms = max(self._opens_ms, until_ms)
        self._shut = self._calls.gates.shut
        self.stop(Stop.WAITING)

    def hear(self, account: str, name: str, until_ms: int) -> None:
        """A target of an account rests until then or is down, as another shard was
        told."""
        if not self._supply.is_open and not self._breaker.hear(name, until_ms):
            self._calls.gates.rests.hear(account, name, until_ms)

    def obey(self, status: Status | str, step: int) -> None:
        """The run's state and step have been read: stop if they ask for that."""
        if step != self.lease.step.number:
            self.stop(Stop.ENDED)
        elif status == Status.PAUSED:
            self.stop(Stop.PAUSED)
        elif status == Status.WAITING:
            if not self._breaker.probes:
                self.stop(Stop.WAITING)
        elif status not in (Status.RUNNING, Status.QUEUED):
            self.stop(Stop.ENDED)

    def end(self, ending: Ending, error: str | None = None) -> None:
        """No further call is of use: the run ends when the open calls have ended."""
        if self._hopeless is None:
            self._hopeless = (ending, error)
        self.stop(Stop.HOPELESS)

    def wake(self) -> None:
        """Something has changed: look at once whether slots are to be taken."""
        self._supply.wake()

    # -- the end -----------------------------------------------------------------------

    async def _report(self, seen: dict[str, Any]) -> None:
        """What this worker saw of itself: evidence for the verdict."""
        seen |= {
            **report.of_process(
                [one.settings for one in self._assigned.upstreams.values()],
                self._stamps_before,
                self._assigned.stamps(),
            ),
            **report.of_lease(self.lease),
            **report.of_waits(self.waits, self._calls.gates.paused),
            "worker": self._probe.worker,
            "step_start_s": self._clock.monotonic(self.lease.start_ms),
            "stop": self.why,
            "begun": self._calls.begun,
            "clock_error_s": self._clock.error_s,
            "reworded": self._probe.wordings.words(),
        }
        with suppress(*AWAY):
            await samples.observe(self._assigned.redis, self.lease.job_id, seen)

    async def _release(self) -> bool:
        """Give the lease back, and tell the run what we learnt. Where the store is
        away the lease lapses by itself."""
        job_id = self.lease.job_id
        with suppress(BenchError, *AWAY):
            if self._hopeless is not None:
                await states.end(self._assigned.redis, job_id, *self._hopeless)
            elif self.why is Stop.WAITING and self._opens_ms:
                moved = await states.move(
                    self._assigned.redis,
                    job_id,
                    Status.WAITING,
                    until_ms=self._opens_ms,
                    shut=self._shut,
                )
                if moved:
                    story.waits_for_limit(job_id, self._opens_ms)
        with suppress(*AWAY):
            timed = self.lease.step.duration_s is not None
            # with nothing left to take, the time that is left changes nothing
            finished = self.why is Stop.TIME or (timed and self.why is Stop.EXHAUSTED)
            stopped_s = monotonic_s() if self._stopped_s is None else self._stopped_s
            if self.why is Stop.TIME:
                # whole milliseconds, rounded down, would leave one for a late burst
                stopped_s = max(stopped_s, self._assigned.ends_s + 0.001)
            if self._opens_ms == 0 and self.why is Stop.WAITING:
                down_s = self._breaker.places.stopped_s(
                    len(self._assigned.plan.targets)
                )
                stopped_s = min(stopped_s, down_s)
            return await leases.release(
                self._assigned.redis,
                self.lease,
                finished=finished,
                stopped_ms=self._clock.store_ms(stopped_s),
            )
        return False
