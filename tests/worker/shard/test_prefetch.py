"""Due times on a worker's clock, and how many slots are taken ahead."""

from typing import cast

import pytest
from redis.asyncio import Redis

from shared.plan import Plan, Target, steps
from shared.plan.loads import Concurrency, Constant, Load
from shared.plan.prompts import InlinePrompts
from shared.settings.settings import Settings
from shared.store.run.leases import Lease
from tests.worker.asked import alone
from worker.assignment import Assignment
from worker.shard.attack import Attack
from worker.shard.prefetch import Prefetch
from worker.storeclock import StoreClock

CLOCK = StoreClock(offset_s=1_000_000.0, error_s=0.0)
NEVER = float("inf")


def a_prefetch(load: Load, *, elapsed_ms: int = 0, later_ms: int = 0) -> Prefetch:
    """The segment began `later_ms` after the step, `elapsed_ms` of it having passed."""
    plan = Plan(
        targets=(Target(model="a/b"),),
        prompts=InlinePrompts(prompts=("p",) * 1),
        runs=100,
        load=load,
    )
    start_ms = 1_000_050_000  # 50 s on the worker's clock
    segment_ms = start_ms + later_ms
    lease = Lease("J", steps(plan)[0], 0, 1, 1, 0, start_ms, segment_ms, elapsed_ms)
    attack = Attack(
        lanes=lambda: 0, begin=lambda _: None, drop=lambda _: None, at=lambda *_: None
    )
    assigned = Assignment(
        *(cast(Redis, None), plan, lease, Settings(), CLOCK), alone(Settings())
    )
    return Prefetch(assigned, attack)


def test_a_slot_is_due_at_the_steps_start_plus_its_due_time() -> None:
    prefetch = a_prefetch(Constant(rate_per_s=10))
    # 50 s + 7 / 10 s
    assert prefetch.due_s(7, past_end_s=NEVER) == pytest.approx(50.7)


def test_after_a_gap_the_schedule_goes_on_from_where_it_stood() -> None:
    prefetch = a_prefetch(Constant(rate_per_s=10), elapsed_ms=2000, later_ms=60_000)
    # the segment began at 110 s, 2 s into the step: slot 20 is due then, and slot 25
    # is 5 / 10 s after it
    assert prefetch.due_s(20, past_end_s=NEVER) == pytest.approx(110.0)
    assert prefetch.due_s(25, past_end_s=NEVER) == pytest.approx(110.5)
    # a slot from before the gap, offered again, is due at once
    assert prefetch.due_s(3, past_end_s=NEVER) == pytest.approx(110.0)


def test_past_the_end_of_the_step_nothing_is_due() -> None:
    prefetch = a_prefetch(Constant(rate_per_s=10, duration_s=2))
    assert prefetch.due_s(19, past_end_s=NEVER) == pytest.approx(51.9)
    assert prefetch.due_s(20, past_end_s=NEVER) == NEVER


def test_a_closed_load_takes_its_free_lanes_and_a_little_more() -> None:
    prefetch = a_prefetch(Concurrency(concurrency=8))
    assert not prefetch.is_open
    assert prefetch.wanted(8, begun=0) == 9
