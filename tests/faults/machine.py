"""The life of one run in the store, as operations in any order."""

import asyncio
from collections import Counter
from contextlib import suppress
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from shared.errors import WrongState
from shared.plan import Finished, steps
from shared.plan.loads.sweep import Sweep
from shared.run import Ending, Run, Status
from shared.sample import Kind
from shared.store import keys
from shared.store.client import connect
from shared.store.run import events, leases, runs, slots, states
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from tests.faults.stack import a_plan

SLOTS = 6
PLAN = a_plan(n=SLOTS).model_copy(
    update={"sweep": Sweep(over="concurrency", values=(4, 4))}
)
STEPS = steps(PLAN)
TOTAL = SLOTS * len(STEPS)
TAKES_ROWS = (Status.QUEUED, Status.RUNNING, Status.WAITING, Status.PAUSED)
lease = st.integers(0, 9)


class Machine(RuleBasedStateMachine):
    """One run of two steps of six slots, and whoever works on its two shards."""

    url = ""
    fired: ClassVar[Counter[str]] = Counter()
    """What has happened in all lives, and how often."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.new_event_loop()
        self._redis = connect(self.url)
        self._do(self._redis.flushdb())
        self._job = self._do(runs.create(self._redis, PLAN)).job_id
        self._step = 0
        """Which step the run is at."""
        self._leases: list[Lease] = []
        self._live: dict[int, Lease] = {}
        """Shard -> the lease that may start calls; all of the present step."""
        self._hands: dict[int, int] = {}
        """Slot -> shard, of slots that a live lease has in hand."""
        self._tickets = 0
        self._cancelled = False

    def teardown(self) -> None:
        self._do(self._redis.aclose())
        self._loop.close()

    def _do(self, doing: Any) -> Any:
        return self._loop.run_until_complete(doing)

    def _run(self) -> Run:
        run: Run = self._do(runs.load(self._redis, self._job))
        return run

    @property
    def _keys(self) -> tuple[str, str, str, str, str]:
        """Of the present step."""
        return keys.step(self._job, self._step)

    def _lease(self, i: int) -> Lease:
        return self._leases[-1 - i % len(self._leases)]

    def _drop(self, shard: int) -> None:
        self._live.pop(shard, None)
        self._hands = {s: j for s, j in self._hands.items() if j != shard}

    @initialize()
    def begin(self) -> None:
        self.claim()

    @rule()
    def claim(self) -> None:
        step = STEPS[self._step]
        got = self._do(
            leases.claim(self._redis, self._job, step, owner="w", shards=2, lease_s=60)
        )
        if got is not None:
            assert got.shard not in self._live, "a shard with a live lease was given"
            assert all(
                old.epoch < got.epoch
                for old in self._leases
                if (old.step, old.shard) == (got.step, got.shard)
            )
            self._drop(got.shard)
            self._live[got.shard] = got
            self._leases.append(got)

    @precondition(lambda self: self._leases)
    @rule(i=lease, n=st.integers(1, 4))
    def take(self, i: int, n: int) -> None:
        mine = self._lease(i)
        status = self._run().status
        self._tickets += 1
        got = self._do(slots.take(self._redis, mine, n, f"t{self._tickets}"))
        if got is None:
            self.fired["a stale lease asked for slots"] += 1
            passed = mine.step.number != self._step
            self.fired["a lease of a step that has passed asked for slots"] += passed
            return
        assert self._live.get(mine.shard) == mine, "slots without a live lease"
        assert status is Status.RUNNING
        kinds = self._kinds()
        for slot, attempt, retries in got.slots:
            assert slot not in self._hands, "a slot in two hands"
            self._hands[slot] = mine.shard
            assert attempt == kinds[slot, "retry"] + kinds[slot, "again"]
            assert retries == kinds[slot, "retry"], "what was turned away used one up"
            self.fired["a retry was taken"] += retries > 0

    def _kinds(self) -> Counter[tuple[int, str]]:
        """How many rows of each kind each slot of the present step has."""
        rows = self._do(self._redis.lrange(keys.run(self._job, ":rows"), 0, -1))
        parts = [row.decode().split(".") for row in rows]
        return Counter(
            (int(slot), kind)
            for step, slot, _, kind in parts
            if int(step) == self._step
        )

    @precondition(lambda self: self._leases)
    @rule(
        i=lease,
        slots_=st.lists(st.integers(0, SLOTS - 1), min_size=1),
        kind=st.sampled_from(["ok", "ok", "failed", "retry", "again"]),
    )
    def commit(self, i: int, slots_: list[int], kind: Kind) -> None:
        """Rows of any slots that somebody has ever had, by anybody who ever did."""
        handed = self._handed()
        for slot in {slot % handed for slot in slots_ if handed}:
            self._commit(self._lease(i), slot, kind)

    def _commit(self, mine: Lease, slot: int, kind: Kind) -> None:
        status = self._run().status
        attempts_key = keys.step(self._job, mine.step.number)[4]
        attempts = self._do(self._redis.hget(attempts_key, str(slot)))
        attempt = int(attempts or 0)
        row = f"{mine.step.number}.{slot}.{attempt}.{kind}".encode()
        entry = Entry(slot, attempt, kind, 0, row)
        done = self._do(
            slots.commit(self._redis, mine, [entry, entry], max_answers_bytes=1)
        )
        passed = mine.step.number != self._step
        assert bool(done.accepted) == (status in TAKES_ROWS and not passed)
        assert sum(done.accepted) <= 1, "the same row twice"
        repeated = self._do(
            slots.commit(self._redis, mine, [entry], max_answers_bytes=1)
        )
        assert not any(repeated.accepted), "the same row again, its answer being lost"
        stale = self._live.get(mine.shard) != mine
        self.fired["a stale lease brought a row"] += stale and any(done.accepted)
        self.fired["a row was refused"] += not all(done.accepted)
        if any(done.accepted):
            self._hands.pop(slot, None)

    def _handed(self) -> int:
        cursor = self._do(self._redis.hget(self._keys[0], "cursor"))
        return int(cursor or 0)

    @precondition(lambda self: self._leases)
    @rule(i=lease)
    def renew(self, i: int) -> None:
        mine = self._lease(i)
        told = self._do(leases.renew(self._redis, mine, 60))
        assert told.step == self._step, "a lease of a step that has passed is told so"
        if mine.step.number == self._step:
            assert told.kept == (self._live.get(mine.shard) == mine)

    @precondition(lambda self: self._live)
    @rule(i=lease)
    def expire(self, i: int) -> None:
        """Its worker has gone silent: the lease lapses."""
        shard = sorted(self._live)[i % len(self._live)]
        lapsed = {f"exp:{shard}": 1, "full_ms": 0}
        self._do(self._redis.hset(self._keys[0], mapping=lapsed))
        self._drop(shard)
        self.fired["a lease lapsed"] += 1

    @precondition(lambda self: self._leases)
    @rule(i=lease)
    def release(self, i: int) -> None:
        mine = self._lease(i)
        self._do(leases.release(self._redis, mine))
        if self._live.get(mine.shard) == mine:
            self._drop(mine.shard)

    @rule(to=st.sampled_from([Status.PAUSED, Status.QUEUED]))
    def pause_or_resume(self, to: Status) -> None:
        with suppress(WrongState):
            self._do(states.move(self._redis, self._job, to))

    @rule(really=st.booleans())
    def cancel(self, really: bool) -> None:
        if not really:
            return  # otherwise hardly a run would live
        with suppress(WrongState):
            ended = self._do(states.end(self._redis, self._job, Ending.CANCELLED))
            self._cancelled = self._cancelled or ended
            self.fired["a run was cancelled"] += ended

    @rule()
    def advance(self) -> None:
        if not self._do(slots.is_over(self._redis, self._job, STEPS[self._step])):
            return
        over = Finished(self._step)
        to = None if self._step + 1 == len(STEPS) else self._step + 1
        ending = Ending.COMPLETED
        if self._do(states.advance(self._redis, self._job, over, to, ending)) and to:
            self._step = to
            self._live.clear()
            self._hands.clear()
            self.fired["a step was followed by another"] += 1

    @rule()
    def finish(self) -> None:
        before = self._run()
        entered = self._do(states.finish(self._redis, before, {}, keep_s=60))
        assert entered == (before.status is Status.REDUCING)
        self.fired["a run was finished twice"] += before.status.terminal
        self.fired["a run was done"] += self._run().status is Status.DONE

    @invariant()
    def what_is_closed_is_what_has_a_final_row(self) -> None:
        rows = self._do(self._redis.lrange(keys.run(self._job, ":rows"), 0, -1))
        assert len(rows) == len(set(rows)), "a row was counted twice"
        closing = [row for row in rows if row.endswith((b"ok", b"failed"))]
        final = {tuple(row.split(b".")[:2]) for row in closing}
        assert len(final) == len(closing)
        marked = sum(
            self._do(self._redis.bitcount(keys.step(self._job, step.number)[3]))
            for step in STEPS
        )
        assert self._run().closed == marked == len(final)

    @invariant()
    def a_live_lease_is_of_the_present_step(self) -> None:
        assert self._run().step == self._step
        for mine in self._live.values():
            told = self._do(leases.renew(self._redis, mine, 60))
            assert (told.kept, told.step) == (True, mine.step.number)

    @invariant()
    def done_is_said_once_and_only_of_a_whole_run(self) -> None:
        run = self._run()
        told = self._do(self._told())
        assert sum(Status(status).terminal for status in told) == run.status.terminal
        if run.status is Status.DONE:
            assert run.closed == TOTAL
        if self._cancelled:
            assert run.status in (Status.REDUCING, Status.CANCELLED)

    async def _told(self) -> list[str]:
        found = events.since(self._redis, self._job, "0-0", block_ms=1)
        return [event.status async for event in found if event.status]
