"""From one step to the next: everybody hears of it, and nobody waits for nothing."""

import asyncio
from collections import Counter
from pathlib import Path

from redis.asyncio import Redis

from shared.plan import Finished, Plan, Target, next_step, steps
from shared.plan.loads import Concurrency, Constant
from shared.plan.loads.sweep import Sweep
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Status
from shared.sample import Outcome, Sample, encode
from shared.store import keys
from shared.store.client import now_s
from shared.store.run import leases, reruns, runs, slots, states
from shared.store.run.slots import Entry
from tests.children import until
from tests.faults.upstream import fault_upstream
from tests.worker.floor import floor, submit
from tests.worker.told import reaches, rows_of


def a_sweep(*values: float, n: int = 20, warmup: int = 0) -> Plan:
    return Plan(
        targets=(Target(model="ok"),),
        prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(n))),
        runs=1,
        load=Concurrency(concurrency=1, warmup=warmup),
        sweep=Sweep(over="concurrency", values=values),
    )


async def test_a_shard_hears_that_its_step_was_ended_by_another_and_takes_the_next(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    plan = a_sweep(2, 2, n=4)
    run = await runs.create(redis, plan)
    step = steps(plan)[0]
    # the other shard is played: its slot waits for a retry while all others are done
    played = await leases.claim(
        redis, run.job_id, step, owner="played", shards=2, lease_s=60
    )
    assert played is not None
    await slots.take(redis, played, 1, "t1")
    later_ms = int(await now_s(redis) * 1000) + 30_000
    retry = Entry(0, 0, "retry", later_ms, b"row 0.0")
    await slots.commit(redis, played, [retry], max_answers_bytes=1)
    with fault_upstream() as upstream:
        async with floor(store_url, upstream, tmp_path) as workers:
            await workers[0].claim_work()
            await until(lambda: closed(redis, run.job_id, 3), "the other slots")
            row = encode(Sample(step=0, slot=0, target=0, prompt=0, outcome=Outcome.OK))
            last = Entry(0, 1, "ok", 0, row)
            done = await slots.commit(redis, played, [last], max_answers_bytes=1)
            assert done.step_over
            await states.advance(redis, run.job_id, Finished(0), 1, Ending.COMPLETED)
            ended = await reaches(redis, run.job_id, Status.REDUCING)
        assert ended.closed == 8
        assert len(upstream.ledger) == 3 + 4


async def closed(redis: Redis, job_id: str, n: int) -> bool:
    return (await runs.load(redis, job_id)).closed == n


async def ended(redis: Redis, plan: Plan, bad: set[tuple[int, int]]) -> str:
    """A run of a sweep that is over, played; `bad`: (step, slot) of what failed."""
    run = await runs.create(redis, plan)
    over = []
    while True:
        number = len(over)
        step = next_step(plan, over)
        if step is None:
            break
        lease = await leases.claim(
            redis, run.job_id, step, owner="played", shards=1, lease_s=15
        )
        assert lease is not None
        entries = []
        for slot in range(step.count or 0):
            failed = (number, slot) in bad
            outcome = Outcome.EMPTY if failed else Outcome.OK
            row = Sample(step=number, slot=slot, target=0, prompt=0, outcome=outcome)
            kind: slots.Kind = "failed" if failed else "ok"
            entries.append(Entry(slot, 0, kind, 0, encode(row)))
        await slots.commit(redis, lease, entries, max_answers_bytes=1)
        over.append(Finished(number))
        after = next_step(plan, over)
        to = None if after is None else after.number
        await states.advance(redis, run.job_id, over[-1], to, Ending.COMPLETED)
    await states.finish(redis, await runs.load(redis, run.job_id), {}, keep_s=60)
    return run.job_id


async def test_a_rerun_passes_steps_in_which_all_was_well_and_their_warm_ups(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    # steps: warm-up 0, value 1; warm-up 2, value 3; warm-up 4, value 5
    plan = a_sweep(1, 2, 3, n=5, warmup=2)
    old = await ended(redis, plan, bad={(3, 1), (3, 4)})
    with fault_upstream() as upstream:
        async with floor(store_url, upstream, tmp_path) as workers:
            again = await reruns.failed(redis, old)
            await workers[0].claim_work()
            done = await reaches(redis, again.job_id, Status.REDUCING)
        places = sorted(
            (row.step, row.slot) for row in await rows_of(redis, done.job_id)
        )
        assert places == [(2, 0), (2, 1), (3, 1), (3, 4)]
        assert (done.closed, done.total, done.step) == (2, 2, 5)
        assert len(upstream.ledger) == 4


async def hung(
    redis: Redis, store_url: str, folder: Path, drain_s: float | None
) -> list[list[Outcome]]:
    """A sweep in which the sixth call of all hangs; the outcomes of each step."""
    plan = a_sweep(2, 2, n=6).model_copy(
        update={"targets": (Target(model="hanging/6"),), "drain_s": drain_s}
    )
    with fault_upstream() as upstream:
        async with floor(
            store_url, upstream, folder, first_token_timeout_s=1.2
        ) as workers:
            job_id = await submit(workers, plan)
            await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    return [sorted(r.outcome for r in rows if r.step == step) for step in (0, 1)]


async def test_the_last_call_of_a_counted_step_is_still_to_be_answered(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    each = [*[Outcome.OK] * 5, Outcome.TIMEOUT_FIRST_TOKEN]
    assert await hung(redis, store_url, tmp_path, drain_s=None) == [each, each]


async def test_a_hung_call_holds_the_next_step_no_longer_than_the_plan_allows(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    each = [*[Outcome.OK] * 5, Outcome.UNFINISHED]
    assert await hung(redis, store_url, tmp_path, drain_s=0.2) == [each, each]


async def test_slots_in_hand_of_a_shard_that_hangs_are_begun_by_another(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    # two shards of one lane each; one hangs with slots in hand while the other has none
    plan = a_sweep(1, n=400).model_copy(
        update={
            "targets": (Target(model="hanging/390"),),
            "load": Concurrency(concurrency=2),
            "sweep": None,
            "drain_s": 0.3,
        }
    )
    with fault_upstream() as upstream:
        async with floor(
            store_url, upstream, tmp_path, n=2, first_token_timeout_s=30
        ) as workers:
            job_id = await submit(workers, plan)
            await reaches(redis, job_id, Status.REDUCING)
    rows = await rows_of(redis, job_id)
    assert Counter(row.outcome for row in rows) == {
        Outcome.OK: 399,
        Outcome.UNFINISHED: 1,
    }


async def test_slots_that_are_left_to_others_are_begun_by_one_that_had_none_left(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    plan = a_sweep(2, n=4).model_copy(update={"sweep": None, "load": Concurrency()})
    run = await runs.create(redis, plan)
    # the other shard is played: it has two slots in hand, and begins none of them
    played = await leases.claim(
        redis, run.job_id, steps(plan)[0], owner="played", shards=2, lease_s=60
    )
    assert played is not None
    await slots.take(redis, played, 2, "t1")
    works = {f"shard-{run.job_id}", "claim"}

    async def has_left() -> bool:
        """Its shard has ended, and the look after that as well."""
        began = await closed(redis, run.job_id, 2)
        return began and works.isdisjoint(t.get_name() for t in asyncio.all_tasks())

    with fault_upstream() as upstream:
        async with floor(store_url, upstream, tmp_path):
            await until(has_left, "the end of the shard that has nothing left")
            await slots.hand_back(redis, played, [(0, 0), (1, 0)])
            await reaches(redis, run.job_id, Status.REDUCING)
    assert len(upstream.ledger) == 4


async def test_a_shard_that_can_have_no_slot_does_not_keep_its_step_from_ending(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    # three slots, of which two are due in time, and four workers
    load = Constant(rate_per_s=4, count=3, duration_s=0.4)
    plan = a_sweep(1, n=1).model_copy(update={"load": load, "sweep": None})
    with fault_upstream() as upstream:
        async with floor(store_url, upstream, tmp_path, n=4) as workers:
            job_id = await submit(workers, plan)
            done = await reaches(redis, job_id, Status.REDUCING)
        assert (done.closed, done.ending) == (2, Ending.COMPLETED)
        assert len(upstream.ledger) == 2
        step = keys.step(job_id, 0)[0]
        assert int(await redis.hget(step, "shards") or 0) == 3  # type: ignore[misc]
