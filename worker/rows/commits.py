"""Rows on their way into the store, and onto disk while there is no store."""

import logging
from typing import Protocol

from shared.clock import sleep
from shared.run import Status
from shared.store.client import AWAY
from shared.store.run.leases import Lease
from worker.rows.rows import Rows
from worker.stop import Stop

log = logging.getLogger("worker.rows.commits")

_REST_S = 0.01
"""Between two commits: one costs as much as some twenty rows in it. A row that comes
after the rest, or that a lane waits for, is committed at once: a kill costs few
answers."""
_LOOK_S = 0.02
"""How often to look whether all is done, while no row comes."""
_AGAIN_S = 0.25
"""After a store that did not answer, or did not know the run."""


class Work(Protocol):
    """What is asked of the shard whose rows these are."""

    @property
    def open(self) -> int:
        """Calls that have begun and not ended."""

    @property
    def why(self) -> Stop | None:
        """Why no more calls begin; None while they do."""

    def stop(self, why: Stop) -> None:
        """Begin no more."""

    def look(self, status: Status | str, step: int) -> None:
        """The run's state and step have been read."""


class Commits:
    """Commits one shard's rows until nothing is left of them."""

    def __init__(self, rows: Rows, lease: Lease, work: Work) -> None:
        self._rows = rows
        self._name = f"{lease.job_id} shard {lease.shard}"
        self._step = lease.step.number
        self._work = work
        self._lost = False

    async def run(self) -> bool:
        """Until the shard has stopped, no call is open and every row is in the store or
        on disk; True when that ended the step."""
        step_over = False
        while True:
            await self._rows.some(_LOOK_S)
            try:
                done = await self._rows.commit()
            except AWAY as error:
                waiting = len(self._rows)
                log.warning("%d rows of %s wait: %s", waiting, self._name, error)
                if self._keep() and self._work.why is Stop.DRAIN:
                    return False
                await sleep(_AGAIN_S)
                continue
            if done is None:
                if self._none_left() or (step_over and not self._work.open):
                    return step_over
                continue
            if done.status is None:
                if self._keep_of_lost_run():
                    return False
                await sleep(_AGAIN_S)
                continue
            if not done.accepted:
                self._rows.forget()
                self._work.stop(Stop.ENDED)
            elif done.status is not Status.RUNNING:
                self._work.look(done.status, self._step)
            step_over = step_over or done.step_over
            await self._rows.rest(_REST_S)

    def _none_left(self) -> bool:
        return self._work.why is not None and not self._work.open and not self._rows

    def _keep(self) -> bool:
        """Write the rows that wait to disk. True: no more will come, and all are there;
        the next worker of this machine will commit them."""
        try:
            self._rows.keep()
        except OSError as error:
            log.error("rows of %s cannot be kept on disk: %s", self._name, error)
            return False
        return not self._work.open and not self._rows.unread

    def _keep_of_lost_run(self) -> bool:
        """The store has lost the run. True: its calls have ended, and all rows that it
        had not taken are on disk; nothing else is left of them."""
        if not self._lost:
            self._lost = True
            log.error(
                "the store has no run of %s any more: it has lost its data. The %d rows"
                " that it had not taken are kept in SPOOL_DIR",
                self._name,
                len(self._rows) + self._work.open,
            )
            self._work.stop(Stop.ENDED)
        return self._keep()
