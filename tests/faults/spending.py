"""Workers that race for a budget while they are killed: line 14 of the scorecard."""

import asyncio
import csv
import random
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan
from shared.run import Ending, Status
from shared.sample import decode
from shared.store import keys
from shared.store.client import connect, now_s
from shared.store.run import runs, samples
from shared.store.upstream import money
from tests.children import Workers, simulator, until, workers
from tests.faults.figure import Figure, a_folder
from tests.faults.own_store import a_store

BUDGET = Decimal(1)
WORKERS, LANES_EACH = 4, 200
MODEL = "acme/orca-pro"
KILLS = 2
DEADLINE_S = {
    "TOTAL_TIMEOUT_S": "6",
    "FIRST_TOKEN_TIMEOUT_S": "5",
    "IDLE_TIMEOUT_S": "5",
}


@dataclass(frozen=True)
class Spending:
    """One run, and what came of its money."""

    seed: int
    calls: int
    billed: Decimal
    """By the upstream's ledger, lost calls included."""
    in_rows: Decimal
    in_csv: Decimal
    spent: Decimal
    """What the store says of its rows."""
    unaccounted: Decimal
    held_after: int
    """Holds that are left at the end."""
    late_holds: int
    """Times that a hold was seen after its expiry, and a moment."""
    kills: int
    ending: Ending | None

    @property
    def right(self) -> bool:
        """Whether the budget held and nothing differs, to the micro-dollar."""
        micro = Decimal("0.000001")
        return (
            self.billed <= BUDGET
            and abs(self.in_rows - self.in_csv) < micro
            and abs(self.in_rows - self.spent) < micro
            and self.billed - self.in_rows <= self.unaccounted + micro
            and (self.held_after, self.late_holds) == (0, 0)
            and self.ending is Ending.BUDGET
            and self.kills == KILLS
        )


async def spend(seed: int) -> Spending:
    """One budget, four workers with two hundred lanes each, two of them killed."""
    chance = random.Random(seed)
    folder = a_folder()
    answers = ("--tokens", "400", "--ttft-s", "0.3", "--gap-s", "0.002")
    with (
        a_store(folder) as store,
        simulator(*answers, "--seed", str(seed)) as upstream,
        workers(store.url, upstream.base_url, folder, **DEADLINE_S) as fleet,
    ):
        redis = connect(store.url)
        for _ in range(WORKERS):
            fleet.start()
        await until(lambda: _alive(redis), "four workers")
        job_id = await _submit(redis)
        late: list[int] = []
        watching = asyncio.create_task(_watch_holds(redis, job_id, late))
        kills = 0
        for _ in range(KILLS):
            await asyncio.sleep(0.5 + chance.random())
            kills += await _kill_one(redis, job_id, fleet, chance)
        await until(lambda: _ended(redis, job_id), "the end", deadline_s=200)
        watching.cancel()
        run = await runs.load(redis, job_id)
        spent = await money.spent_by(redis, job_id)
        costs = [decode(row).cost_usd async for row in samples.each_row(redis, job_id)]
        billed = [Decimal(call["cost_usd"]) for call in upstream.ledger()]
        found = Spending(
            seed=seed,
            calls=len(billed),
            billed=sum(billed, Decimal(0)),
            in_rows=sum((Decimal(str(usd)) for usd in costs if usd), Decimal(0)),
            in_csv=_csv_usd(folder / "results" / job_id / "samples.csv"),
            spent=Decimal(str(spent.spent_usd)),
            unaccounted=Decimal(str(spent.unaccounted_usd)),
            held_after=await redis.zcard(keys.run(job_id, ":holds")),
            late_holds=sum(late),
            kills=kills,
            ending=run.ending,
        )
        await redis.aclose()
        return found


async def _watch_holds(redis: Redis, job_id: str, late: list[int]) -> None:
    """Write down how many outlive their expiry by more than a look of the workers."""
    while True:
        await asyncio.sleep(0.2)
        overdue_ms = (await now_s(redis) - 2) * 1000
        holds = keys.run(job_id, ":holds")
        late.append(await redis.zcount(holds, "-inf", overdue_ms))


async def _submit(redis: Redis) -> str:
    plan = Plan.model_validate(
        {
            "targets": [{"model": MODEL}],
            "prompts": {"prompts": ["Say all that you know."]},
            "runs": 5_000,
            "load": {"concurrency": WORKERS * LANES_EACH},
            "max_tokens": 500,
            "max_cost_usd": float(BUDGET),
        }
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, WORKERS)
    return run.job_id


async def _alive(redis: Redis) -> bool:
    return await redis.zcard(keys.WORKERS) == WORKERS


async def _ended(redis: Redis, job_id: str) -> bool:
    return (await runs.load(redis, job_id)).status in (Status.DONE, Status.FAILED)


async def _kill_one(
    redis: Redis, job_id: str, fleet: Workers, chance: random.Random
) -> bool:
    """kill -9 of a worker that has calls open; another one takes its place."""
    if await _ended(redis, job_id):
        return False
    alive = [child for child in fleet.children if child.poll() is None]
    child = chance.choice(alive)
    child.kill()
    child.wait()
    fleet.start()
    return True


def _csv_usd(path: Path) -> Decimal:
    with path.open(newline="", encoding="utf-8") as file:
        cells = [line["cost_usd"] for line in csv.DictReader(file)]
    return sum((Decimal(cell) for cell in cells if cell), Decimal(0))


async def spending(long: bool) -> list[Figure]:
    """Twenty seeded runs (three in short)."""
    found = []
    for seed in range(20_261_125, 20_261_125 + (20 if long else 2)):
        one = await spend(seed)
        print(f"  {one}", flush=True)
        found.append(one)
    worst = max(one.billed for one in found)
    holds = sum(one.held_after + one.late_holds for one in found)
    calls = sum(one.calls for one in found)
    kills = sum(one.kills for one in found)
    wrong = sum(not one.right for one in found)
    return [
        Figure(
            14,
            f"most billed of USD 1.00, {WORKERS} x {LANES_EACH} calls racing;"
            " holds after expiry; runs whose bill differs",
            f"USD {worst:.6f} in {len(found)} runs ({calls} calls, {kills} kills);"
            f" {holds}; {wrong}",
            "<= 1.00; 0; 0",
            worst <= BUDGET and holds == 0 and wrong == 0,
        )
    ]
