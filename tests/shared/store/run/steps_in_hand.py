"""A step of a small plan, and a worker that has a shard of it."""

from redis.asyncio import Redis

from shared.plan import Plan, Step, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.store.run import leases, slots
from shared.store.run.leases import Lease
from shared.store.run.slots import Entry

CAP = 1_000_000


def a_plan(prompts: int = 5, runs_: int = 2, warmup: int = 0) -> Plan:
    return Plan(
        targets=(Target(model="acme/a"),),
        prompts=InlinePrompts(prompts=tuple(f"p{i}" for i in range(prompts))),
        runs=runs_,
        load=Concurrency(concurrency=4, warmup=warmup),
    )


def row(slot: int, kind: slots.Kind = "ok", attempt: int = 0, at: int = 0) -> Entry:
    return Entry(slot, attempt, kind, at, b"row %d.%d" % (slot, attempt))


async def claimed(
    redis: Redis, job_id: str, step: Step, owner: str = "w", shards: int = 1
) -> Lease:
    lease = await leases.claim(
        redis, job_id, step, owner=owner, shards=shards, lease_s=15
    )
    assert lease is not None
    return lease
