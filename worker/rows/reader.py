"""What calls brought, read into rows: off the timing path.

Reading waits for a free moment and is done in slices, because a loop that parses
stamps late.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from shared.checks import Checked
from shared.clock import monotonic_s, sleep
from shared.opinion import quick_checks_of
from shared.sample import Kind, Sample
from shared.wire import Exchange
from worker.checks import Checker
from worker.rows.committer import Committer
from worker.rows.lane_guard import LaneGuard
from worker.rows.probe import Attempt, Probe, ReadAttempt

_SLICE_S = 0.001
"""How long reading may hold the loop before sockets are looked at again."""
_REST_S = 0.004
"""After everything was read; an answer that comes after the rest, or whose lane waits
for its row, is read at once."""
_URGENT = (b"400", b"401", b"402", b"422", b"429")
"""Statuses after which no further call may be made until they were read: it may be in
vain, or have to be asked otherwise. So it is with all of 5xx, and with connections that
could not be made."""
_UNREACHED = ("connect_error", "timeout_connect", "disconnected")

Decide = Callable[[ReadAttempt], tuple[Kind, int] | None]
"""(kind of the row, not before in ms of the store) of a call that was read; None: it is
told later, by `settle`."""


class Reader:
    """One shard's ended calls, until they are rows."""

    def __init__(
        self,
        probe: Probe,
        decide: Decide,
        committer: Committer,
        guard: LaneGuard,
        checker: Checker,
    ) -> None:
        """decide: what becomes of each row. committer: who gets it.
        guard: whose lanes wait for their rows. checker: who says whether they passed.
        """
        self._probe = probe
        self._decide = decide
        self._committer = committer
        self._guard = guard
        self._unread: deque[tuple[Attempt, Exchange]] = deque()
        self._checker = checker
        self._held: dict[int, Callable[[Kind, int], None]] = {}
        """Slot -> what to do with its row, of those that wait for `settle`."""
        self._checked: dict[int, Callable[[Sample], None]] = {}
        """The same of those that wait for their checks."""
        self._ended = asyncio.Event()

    def __len__(self) -> int:
        """Calls that have ended, and whose rows the committer has not got."""
        return len(self._unread) + len(self._held) + len(self._checked)

    @property
    def unread(self) -> int:
        """Calls that have ended and are no rows yet."""
        return len(self._unread) + len(self._checked)

    def ended(self, call: Attempt, exchange: Exchange) -> None:
        """A call has ended; it is read later, but for one that bars all others."""
        if _is_urgent(exchange):
            self._read(call, exchange)
        else:
            self._unread.append((call, exchange))
            self._ended.set()

    async def run(self) -> None:
        """Read ended calls for ever, in slices."""
        while True:
            await self._ended.wait()
            slice_ends_s = monotonic_s() + _SLICE_S
            while self._unread and monotonic_s() < slice_ends_s:
                call, exchange = self._unread[0]
                self._read(call, exchange)
                # a row is counted all the while, as unread or by the committer
                self._unread.popleft()
            if self._committer.is_away:
                with suppress(OSError):  # said by whoever commits
                    self._committer.spool_waiting()
            if not self._unread:
                self._ended.clear()
                await self._guard.lane_waits(_REST_S)
            else:
                await sleep(0)

    def _read(self, call: Attempt, exchange: Exchange) -> None:
        ended = self._probe.read(call, exchange)
        decided = self._decide(ended)
        answer = self._probe.answer(call, exchange, ended.reply)
        go_on = partial(self._check, ended, answer)
        if decided is None:
            self._held[call.slot.number] = go_on
        else:
            go_on(*decided)

    def _check(
        self, ended: ReadAttempt, answer: bytes, kind: Kind, not_before_ms: int
    ) -> None:
        """On to the committer; an answer that has checks goes to those first."""
        call, row = ended.call, ended.sample

        def commit(sample: Sample) -> None:
            self._committer.put(sample, kind, not_before_ms, answer, call.hold)

        plan = self._probe.plan
        checks = quick_checks_of(plan, call.work.prompt) if row.ok else ()
        if not checks:
            commit(row)
            return

        def checked(said: Checked) -> None:
            if self._checked.pop(row.slot, None):  # else the run takes no more rows
                commit(replace(row, passed=said.passed, failed_check=said.name))

        self._checked[row.slot] = commit
        self._checker.check(checks, ended.reply.whole_text, checked)

    def settle(self, slot: int, kind: Kind, not_before_ms: int) -> None:
        """It is known by now what the row of this slot is."""
        if slot in self._held:  # else the run takes no more rows
            self._held.pop(slot)(kind, not_before_ms)

    def forget(self) -> None:
        """The run takes no more rows."""
        self._unread.clear()
        self._held.clear()
        self._checked.clear()


def status_of(exchange: Exchange) -> bytes:
    """The status of the answer, before it is parsed; b"" where none has come."""
    return exchange.reads[0][1][9:12] if exchange.reads else b""


def _is_urgent(exchange: Exchange) -> bool:
    failure, status = exchange.failure, status_of(exchange)
    unreached = failure is not None and failure.kind in _UNREACHED
    return unreached or status in _URGENT or status[:1] == b"5"
