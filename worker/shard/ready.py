"""From the claim of a shard to the start of its work: first everything is made ready,
then the start is fixed, so that no slot is due before somebody can send it.

The lease is kept meanwhile. With due times the shards of a step wait for each other;
a shard that is not there within `leases.PATIENCE_MS` is not waited for.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis

from shared.clock import monotonic_s, sleep
from shared.plan import Plan
from shared.run import Status
from shared.store.client import AWAY
from shared.store.run import leases
from shared.store.run.leases import Lease
from shared.upstream import allowance, client_of
from shared.wire import Origin
from worker import storeclock
from worker.assignment import AskedUpstream
from worker.checks import Checker
from worker.shard.lanes import connections
from worker.storeclock import StoreClock
from worker.tasks import cancel

log = logging.getLogger("worker.shard.ready")

_LOOK_S = 0.02
_MOST_S = 10.0
"""What takes longer, such as connections to an upstream that hangs, is not waited for:
calls open their own."""


@dataclass(frozen=True, slots=True)
class ReadyShard:
    """A shard that may begin."""

    lease: Lease
    """With its start."""
    clock: StoreClock
    held_s: float
    """Monotonic second just before the lease was last renewed."""


async def prepare(
    redis: Redis,
    plan: Plan,
    lease: Lease,
    upstreams: Iterable[AskedUpstream],
    checker: Checker,
) -> None:
    """Ask each upstream what its account may do today, where that limits us, open the
    connections that the first calls will use, and start what checks their answers."""
    if plan.has_checks:
        await checker.begin()
    async with asyncio.TaskGroup() as each:
        for upstream in upstreams:
            each.create_task(_prepare(redis, plan, lease, upstream))


async def _prepare(
    redis: Redis, plan: Plan, lease: Lease, upstream: AskedUpstream
) -> None:
    settings, wire = upstream.settings, upstream.wire
    try:
        async with client_of(wire, settings, upstream.key) as client:
            await allowance.learn(redis, client, plan, settings)
    except AWAY as error:
        log.warning("what the account may do is not known: %s", error)
    if not lease.probes:
        # targets take turns, so each upstream has its targets' share of the lanes
        mine = sum(target.at == upstream.name for target in plan.targets)
        all_of_it = connections(plan, lease, most=settings.max_concurrency)
        origin = Origin.of(settings.openrouter_base_url)
        await wire.warm(origin, -(-all_of_it * mine // len(plan.targets)))


async def get_ready(
    redis: Redis,
    lease: Lease,
    *,
    lease_s: float,
    prepare: Coroutine[Any, Any, None],
    is_wanted: Callable[[], bool],
) -> ReadyShard | None:
    """Make ready and wait for the start; None: the lease is lost, or no longer of use,
    and has been given back.

    prepare: what is done before the first call. is_wanted: whether this worker still
    takes work.
    """
    preparing = asyncio.create_task(prepare, name="prepare")
    try:
        clock = await storeclock.read(redis)
        most_s = monotonic_s() + _MOST_S
        while is_wanted():
            asked_s = monotonic_s()
            try:
                told = await leases.ready(
                    redis,
                    lease,
                    lease_s,
                    is_ready=preparing.done() or asked_s > most_s,
                )
            except AWAY as error:
                log.warning(
                    "shard %d of %s waits: %s", lease.shard, lease.job_id, error
                )
                await sleep(_LOOK_S)
                continue
            if not told.kept:
                return None
            states = (Status.RUNNING, *([Status.WAITING] if lease.probes else ()))
            if told.step != lease.step.number or told.status not in states:
                break
            if told.start_ms:
                fixed = replace(
                    lease,
                    start_ms=told.start_ms,
                    segment_start_ms=told.segment_start_ms,
                )
                return ReadyShard(fixed, clock, asked_s)
            if preparing.done():
                await sleep(_LOOK_S)
            else:
                await asyncio.wait((preparing,), timeout=_LOOK_S)
    finally:
        await cancel(preparing)
    await leases.release(redis, lease)
    return None
