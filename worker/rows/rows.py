"""What calls brought, read into rows and committed: off the timing path.

Reading waits for a free moment and is done in slices, because a loop that parses
stamps late. A row is counted, shown and streamed only when the store took it; while
the store is away rows wait here.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from redis.asyncio import Redis

from shared import crash
from shared.answer import Reply
from shared.clock import monotonic_s, sleep
from shared.money import account_of, billed_nano
from shared.sample import Kind, Sample, encode
from shared.settings import Settings
from shared.store.client import AWAY
from shared.store.run import slots
from shared.store.run.leases import Lease
from shared.store.run.slots import Committed, Entry
from shared.wire import Exchange
from worker.rows.probe import Call, Probe
from worker.rows.spool import NoRoom, Spool
from worker.rows.unsettled import Unsettled

_SLICE_S = 0.001
"""How long reading may hold the loop before sockets are looked at again."""
_REST_S = 0.004
"""After everything was read; an answer that comes after the rest, or whose lane waits
for its row, is read at once."""
_BATCH = 500
_URGENT = (b"400", b"401", b"402", b"422", b"429")
"""Statuses after which no further call may be made until they were read: it may be in
vain, or have to be asked otherwise. So it is with all of 5xx, and with connections that
could not be made."""
_UNREACHED = ("connect_error", "timeout_connect", "disconnected")

Decide = Callable[[Call, Reply, Sample], tuple[Kind, int] | None]
"""(kind of the row, not before in ms of the store) of a call that was read; None: it is
told later, by `settle`."""


class Rows:
    """One shard's ended calls, on their way to the store."""

    def __init__(
        self,
        redis: Redis,
        lease: Lease,
        probe: Probe,
        settings: Settings,
        decide: Decide,
        spool: Spool,
        unsettled: Unsettled,
        seen: Sequence[Callable[[Sample], None]] = (),
    ) -> None:
        """decide: what becomes of each row. spool: where rows are kept on disk.
        unsettled: whose lanes wait for their rows. seen: who is shown each row as it is
        made."""
        self._unsettled = unsettled
        self._decide = decide
        self._spool = spool
        self._seen = seen
        self._spooled = 0
        self._away = False
        """The last commit failed: what is read goes to disk at once."""
        self._redis = redis
        self._lease = lease
        self._probe = probe
        self._account = account_of(settings)
        self._max_answers_bytes = settings.max_answers_bytes
        self._max_error_share = probe.plan.max_error_share
        self._held: dict[int, tuple[Sample, bytes, str]] = {}
        """Slot -> its row, the answer and the hold, of rows that wait for `settle`."""
        self._unread: deque[tuple[Call, Exchange]] = deque()
        self._entries: deque[Entry] = deque()
        self._flying: list[Entry] = []
        self._ended = asyncio.Event()
        self._some = asyncio.Event()

    def __len__(self) -> int:
        """Rows, and calls that will become rows, that the store has not taken."""
        known = len(self._entries) + len(self._flying)
        return len(self._unread) + len(self._held) + known

    @property
    def unread(self) -> int:
        """Calls that have ended and are no rows yet."""
        return len(self._unread)

    def ended(self, call: Call, exchange: Exchange) -> None:
        """A call has ended; it is read later, but for one that bars all others."""
        if _is_urgent(exchange):
            self._read_one(call, exchange)
        else:
            self._unread.append((call, exchange))
            self._ended.set()

    async def read(self) -> None:
        """Read ended calls for ever, in slices."""
        while True:
            await self._ended.wait()
            slice_ends_s = monotonic_s() + _SLICE_S
            while self._unread and monotonic_s() < slice_ends_s:
                call, exchange = self._unread[0]
                self._read_one(call, exchange)
                # a row is counted in `len` all the while, as unread or as entry
                self._unread.popleft()
            if self._away:
                with suppress(OSError):  # said by whoever commits
                    self.keep()
            if not self._unread:
                self._ended.clear()
                await self.rest(_REST_S)
            else:
                await sleep(0)

    def _read_one(self, call: Call, exchange: Exchange) -> None:
        reply = self._probe.read(call, exchange)
        sample = self._probe.sample(call, exchange, reply)
        decided = self._decide(call, reply, sample)
        answer = self._probe.answer(call, exchange, reply)
        if decided is None:
            self._held[call.slot.number] = (sample, answer, call.hold)
        else:
            self.put(sample, *decided, answer, call.hold)

    def settle(self, slot: int, kind: Kind, not_before_ms: int) -> None:
        """It is known by now what the row of this slot is."""
        if slot in self._held:  # else the run takes no more rows
            sample, answer, hold = self._held.pop(slot)
            self.put(sample, kind, not_before_ms, answer, hold)

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
        self._some.set()

    async def rest(self, most_s: float) -> None:
        """Sleep, but no longer than until a lane waits for its row."""
        await self._unsettled.some(most_s)

    async def some(self, most_s: float) -> None:
        """Until there is a row to commit, but no longer than `most_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(most_s):
                await self._some.wait()

    async def commit(self) -> Committed | None:
        """Commit the next rows; None when there are none.

        Raises what the store raises when it is away; the rows stay, and go with the
        next call.
        """
        while self._entries and len(self._flying) < _BATCH:
            self._flying.append(self._entries.popleft())
        if not self._flying:
            self._some.clear()
            return None
        crash.point("rows:commit")
        try:
            done = await slots.commit(
                self._redis,
                self._lease,
                self._flying,
                max_answers_bytes=self._max_answers_bytes,
                max_error_share=self._max_error_share,
                account=self._account,
            )
        except AWAY:
            self._away = True
            raise
        self._away = False
        self._unsettled.settle(entry.slot for entry in self._flying)
        if done.status is None:
            return done  # the run is gone: nobody has these rows but us
        if self._spooled:
            self._spooled = max(0, self._spooled - len(self._flying))
            if not self._spooled:
                self._spool.drop(self._lease)
        self._flying = []
        return done

    def keep(self) -> None:
        """Write the rows that wait to disk, once each: the store is away.

        Raises OSError when there is no room for all of them; those that are there are
        not written again.
        """
        waiting = [*self._flying, *self._entries][self._spooled :]
        if not waiting:
            return
        kept = 0
        try:
            self._spool.keep(self._lease, waiting)
            kept = len(waiting)
        except NoRoom as error:
            kept = error.kept
            raise
        finally:
            self._spooled += kept
            self._unsettled.settle(entry.slot for entry in waiting[:kept])

    def forget(self) -> None:
        """The run takes no more rows."""
        self._unread.clear()
        self._held.clear()
        self._entries.clear()
        if self._spooled:
            self._spool.drop(self._lease)
            self._spooled = 0


def status_of(exchange: Exchange) -> bytes:
    """The status of the answer, before it is parsed; b"" where none has come."""
    return exchange.reads[0][1][9:12] if exchange.reads else b""


def _is_urgent(exchange: Exchange) -> bool:
    failure, status = exchange.failure, status_of(exchange)
    unreached = failure is not None and failure.kind in _UNREACHED
    return unreached or status in _URGENT or status[:1] == b"5"
