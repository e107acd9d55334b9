"""Holds and what becomes of them, in a real store: no leave exceeds a budget."""

import asyncio

import pytest
from redis.asyncio import Redis

from shared.answer.usage import MOST_USD
from shared.money import Budget, nano, usd
from shared.money.limits import Limit
from shared.plan import Plan, Step, next_step
from shared.sample import Kind
from shared.store import keys
from shared.store.client import now_s
from shared.store.run import leases, runs, slots
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from shared.store.upstream import limits, money
from shared.store.upstream.limits import Wait
from shared.store.upstream.money import Reservation, Spent

pytestmark = pytest.mark.usefixtures("no_midnight")

ACCOUNT = "acc"
PLAN = Plan.model_validate(
    {
        "targets": [{"model": "a/b"}],
        "prompts": {"prompts": ["Hi"]},
        "runs": 100,
        "max_cost_usd": 1,
    }
)


@pytest.fixture
async def lease(redis: Redis) -> Lease:
    run = await runs.create(redis, PLAN)
    step = next_step(PLAN, [])
    assert isinstance(step, Step)
    claimed = await leases.claim(
        redis, run.job_id, step, owner="me", shards=1, lease_s=60
    )
    assert claimed is not None
    assert await slots.take(redis, claimed, 20, "t") is not None
    return claimed


async def ask(
    redis: Redis,
    lease: Lease,
    call_id: str,
    worst: int,
    *,
    run: int | None = 100,
    day: int | None = None,
    flight_s: float = 60,
    under: tuple[Limit, ...] = (),
) -> Wait | None:
    hold = Reservation(worst, Budget(run, day))
    return await limits.leave(
        redis,
        ACCOUNT,
        under,
        call_id,
        flight_s=flight_s,
        reservation=hold,
        job_id=lease.job_id,
    )


async def row(
    redis: Redis,
    lease: Lease,
    slot: int,
    cost: int | None,
    hold: str = "",
    kind: Kind = "ok",
    attempt: int = 0,
) -> bool:
    entry = Entry(slot, attempt, kind, 0, b"row", cost_nano=cost, reservation=hold)
    done = await slots.commit(
        redis, lease, [entry], max_answers_bytes=1, account=ACCOUNT
    )
    return done.accepted == (True,)


async def nanos(redis: Redis, lease: Lease) -> tuple[int, int, int]:
    """(spent, held, unaccounted), which the run and the day must say alike."""
    of_run = await money.spent_by(redis, lease.job_id)
    assert of_run == await money.spent_today(redis, ACCOUNT)
    run = await runs.load(redis, lease.job_id)
    assert of_run == Spent(run.spent_usd, run.held_usd, run.unaccounted_usd)
    sums = (of_run.spent_usd, of_run.held_usd, of_run.unaccounted_usd)
    return tuple(round(usd * 1e9) for usd in sums)  # type: ignore[return-value]


async def test_leave_is_given_while_the_worst_of_all_fits(
    redis: Redis, lease: Lease
) -> None:
    assert await ask(redis, lease, "a", 60) is None
    assert await nanos(redis, lease) == (0, 60, 0)
    refused = await ask(redis, lease, "b", 41)
    assert refused is not None
    assert (refused.limit, refused.why) == (limits.MONEY, "money")
    assert await ask(redis, lease, "c", 40) is None
    assert await nanos(redis, lease) == (0, 100, 0)


async def test_the_same_call_asked_again_is_held_once(
    redis: Redis, lease: Lease
) -> None:
    assert [await ask(redis, lease, "a", 60) for _ in range(3)] == [None] * 3
    assert await nanos(redis, lease) == (0, 60, 0)


async def test_a_row_settles_its_hold_by_what_was_billed_once(
    redis: Redis, lease: Lease
) -> None:
    await ask(redis, lease, "a", 60)
    assert await row(redis, lease, 0, 12, "a")
    assert await nanos(redis, lease) == (12, 0, 0)
    # the same commit again, as after an answer that was lost
    assert not await row(redis, lease, 0, 12, "a")
    assert await nanos(redis, lease) == (12, 0, 0)


async def test_a_row_that_does_not_say_its_cost_counts_at_its_worst(
    redis: Redis, lease: Lease
) -> None:
    await ask(redis, lease, "a", 60)
    await row(redis, lease, 0, None, "a", "failed")
    assert await nanos(redis, lease) == (0, 0, 60)
    assert (await ask(redis, lease, "b", 41) or Wait("", "", 0)).why == "budget"


async def test_a_refused_row_was_billed_all_the_same(
    redis: Redis, lease: Lease
) -> None:
    await ask(redis, lease, "a", 30)
    await ask(redis, lease, "another's", 30)
    assert await row(redis, lease, 0, 12, "a")
    assert not await row(redis, lease, 0, 13, "another's")
    assert await nanos(redis, lease) == (12, 0, 13)


async def test_rows_without_a_hold_are_spent_too(redis: Redis, lease: Lease) -> None:
    assert await row(redis, lease, 0, 7)
    assert await row(redis, lease, 1, None)
    assert await row(redis, lease, 2, 5, kind="again")
    assert await nanos(redis, lease) == (12, 0, 0)
    assert not await row(redis, lease, 0, 7)
    assert await nanos(redis, lease) == (12, 0, 0)


async def test_a_spent_budget_never_opens_again(redis: Redis, lease: Lease) -> None:
    await ask(redis, lease, "a", 80)
    await row(redis, lease, 0, 70, "a")
    refused = await ask(redis, lease, "b", 31)
    assert refused == Wait(limits.MONEY, "budget", 0)
    # not for a cheaper call either, since the run is about to end
    assert await ask(redis, lease, "c", 1) == Wait(limits.MONEY, "budget", 0)


async def test_the_day_is_all_runs_together_and_ends_at_midnight(
    redis: Redis, lease: Lease
) -> None:
    other = await runs.create(redis, PLAN)
    hold = Reservation(50, Budget(None, 100))
    leave = await limits.leave(
        redis, ACCOUNT, (), "x", flight_s=60, reservation=hold, job_id=other.job_id
    )
    assert leave is None
    waits = await ask(redis, lease, "a", 60, run=None, day=100)
    assert waits is not None
    assert waits.why == "money", "the other run's call is open"
    await money.lapse(redis, other.job_id, ACCOUNT, everything=True)
    waits = await ask(redis, lease, "a", 60, run=None, day=100)
    assert waits is not None
    assert waits.why == "day_budget"
    assert waits.until_ms % 86_400_000 == 0
    assert await ask(redis, lease, "b", 50, run=None, day=100) is None


async def test_no_hold_outlives_its_time_and_what_it_held_still_counts(
    redis: Redis, lease: Lease
) -> None:
    await ask(redis, lease, "a", 60, flight_s=0.05)
    await asyncio.sleep(0.1)
    await money.lapse(redis, lease.job_id, ACCOUNT)
    assert await nanos(redis, lease) == (0, 0, 60)
    # its row comes after all, from a worker that was held up
    assert await row(redis, lease, 0, 12, "a")
    assert await nanos(redis, lease) == (12, 0, 0)


async def test_asking_lets_old_holds_lapse(redis: Redis, lease: Lease) -> None:
    await ask(redis, lease, "a", 60, flight_s=0.05)
    await asyncio.sleep(0.1)
    assert (await ask(redis, lease, "b", 50) or Wait("", "", 0)).why == "budget"
    assert await nanos(redis, lease) == (0, 0, 60)


async def test_leave_that_was_not_used_is_given_back(
    redis: Redis, lease: Lease
) -> None:
    limit = Limit("all", per_minute=5, in_flight=5)
    assert await ask(redis, lease, "a", 60, under=(limit,)) is None
    await limits.unsent(redis, ACCOUNT, [limit], "a", lease.job_id)
    assert await nanos(redis, lease) == (0, 0, 0)
    used = await limits.used(redis, ACCOUNT, "all")
    assert (used.minute, used.today, used.in_flight) == (0, 0, 0)


async def test_leave_needs_both_the_money_and_the_limit(
    redis: Redis, lease: Lease
) -> None:
    limit = Limit("all", in_flight=1)
    assert await ask(redis, lease, "a", 10, under=(limit,)) is None
    refused = await ask(redis, lease, "b", 10, under=(limit,))
    assert refused is not None
    assert refused.why == "in_flight"
    assert await nanos(redis, lease) == (0, 10, 0), "nothing is held for it"


async def test_racing_askers_never_hold_more_than_there_is(
    redis: Redis, lease: Lease
) -> None:
    answers = await asyncio.gather(
        *(ask(redis, lease, f"call {i}", 7) for i in range(200))
    )
    assert answers.count(None) == 14  # 14 x 7 = 98
    assert await nanos(redis, lease) == (0, 98, 0)


async def test_a_run_that_is_gone_gets_no_leave(redis: Redis, lease: Lease) -> None:
    await redis.delete(keys.run(lease.job_id))
    refused = await ask(redis, lease, "a", 1)
    assert refused is not None
    assert refused.why == "gone"
    assert not await redis.exists(keys.run(lease.job_id)), "no record is made of it"


async def test_the_largest_costs_are_kept_whole_at_the_end_of_what_can_be_counted(
    redis: Redis, lease: Lease
) -> None:
    """A sum that cannot grow any more stays where it is, and the rows are all there."""
    most = nano(MOST_USD)
    run, day = keys.run(lease.job_id), int(await now_s(redis) // 86_400)
    await redis.hset(run, "spent_nano", 2**63 - 1)  # type: ignore[misc]
    await redis.hset(keys.spend(ACCOUNT), f"{day}:spent", 2**53 - 2)  # type: ignore[misc]
    for slot in range(5):
        assert await row(redis, lease, slot, most)
    assert await row(redis, lease, 5, 10**40)  # of a spool of an earlier build
    assert await redis.llen(keys.run(lease.job_id, ":rows")) == 6  # type: ignore[misc]
    spent = await money.spent_by(redis, lease.job_id)
    assert spent.spent_usd == usd(2**53 - 1)
    assert (await money.spent_today(redis, ACCOUNT)).spent_usd == usd(2**53 - 1)
    assert await ask(redis, lease, "a", 1, run=nano(1_000_000)) is not None


async def test_a_price_beyond_reason_is_dearer_than_any_budget(
    redis: Redis, lease: Lease
) -> None:
    under = (Limit("all", 9, 9, 9),)
    wait = await ask(redis, lease, "a", 10**40, under=under)
    assert wait is not None
    assert (wait.limit, wait.why) == (limits.MONEY, "budget")
    assert (await money.spent_by(redis, lease.job_id)).held_usd == 0
    assert (await limits.used(redis, ACCOUNT, "all")).in_flight == 0
