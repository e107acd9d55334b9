"""Nothing of a run outlives it in the store, whoever comes late; nor comes to life
again when the store was emptied."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.errors import BenchError
from shared.money import Budget, Price
from shared.money.limits import Limit
from shared.plan import Finished, Plan, steps
from shared.plan.loads.adaptive import Adaptive
from shared.run import Ending, Status
from shared.sample import Outcome, Sample, encode
from shared.store import keys, workers
from shared.store.run import (
    dialects,
    leases,
    outages,
    reconciles,
    reduces,
    reruns,
    runs,
    samples,
    slots,
    states,
)
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry
from shared.store.upstream import limits, means, money, pace
from shared.store.upstream.limits import Paced
from shared.store.upstream.money import Reservation

pytestmark = pytest.mark.usefixtures("no_midnight")

LOAD = Adaptive(start_per_minute=600, count=8)
PLAN = Plan.model_validate(
    {
        "targets": [{"model": "a/b"}],
        "prompts": {"prompts": ["Hi", "Ho"]},
        "runs": 4,
        "load": LOAD,
        "max_cost_usd": 1,
    }
)
PRICE = Price(prompt=1, completion=1, request=0)
FREE = (Limit("free", per_minute=1000, per_day=1000, in_flight=1000),)
FOR_EVER = {keys.RUNS, keys.OPEN, keys.BORN, keys.COUNTS, queue.QUEUE}
"""Keys that are no run's."""


DOWN = {"began_ms": 1, "words": "refused", "not_before_ms": 0, "call_s": 60}
"""What a call says of an upstream that is down."""


async def without_an_end(redis: Redis) -> set[str]:
    """Keys that nobody will delete and that do not expire."""
    found = [key.decode() async for key in redis.scan_iter(count=1000)]
    return {key for key in found if await redis.pttl(key) < 0} - FOR_EVER


def a_row(slot: int) -> Entry:
    sample = Sample(step=0, slot=slot, target=0, prompt=0, outcome=Outcome.OK)
    return Entry(
        *(slot, 0, "ok", 0, encode(sample), b"{}"),
        cost_nano=5,
        reservation=f"call {slot}",
    )


async def ask(redis: Redis, job_id: str, call_id: str) -> object:
    return await limits.leave(
        redis,
        "acc",
        FREE,
        call_id,
        flight_s=60,
        reservation=Reservation(10, Budget(10**9, None)),
        paced=Paced(0, 6000),
        job_id=job_id,
    )


Late = Callable[[Redis, Lease], Awaitable[object]]
LATE: dict[str, Late] = {
    "observe": lambda r, at: samples.observe(r, at.job_id, {"host": "late"}),
    "note error": lambda r, at: states.note_error(r, at.job_id, "late"),
    "adapt": lambda r, at: pace.adapt(
        r, at.job_id, 0, LOAD, passed=20, throttled=1, sent_ms=10**15
    ),
    "leave": lambda r, at: ask(r, at.job_id, "late"),
    "unsent": lambda r, at: limits.unsent(r, "acc", FREE, "call 0", at.job_id),
    "commit": lambda r, at: slots.commit(
        r, at, [a_row(0), a_row(7)], max_answers_bytes=1000, account="acc"
    ),
    "take": lambda r, at: slots.take(r, at, 4, ticket="late"),
    "renew": lambda r, at: leases.renew(r, at, 15),
    "release": lambda r, at: leases.release(r, at, finished=True),
    "hand back": lambda r, at: slots.hand_back(r, at, [(7, 0)]),
    "claim": lambda r, at: leases.claim(
        r, at.job_id, at.step, owner="late", shards=3, lease_s=15
    ),
    "outage": lambda r, at: outages.failed(r, at, "acc", outages.UPSTREAM, **DOWN),
    "back": lambda r, at: outages.recovered(
        r, at, "acc", outages.UPSTREAM, began_ms=2**50
    ),
    "probe": lambda r, at: outages.probe(r, at, [outages.UPSTREAM], "late", call_s=60),
    "ready": lambda r, at: leases.ready(r, at, 15, is_ready=True),
    "asked with": lambda r, at: samples.asked_with(r, at.job_id, "late"),
    "advance": lambda r, at: states.advance(
        r, at.job_id, Finished(0), 1, Ending.COMPLETED
    ),
    "pause": lambda r, at: states.move(r, at.job_id, Status.PAUSED),
    "end": lambda r, at: states.end(r, at.job_id, Ending.CANCELLED),
    "lapse": lambda r, at: money.lapse(r, at.job_id, "acc", everything=True),
    "reduce": lambda r, at: reduces.renew(r, at.job_id, "late", lease_s=15),
}
"""What a worker may ask of a run that has ended, or that the store has lost."""


async def all_that_is_late(redis: Redis, lease: Lease) -> None:
    for late in LATE.values():
        with suppress(BenchError):  # it may be refused, in our words
            await late(redis, lease)


async def worked(redis: Redis, job_id: str) -> Lease:
    """A run in the middle of its work, with all that is noted of one."""
    await leases.had_a_turn(redis, PLAN.submitter)
    await workers.beat(redis, "w", {}, lease_s=15)
    lease = await _claim(redis, job_id)
    other = (await runs.create(redis, PLAN)).job_id
    await _claim(redis, other)
    await ended(redis, other, cancelled=True)
    await outages.failed(redis, lease, "acc", outages.UPSTREAM, **DOWN)
    await samples.asked_with(redis, job_id, "a print")
    await dialects.agree(redis, job_id, "openai")
    await dialects.agree(redis, job_id, "openai", name="vllm")
    assert await slots.take(redis, lease, 6, ticket="t")
    for slot in range(5):
        assert await ask(redis, job_id, f"call {slot}") is None
        await asyncio.sleep(0.011)
    rows = [a_row(slot) for slot in range(4)]
    await slots.commit(redis, lease, rows, max_answers_bytes=1000, account="acc")
    again = Entry(4, 0, "retry", 0, a_row(4).row)
    await slots.commit(redis, lease, [again], max_answers_bytes=1000, account="acc")
    told = {"passed": 20, "throttled": 1, "sent_ms": 10**15}
    await pace.adapt(redis, job_id, 0, LOAD, **told)
    await samples.observe(redis, job_id, {"host": "w"})
    await queue.ring(redis, job_id)
    return lease


async def _claim(redis: Redis, job_id: str) -> Lease:
    lease = await leases.claim(
        *(redis, job_id, steps(PLAN)[0]),
        owner="w",
        shards=1,
        lease_s=15,
        upstreams=("http://up.example/v1",),
    )
    assert lease is not None
    return lease


async def ended(redis: Redis, job_id: str, *, cancelled: bool) -> None:
    if cancelled:
        await states.end(redis, job_id, Ending.CANCELLED)
    else:
        await states.advance(redis, job_id, Finished(0), None, Ending.COMPLETED)
    run = await runs.load(redis, job_id)
    assert await reduces.claim(redis, run, "w:1", lease_s=15) == "ours"
    await states.note_error(redis, job_id, "the disk is full")
    await money.lapse(redis, job_id, "acc", everything=True)
    await reconciles.ask(redis, job_id, in_s=1, keep_s=600)
    assert await states.finish(redis, run, {"avg": 1}, keep_s=600)
    await means.add(redis, {"a/b": (4, 40)})


@pytest.mark.parametrize("cancelled", [False, True])
async def test_every_key_of_an_ended_run_has_an_end_whoever_comes_late(
    redis: Redis, cancelled: bool
) -> None:
    key = runs.IdempotencyKey("ada", "k", "0" * 64)
    job_id = (await runs.create(redis, PLAN, key=key, prices=[PRICE])).job_id
    lease = await worked(redis, job_id)
    of_run = {keys.run(job_id, part) for part in keys.OF_RUN if part != ":reduce"}
    there = {key.decode() async for key in redis.scan_iter(f"*{job_id}*")}
    # all of it is there, but for what is not until there is a second step or an end
    later = {keys.run(job_id, part) for part in (":finished", ":opinions")}
    assert of_run - there <= later
    await ended(redis, job_id, cancelled=cancelled)
    assert await without_an_end(redis) == set()
    # what somebody deletes by hand does not come back for ever either
    await redis.delete(keys.run(job_id, ":seen"), *keys.step(job_id, 0)[2:])
    await redis.delete(keys.run(job_id, ":pace"), keys.run(job_id, ":holds"))
    await all_that_is_late(redis, lease)
    assert await without_an_end(redis) == set()


async def test_an_emptied_store_stays_empty_of_a_run_whoever_comes_late(
    redis: Redis,
) -> None:
    job_id = (await runs.create(redis, PLAN)).job_id
    lease = await worked(redis, job_id)
    await redis.flushdb()
    await all_that_is_late(redis, lease)
    # `leave` counts calls of the account, which were perhaps sent
    assert [key async for key in redis.scan_iter(f"*{job_id}*")] == []
    assert await without_an_end(redis) == set()


@pytest.mark.parametrize("name", LATE)
@pytest.mark.parametrize("emptied", [False, True])
async def test_nothing_that_comes_late_brings_a_key_without_an_end(
    redis: Redis, name: str, emptied: bool
) -> None:
    job_id = (await runs.create(redis, PLAN)).job_id
    lease = await worked(redis, job_id)
    if emptied:
        await redis.flushdb()
    else:  # slots are in hand, and nothing was to be offered again
        await redis.delete(keys.step(job_id, 0)[2], keys.run(job_id, ":seen"))
        await ended(redis, job_id, cancelled=True)
    with suppress(BenchError):
        await LATE[name](redis, lease)
    assert await without_an_end(redis) == set()


async def test_a_rerun_of_what_failed_leaves_nothing_without_an_end(
    redis: Redis,
) -> None:
    job_id = (await runs.create(redis, PLAN)).job_id
    await worked(redis, job_id)
    await ended(redis, job_id, cancelled=True)
    again = await reruns.failed(redis, job_id)
    await states.end(redis, again.job_id, Ending.CANCELLED)
    run = await runs.load(redis, again.job_id)
    assert await states.finish(redis, run, {}, keep_s=600)
    assert await without_an_end(redis) == set()


async def test_what_a_worker_observed_is_kept_once_and_as_long_as_its_run(
    redis: Redis,
) -> None:
    job_id = (await runs.create(redis, PLAN)).job_id
    for _ in range(2):  # a command that the library repeated
        await samples.observe(redis, job_id, {"host": "w"})
    await samples.observe(redis, job_id, {"host": "x"})
    assert await samples.observations(redis, job_id) == [{"host": "w"}, {"host": "x"}]
    assert await redis.pttl(keys.run(job_id, ":seen")) == -1
    await ended(redis, job_id, cancelled=True)
    await samples.observe(redis, job_id, {"host": "late"})
    assert len(await samples.observations(redis, job_id)) == 3
    assert 0 < await redis.pttl(keys.run(job_id, ":seen")) <= 600_000
