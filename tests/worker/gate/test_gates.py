"""A gate that is added in memory is asked as the others are."""

import asyncio
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from shared.clock import monotonic_s
from shared.plan import Plan, Target, Work, steps
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.settings.settings import Settings
from shared.store.run import leases, runs, slots
from tests.worker.asked import alone
from worker import storeclock
from worker.assignment import Assignment
from worker.gate import Gates
from worker.gate.gate import Gate
from worker.slot import Slot

PLAN = Plan(
    targets=(Target(model="a/b"), Target(model="c/d")),
    prompts=InlinePrompts(prompts=("p",)),
    runs=4,
    load=Concurrency(concurrency=4),
)
DAY, NIGHT = 0, 1
"""Targets: one that is always open, and one that a new gate may shut."""


@dataclass
class Curfew(Gate):
    """Shuts one target, of which every call has to ask."""

    again_in_s: float | None = None
    """None: it lets them pass."""
    asked: list[str] = field(default_factory=list)
    given_back: list[str] = field(default_factory=list)

    def is_open(self, asked: Work) -> bool:
        return asked.target != NIGHT

    async def leave(self, asked: Work, call_id: str) -> float | None:
        self.asked.append(call_id)
        return None if self.again_in_s is None else monotonic_s() + self.again_in_s

    async def unused(self, asked: Work, call_id: str) -> None:
        self.given_back.append(call_id)


@dataclass
class Known(Curfew):
    """It need not ask."""

    def again_s(self, asked: Work) -> float | None:
        shut = self.again_in_s is not None and asked.target == NIGHT
        return monotonic_s() + (self.again_in_s or 0) if shut else None


class Floor:
    """Gates, and what they did."""

    def __init__(self, assigned: Assignment, *more: Gate) -> None:
        self.sent: list[int] = []
        self.freed = 0
        self.takes_calls = True
        self.gates = Gates(
            assigned,
            lanes=lambda: 4,
            send=self.send,
            freed=self.free,
            broke=lambda: None,
            settle=lambda ended, again_ms: None,
        )
        self.gates.in_order += more

    def send(self, slot: Slot, asked: Work) -> bool:
        if self.takes_calls:
            self.sent.append(slot.number)
        return self.takes_calls

    def free(self) -> None:
        self.freed += 1

    async def begin(self, number: int, target: int) -> None:
        slot, asked = Slot(0.0, number, 0), Work(target, 0, 0)
        if self.gates.first_shut(asked) is None:
            self.send(slot, asked)
        else:
            self.gates.begin(slot, asked)
        while len(self.gates.beside):
            await asyncio.sleep(0)


@pytest.fixture
async def assigned(redis: Redis, store_url: str) -> Assignment:
    job_id = (await runs.create(redis, PLAN)).job_id
    step = steps(PLAN)[0]
    lease = await leases.claim(redis, job_id, step, owner="x", shards=1, lease_s=15)
    assert lease is not None
    assert await slots.take(redis, lease, 8, ticket="t")
    clock = await storeclock.read(redis)
    return Assignment(
        *(redis, PLAN, lease, Settings(redis_url=store_url), clock), alone(Settings())
    )


async def test_a_call_that_no_gate_shuts_is_sent_at_once(assigned: Assignment) -> None:
    curfew = Curfew(again_in_s=60)
    floor = Floor(assigned, curfew)
    await floor.begin(0, DAY)
    assert (floor.sent, curfew.asked, floor.freed) == ([0], [], 0)


async def test_a_new_gate_lets_a_call_pass(assigned: Assignment) -> None:
    curfew = Curfew()
    floor = Floor(assigned, curfew)
    await floor.begin(1, NIGHT)
    assert (floor.sent, len(curfew.asked), curfew.given_back) == ([1], 1, [])


@pytest.mark.parametrize("kind", [Curfew, Known])
async def test_a_slot_that_a_new_gate_shuts_out_is_offered_again_when_it_opens(
    assigned: Assignment, kind: type[Curfew]
) -> None:
    curfew = kind(again_in_s=60)
    floor = Floor(assigned, curfew)
    await floor.begin(1, NIGHT)
    assert (floor.sent, floor.freed) == ([], 1)
    assert len(curfew.asked) == (kind is Curfew), "it was asked though it was known"
    await floor.gates.hand_back()
    taken = await slots.take(assigned.redis, assigned.lease, 9, ticket="u")
    assert taken is not None
    assert taken.slots == ()
    assert taken.next_at_ms is not None
    left_s = assigned.clock.monotonic(taken.next_at_ms) - monotonic_s()
    assert left_s == pytest.approx(60, abs=5)


async def test_leave_that_another_gate_makes_vain_is_given_back(
    assigned: Assignment,
) -> None:
    """The last in order is asked first, and so has let the call pass by then."""
    before, after = Curfew(again_in_s=60), Curfew()
    floor = Floor(assigned, before, after)
    await floor.begin(1, NIGHT)
    assert (len(before.asked), len(after.asked)) == (1, 1)
    assert (before.given_back, after.given_back) == ([], after.asked)


async def test_leave_that_comes_when_no_call_may_begin_is_given_back(
    assigned: Assignment,
) -> None:
    curfew = Curfew()
    floor = Floor(assigned, curfew)
    floor.takes_calls = False
    await floor.begin(1, NIGHT)
    assert (curfew.given_back, floor.freed) == (curfew.asked, 1)
