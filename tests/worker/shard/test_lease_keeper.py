"""The lease of one shard, with a clock and a store in the test's hands."""

import asyncio
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Gone

from shared.plan import Plan, Target, steps
from shared.plan.prompts import InlinePrompts
from shared.settings.settings import Settings
from shared.store.run.leases import Lease, Renewed
from tests.worker.asked import alone
from worker.assignment import Assignment
from worker.shard import lease_keeper
from worker.shard.lease_keeper import LeaseKeeper
from worker.storeclock import StoreClock

PLAN = Plan(targets=(Target(model="a/b"),), prompts=InlinePrompts(prompts=("p",)))


async def test_a_renewal_that_the_store_did_not_answer_is_asked_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = [None, Gone, Gone, None]
    slept_s: list[float] = []

    async def sleep(seconds: float) -> None:
        slept_s.append(seconds)
        if len(slept_s) > len(answers):
            raise asyncio.CancelledError

    async def renew(*_: object) -> Renewed:
        if answers[len(slept_s) - 1] is Gone:
            raise Gone
        return Renewed(kept=True, status="running", step=0)

    monkeypatch.setattr(lease_keeper, "sleep", sleep)
    monkeypatch.setattr(lease_keeper.leases, "renew", renew)
    lease = Lease("J", steps(PLAN)[0], 0, 1, 1, 0, 0, 0, 0)
    settings = Settings(heartbeat_s=5, lease_s=15)
    clock = StoreClock(offset_s=0.0, error_s=0.0)
    keeper = LeaseKeeper(
        Assignment(*(cast(Redis, None), PLAN, lease, settings, clock), alone(settings)),
        claimed_s=lease_keeper.monotonic_s(),
        lost=lambda: None,
        obey=lambda status, step: None,
    )
    with pytest.raises(asyncio.CancelledError):
        await keeper.beat()
    assert slept_s == [5, 5, 0.25, 0.25, 5]
