"""A whole run: its plan, the way to a worker, and what the upstream knows of it."""

from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency, Load
from shared.plan.prompts import InlinePrompts
from shared.sample import Sample, decode
from shared.store.client import connect_blocking
from shared.store.run import runs, samples
from shared.store.workers import alive
from tests.children import Simulator, until

SWIFT, ORCA = "acme/swift-8b:free", "acme/orca-70b-instruct:free"


def a_plan(
    *models: str, prompts: int = 5, runs_: int = 4, load: Load | None = None
) -> Plan:
    return Plan(
        targets=tuple(Target(model=model) for model in models or (SWIFT,)),
        prompts=InlinePrompts(
            prompts=tuple(f"Say {i}. \u0414\u0430?" for i in range(prompts))
        ),
        runs=runs_,
        load=load or Concurrency(concurrency=4),
    )


async def submit(redis: Redis, plan: Plan) -> str:
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


async def closed(redis: Redis, job_id: str, n: int) -> None:
    async def enough() -> bool:
        return (await runs.load(redis, job_id)).closed >= n

    await until(enough, f"{n} closed slots of {job_id}")


async def rows_of(redis: Redis, job_id: str) -> list[Sample]:
    path = redis.connection_pool.connection_kwargs["path"]
    with connect_blocking(f"unix://{path}") as store:
        return [decode(row) for row in samples.rows(store, job_id)]


async def n_alive(redis: Redis, n: int) -> bool:
    return len(await alive(redis, lease_s=1.5)) == n


def calls_since(upstream: Simulator, n: int) -> list[dict[str, object]]:
    return [call for call in upstream.ledger() if call["n"] > n]


def so_far(upstream: Simulator) -> int:
    return max((call["n"] for call in upstream.ledger()), default=0)
