"""An upstream that is down for a while: lines 20 and 21 of the scorecard."""

import asyncio
import time
from dataclasses import dataclass
from typing import Literal

from redis.asyncio import Redis

from shared import queue
from shared.plan.loads import Concurrency
from shared.run import Run, Status
from shared.sample import Outcome, Sample, decode
from shared.store.client import connect
from shared.store.run import runs, samples
from tests.children import until, workers
from tests.faults.figure import Figure, a_folder
from tests.faults.own_store import a_store
from tests.faults.stack import a_plan
from tests.faults.switched import Switched, switched

LANES = 8
SLOTS = 400
Kind = Literal["refuses", "answers 503", "is not there at the start"]
KINDS: tuple[Kind, ...] = ("refuses", "answers 503", "is not there at the start")


@dataclass(frozen=True)
class Spent:
    """What one outage cost."""

    rows: int
    """That closed no slot."""
    slots: int
    """Whose final row is of the outage."""
    calls_beyond: int
    """Calls that the upstream saw beyond the slots and those of the rows that reached
    it."""
    back_s: float
    """From its return to the first row that closed a slot."""


async def outage(kind: Kind, lasts_s: float, *, kill: bool = False) -> Spent:
    """One run of 400 slots through it, on two workers.

    kill: in the middle of the outage all workers are killed, and two others started.
    """
    folder = a_folder()
    async with switched(gap_s=0.005) as upstream:
        with (
            a_store(folder) as store,
            workers(store.url, upstream.fault.url, folder) as fleet,
        ):
            redis = connect(store.url)
            fleet.start()
            fleet.start()
            at_start = kind == "is not there at the start"
            if at_start:
                await upstream.off()
            plan = a_plan(n=SLOTS, load=Concurrency(concurrency=LANES))
            job_id = (await runs.create(redis, plan)).job_id
            await queue.ring(redis, job_id, 2)
            if not at_start:
                await until(lambda: _closed(redis, job_id, SLOTS // 10), "some rows")
            await _switch(upstream, kind, on=False)
            began_s = time.monotonic()
            await until(lambda: _is(redis, job_id, Status.WAITING), "the run to wait")
            if kill:
                for child in fleet.children:
                    child.kill()
                fleet.start()
                fleet.start()
            await asyncio.sleep(max(0.0, began_s + lasts_s - time.monotonic()))
            before = await runs.load(redis, job_id)
            assert before.status is Status.WAITING
            await _switch(upstream, kind, on=True)
            back_s = time.monotonic()
            await until(lambda: _closed(redis, job_id, before.closed + 1), "a row")
            back_s = time.monotonic() - back_s
            over = (Status.REDUCING, Status.DONE)
            await until(lambda: _is(redis, job_id, *over), "the end")
            run = await runs.load(redis, job_id)
            rows = [decode(row) async for row in samples.each_row(redis, job_id)]
            await redis.aclose()
            return _spent(run, rows, len(upstream.fault.ledger), back_s)


async def _switch(upstream: Switched, kind: Kind, *, on: bool) -> None:
    if kind == "answers 503":
        upstream.fault.down = None if on else 503
    elif on:
        await upstream.on()
    else:
        await upstream.off()


def _spent(run: Run, rows: list[Sample], calls: int, back_s: float) -> Spent:
    assert run.closed == SLOTS
    final = {row.slot: row for row in sorted(rows, key=lambda row: row.attempt)}
    shows = (Outcome.CONNECT_ERROR, Outcome.TIMEOUT_CONNECT, Outcome.UPSTREAM_ERROR)
    spent = [row for row in rows if final[row.slot] is not row]
    reached = sum(row.sent_s is not None for row in spent)
    return Spent(
        rows=len(spent),
        slots=sum(row.outcome in shows for row in final.values()),
        calls_beyond=calls - SLOTS - reached,
        back_s=back_s,
    )


async def _closed(redis: Redis, job_id: str, n: int) -> bool:
    return (await runs.load(redis, job_id)).closed >= n


async def _is(redis: Redis, job_id: str, *statuses: Status) -> bool:
    return (await runs.load(redis, job_id)).status in statuses


async def down(long: bool) -> list[Figure]:
    """Each kind of outage, of 10 s (in short: 2 s)."""
    lasts_s = 10.0 if long else 2.0
    spent = {kind: await outage(kind, lasts_s) for kind in KINDS}
    each = spent.values()
    rows = ", ".join(f"{one.rows}" for one in each)
    slots, beyond = sum(o.slots for o in each), sum(o.calls_beyond for o in each)
    slowest_s = max(one.back_s for one in each)
    return [
        Figure(
            20,
            f"rows spent on an outage of {lasts_s:g} s with {LANES} lanes, where the"
            f" upstream {', '.join(KINDS)}; slots spent; calls beyond slots and rows",
            f"{rows}; {slots}; {beyond}",
            f"<= {3 * LANES} each; 0; 0",
            all(one.rows <= 3 * LANES for one in each) and not slots and not beyond,
        ),
        Figure(
            21,
            f"from the upstream's return after {lasts_s:g} s to the next row, slowest",
            f"{slowest_s:.1f} s",
            "<= 12 s",
            slowest_s <= 12,
        ),
    ]
