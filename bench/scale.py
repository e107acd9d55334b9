"""How it grows: one run over several workers, and what each costs the one store.

On two cores more workers make no more rows a second. What can be learnt here is what
does not depend on the cores: what a row costs a worker and the store, and what a worker
costs the store that has nothing to do.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from typing import Any

import psutil
from redis.asyncio import Redis

from bench import ours
from bench.ours import Bed
from bench.setting import Bench, plan
from bench.spread import Spread, Waiting, section
from bench.store import Did, did, weighs
from shared.plan import Plan, steps
from shared.run import Ending, Status
from shared.sample import decode
from shared.settings import Settings
from shared.store import keys, workers
from shared.store.client import connect_blocking
from shared.store.run import leases, runs, samples, slots, states

FLEETS = (1, 2, 4, 8)
LANES = 512
CALM_PER_S, CALM_CALLS = 200, 4_000
"""So few calls that nearly every row is committed alone."""
WATCHED_S = 20
"""Four heartbeats of a worker that waits, ten looks."""
SHARDS = (8, 100)
HANDED = 100
"""Slots in the hand of each shard that is played."""
_LEASE_S: float = Settings.model_fields["lease_s"].default


async def scale(bench: Bench, rows: int = 100_000) -> str:
    """A section of the results: its words and its tables."""
    busy = {"kind": "concurrency", "concurrency": LANES, "count": rows}
    calm = {"kind": "constant", "rate_per_s": CALM_PER_S, "count": CALM_CALLS}
    spread: dict[str, Spread] = {}
    waiting: dict[str, Waiting] = {}
    async with _bed(bench) as bed:
        alone = await _watched(bed.redis)
    for n in FLEETS:
        async with _fleet(bench, n) as (bed, pids):
            spread[f"{n} at full speed"] = await _spread(bed, pids, _plan(busy))
            if n == FLEETS[-1]:
                spread[f"{n} at {CALM_PER_S}/s"] = await _spread(bed, pids, _plan(calm))
                seen = (await _watched(bed.redis)).less(alone)
                waiting["no run"] = Waiting(n, WATCHED_S, seen)
    for shards in SHARDS:
        seen = (await _beside(bench, shards)).less(alone)
        waiting[f"a run of {shards} shards"] = Waiting(1, WATCHED_S, seen)
    return section(rows, spread, waiting)


@asynccontextmanager
async def _fleet(bench: Bench, n: int) -> AsyncIterator[tuple[Bed, list[int]]]:
    """A fresh store, and the process ids of `n` workers that have worked a little."""
    warm = {"kind": "concurrency", "concurrency": LANES, "count": 4 * LANES}
    async with _bed(bench) as bed:
        with ExitStack() as stack:
            stub = stack.enter_context(bench.a_stub())
            pids = [stack.enter_context(ours.worker(bed, stub)).pid for _ in range(n)]
            await _until_alive(bed.redis, n)
            await _spread(bed, pids, _plan(warm))
            yield bed, pids


async def _spread(bed: Bed, pids: list[int], asked: Plan) -> Spread:
    """Have the workers do the plan; the store is asked nothing by us meanwhile.

    RuntimeError when one of its calls did not end well.
    """
    processes = [psutil.Process(pid) for pid in pids]
    async with bed.redis.pubsub() as pushes, asyncio.timeout(600):
        await pushes.subscribe(keys.PUSH)
        before, cpu_before_s = await did(bed.redis), _cpu_s(processes)
        run = await runs.create(bed.redis, asked)
        while run.status in (Status.QUEUED, Status.RUNNING):
            await pushes.get_message(ignore_subscribe_messages=True, timeout=10)
            run = await runs.load(bed.redis, run.job_id)
        ended_at, cpu_s = time.time(), _cpu_s(processes) - cpu_before_s
        store = (await did(bed.redis)).less(before)
    rows_bytes = await weighs(bed.redis, keys.run(run.job_id, ":rows"))
    await _until_reduced(bed.redis, run.job_id)
    with connect_blocking(bed.url) as blocking:
        rows = [decode(row) for row in samples.rows(blocking, run.job_id)]
    if failed := sum(not row.ok for row in rows):
        raise RuntimeError(f"{failed} calls failed")
    began_at = min(row.started_at for row in rows if row.started_at is not None)
    shares = Counter(row.worker for row in rows).values()
    return Spread(
        rows=len(rows),
        seconds=ended_at - began_at,
        cpu_s=cpu_s,
        shares=tuple(share / len(rows) for share in shares),
        store=store,
        rows_bytes=rows_bytes,
    )


async def _beside(bench: Bench, shards: int) -> Did:
    """What a worker costs the store beside a run whose shards others carry.

    Those are played: they hold their leases and have slots in hand, and do nothing.
    """
    count = 10 * shards * HANDED
    asked = _plan({"kind": "concurrency", "concurrency": shards, "count": count})
    (step,) = steps(asked)
    async with _bed(bench) as bed:
        run = await runs.create(bed.redis, asked)
        for n in range(shards):
            owner = f"played:{n}"
            lease = await leases.claim(
                *(bed.redis, run.job_id, step), owner=owner, shards=shards, lease_s=3600
            )
            if lease is None:
                raise RuntimeError(f"shard {n} of {shards} was not to be had")
            await slots.take(bed.redis, lease, HANDED, "played")
        with bench.a_stub() as stub, ours.worker(bed, stub):
            await _until_alive(bed.redis, 1)
            seen = await _watched(bed.redis)
            await states.end(bed.redis, run.job_id, Ending.CANCELLED)
            await _until_reduced(bed.redis, run.job_id)
    return seen


async def _watched(redis: Redis) -> Did:
    """What the store does while we ask nothing of anybody."""
    await asyncio.sleep(2)  # what was before has come to its end
    before = await did(redis)
    await asyncio.sleep(WATCHED_S)
    return (await did(redis)).less(before)


def _bed(bench: Bench) -> AbstractAsyncContextManager[Bed]:
    return ours.bed(bench.folder / f"{time.monotonic_ns()}")


def _plan(load: dict[str, Any]) -> Plan:
    """Answers after 50 ms, so that a lane is held for as long."""
    return plan("stub/50/0/1", load, stream=False)


async def _until_alive(redis: Redis, n: int) -> None:
    async with asyncio.timeout(120):
        while len(await workers.alive(redis, lease_s=_LEASE_S)) < n:
            await asyncio.sleep(0.1)


async def _until_reduced(redis: Redis, job_id: str) -> None:
    async with asyncio.timeout(300):
        while not (await runs.load(redis, job_id)).status.terminal:
            await asyncio.sleep(0.2)


def _cpu_s(processes: list[psutil.Process]) -> float:
    """Without their children: the reduce is measured elsewhere."""
    times = [process.cpu_times() for process in processes]
    return sum(each.user + each.system for each in times)
