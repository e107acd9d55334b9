"""Rows on their way into the store, and onto disk while there is no store.

A row is counted, shown and streamed only when the store took it; while the store is
away rows wait here.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Protocol

from shared.clock import sleep
from shared.money import billed_nano
from shared.process import crash_point
from shared.run import Status
from shared.sample import Kind, Sample, encode
from shared.store.client import AWAY
from shared.store.run import slots
from shared.store.run.slots import Committed, Entry
from worker.assignment import Assignment
from worker.rows.lane_guard import LaneGuard
from worker.rows.spool import PartlyWritten, Spool
from worker.stop import Stop

log = logging.getLogger("worker.rows.committer")

_REST_S = 0.01
"""Between two commits: one costs as much as some twenty rows in it. A row that comes
after the rest, or that a lane waits for, is committed at once: a kill costs few
answers."""
_LOOK_S = 0.02
"""How often to look whether all is done, while no row comes."""
_AGAIN_S = 0.25
"""After a store that did not answer, or did not know the run."""
_BATCH = 500


class Calling(Protocol):
    """The shard whose rows these are."""

    @property
    def open(self) -> int:
        """Calls that have begun and not ended."""

    @property
    def why(self) -> Stop | None:
        """Why no more calls begin; None while they do."""

    def stop(self, why: Stop) -> None:
        """Begin no more calls."""

    def obey(self, status: Status | str, step: int) -> None:
        """The run's state and step have been read: stop if they ask for that."""


class ToCome(Protocol):
    """Its calls that have ended, and whose rows have not come here (`Reader`)."""

    def __len__(self) -> int:
        """How many, with those of which it is not known yet what their rows are."""

    @property
    def unread(self) -> int:
        """How many are no rows yet."""

    def forget(self) -> None:
        """The run takes no more rows."""


class Committer:
    """Commits one shard's rows until nothing is left of them."""

    def __init__(
        self,
        assigned: Assignment,
        spool: Spool,
        guard: LaneGuard,
        seen: Sequence[Callable[[Sample], None]] = (),
        tell: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """spool: where rows are kept on disk. guard: whose lanes wait for their rows.
        seen: who is shown each row as it is made. tell: brings the store what it has to
        know before it has the rows, since the last of them ends the run."""
        self._assigned = assigned
        self._spool = spool
        self._guard = guard
        self._seen = seen
        self._tell = tell
        self._lease = lease = assigned.lease
        self._purse = assigned.purse
        self._name = f"{lease.job_id} shard {lease.shard}"
        self._entries: deque[Entry] = deque()
        self._flying: list[Entry] = []
        self._spooled = 0
        self._has_entry = asyncio.Event()
        self._lost = False
        self.is_away = False
        """The last commit failed: what is read goes to disk at once."""

    def __len__(self) -> int:
        """Rows that the store has not taken."""
        return len(self._entries) + len(self._flying)

    def put(
        self,
        sample: Sample,
        kind: Kind,
        not_before_ms: int = 0,
        answer: bytes = b"",
        hold: str = "",
    ) -> None:
        """A finished row, to be committed. hold: what it settles."""
        for show in self._seen:
            show(sample)
        row = encode(sample, kind)
        self._entries.append(
            Entry(
                *(sample.slot, sample.attempt, kind, not_before_ms, row, answer),
                cost_nano=billed_nano(sample),
                reservation=hold,
            )
        )
        self._has_entry.set()

    async def run(self, shard: Calling, to_come: ToCome) -> bool:
        """Commit rows until the shard has stopped, no call is open and every row is in
        the store or on disk; True when that ended the step."""
        step_over = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._has_entry.wait()
            try:
                done = await self._commit()
            except AWAY as error:
                waiting = len(self) + len(to_come)
                log.warning("%d rows of %s wait: %s", waiting, self._name, error)
                if self._spool_all(shard, to_come) and shard.why is Stop.DRAIN:
                    return False
                await sleep(_AGAIN_S)
                continue
            if done is None:
                none_comes = shard.why is not None and not to_come
                if not shard.open and (step_over or (none_comes and not len(self))):
                    return step_over
                continue
            if done.status is None:
                if self._spool_of_lost_run(shard, to_come):
                    return False
                await sleep(_AGAIN_S)
                continue
            if not done.accepted:
                self._forget(to_come)
                shard.stop(Stop.ENDED)
            elif done.status is not Status.RUNNING:
                shard.obey(done.status, self._lease.step.number)
            step_over = step_over or done.step_over
            await self._guard.lane_waits(_REST_S)

    async def _commit(self) -> Committed | None:
        """Commit the next rows; None when there are none.

        Raises what the store raises when it is away; the rows stay, and go with the
        next call.
        """
        while self._entries and len(self._flying) < _BATCH:
            self._flying.append(self._entries.popleft())
        if not self._flying:
            self._has_entry.clear()
            return None
        crash_point("rows:commit")
        try:
            if self._tell is not None:
                await self._tell()
            done = await slots.commit(
                self._assigned.redis,
                self._lease,
                self._flying,
                max_answers_bytes=self._assigned.settings.max_answers_bytes,
                max_error_share=self._assigned.plan.max_error_share,
                account=self._purse,
            )
        except AWAY:
            self.is_away = True
            raise
        self.is_away = False
        self._guard.release(entry.slot for entry in self._flying)
        if done.status is None:
            return done  # the run is gone: nobody has these rows but us
        if self._spooled:
            self._spooled = max(0, self._spooled - len(self._flying))
            if not self._spooled:
                self._spool.drop(self._lease)
        self._flying = []
        return done

    def spool_waiting(self) -> None:
        """Write the rows that wait to disk, once each: the store is away.

        Raises OSError when there is no room for all of them; those that are there are
        not written again.
        """
        waiting = [*self._flying, *self._entries][self._spooled :]
        if not waiting:
            return
        kept = 0
        try:
            self._spool.append(self._lease, waiting)
            kept = len(waiting)
        except PartlyWritten as error:
            kept = error.kept
            raise
        finally:
            self._spooled += kept
            self._guard.release(entry.slot for entry in waiting[:kept])

    def _spool_all(self, shard: Calling, to_come: ToCome) -> bool:
        """Write the rows that wait to disk. True: no more will come, and all are there;
        the next worker of this machine will commit them."""
        try:
            self.spool_waiting()
        except OSError as error:
            log.error("rows of %s cannot be kept on disk: %s", self._name, error)
            return False
        return not shard.open and not to_come.unread

    def _spool_of_lost_run(self, shard: Calling, to_come: ToCome) -> bool:
        """The store has lost the run. True: its calls have ended, and all rows that it
        had not taken are on disk; nothing else is left of them."""
        if not self._lost:
            self._lost = True
            log.error(
                "the store has no run of %s any more: it has lost its data. The %d rows"
                " that it had not taken are kept in SPOOL_DIR",
                self._name,
                len(self) + len(to_come) + shard.open,
            )
            shard.stop(Stop.ENDED)
        return self._spool_all(shard, to_come)

    def _forget(self, to_come: ToCome) -> None:
        """The run takes no more rows."""
        to_come.forget()
        self._entries.clear()
        if self._spooled:
            self._spool.drop(self._lease)
            self._spooled = 0
