"""Leases in the store: who may start the calls of which shard, and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from redis.asyncio import Redis

from shared.plan import LEAD_S, Step
from shared.run import Run
from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import call, now_s, reply

POISON_TAKEOVERS = 3
"""A run whose workers went silent so often, without a row in between, has ended."""

_TURNS_KEPT_S = DAY_S

LEAD_MS = round(LEAD_S * 1000)

PATIENCE_MS = 3000
"""An open load waits so long for its other shards, once one is ready: a little longer
than a worker that has missed its ring takes to look by itself (REAPER_TICK_S)."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's right to start calls of one shard, until it lapses."""

    job_id: str
    step: Step
    shard: int
    """This is shard j ..."""
    shards: int
    """... of k, fixed for the step."""
    epoch: int
    """Grows with every claim of the shard; an older one may start nothing."""
    segment: int
    start_ms: int
    """Start of the step, ms of the store's clock; 0 before `ready` has fixed it."""
    segment_start_ms: int
    """Start of the segment; equals `start_ms` in a step that was never disturbed."""
    elapsed_ms: int
    """How much of the step's own time had passed when the segment began: pauses, waits
    and gaps are left out."""

    probes: int = 0
    """1: its run waits for an upstream that is down, and this worker tries it."""
    news: str = ""
    """What this claim has changed: `started` its run, `resumed` it in a new segment."""
    taken_from: str = ""
    """The worker that had the shard and went silent; empty: nobody."""

    @property
    def origin_ms(self) -> int:
        """When the step would have started for its own time to be what it is now, had
        there been no gap: due times, lanes and the end count from here."""
        return self.segment_start_ms - self.elapsed_ms


async def claim(
    redis: Redis,
    job_id: str,
    step: Step,
    *,
    owner: str,
    shards: int,
    lease_s: float,
    upstreams: Sequence[str] = (),
    exclusive: bool = False,
    yields: bool = False,
) -> Lease | None:
    """A free shard of the run's current step, or None when there is nothing to do.

    shards: how many the step gets, if this is its first claim.
    upstreams: whom its calls will ask. An exclusive run is measured there alone, and
    who are measured at the same time are noted with each other; none: neither is looked
    at.
    yields: an older exclusive run waits, so this one does not begin. A run that is
    under way goes on.
    """
    s, taken, back, closed, _ = keys.step(job_id, step.number)
    if step.count is not None and step.is_open:
        # a shard that can have no slot would never be worked on, and so never be over
        shards = min(shards, step.count)
    answer = await call(
        redis,
        "claim",
        [
            *(keys.run(job_id), keys.run(job_id, ":events")),
            *(s, taken, back, closed, keys.COUNTS),
            *(keys.measured(upstream) for upstream in dict.fromkeys(upstreams)),
        ],
        [
            owner,
            int(lease_s * 1000),
            step.number,
            shards,
            "" if step.count is None else step.count,
            "1" if step.is_open else "",
            POISON_TAKEOVERS,
            "" if step.duration_s is None else "1",
            int(exclusive) if upstreams else "",
            int(yields),
            job_id,
        ],
    )
    if answer[0] != 1:
        return None
    *numbers, news, taken_from = answer[1:]
    shard, of, epoch, segment, start_ms, since_ms, elapsed_ms, probes = map(
        int, numbers
    )
    return Lease(
        job_id,
        step,
        shard,
        of,
        epoch,
        segment,
        start_ms,
        since_ms,
        elapsed_ms,
        probes=probes,
        news=news.decode(),
        taken_from=taken_from.decode(),
    )


class Started(NamedTuple):
    """What `ready` told."""

    kept: bool
    """Whether the lease is still ours."""
    status: str
    """The run's state; `gone` where there is no such run."""
    step: int
    """The step that the run is at."""
    start_ms: int = 0
    """Start of the lease's step; 0: not fixed yet."""
    segment_start_ms: int = 0


async def ready(
    redis: Redis, lease: Lease, lease_s: float, *, is_ready: bool
) -> Started:
    """Keep a lease whose work has not begun, and hear when it begins; ask again until
    that is fixed. A closed load begins when this shard is ready, an open one when all
    shards are.

    is_ready: False only keeps the lease.
    """
    shared = lease.step.is_open
    kept, status, step, *start = await call(
        redis,
        "ready",
        [keys.run(lease.job_id), keys.step(lease.job_id, lease.step.number)[0]],
        [
            *(lease.shard, lease.epoch, int(lease_s * 1000), "1" if is_ready else ""),
            PATIENCE_MS if shared else 0,
            LEAD_MS if shared else 0,
        ],
    )
    return Started(bool(kept), status.decode(), int(step), *map(int, start))


class Renewed(NamedTuple):
    """What `renew` told."""

    kept: bool
    """Whether the lease is still ours."""
    status: str
    """The run's state; `gone` where there is no such run."""
    step: int
    """The step that the run is at; a lease of another one is of no use any more."""


async def renew(redis: Redis, lease: Lease, lease_s: float) -> Renewed:
    """Keep the lease for its full time."""
    kept, status, step = await call(
        redis,
        "renew",
        [keys.run(lease.job_id), keys.step(lease.job_id, lease.step.number)[0]],
        [lease.shard, lease.epoch, int(lease_s * 1000)],
    )
    return Renewed(bool(kept), status.decode(), int(step))


async def release(
    redis: Redis,
    lease: Lease,
    *,
    finished: bool = False,
    stopped_ms: int | None = None,
) -> bool:
    """Give the lease back; True when that ends the step.

    finished: this shard's time is over, and nobody shall take it again.
    stopped_ms: from when on it began no more calls; None: it has begun none.
    """
    s, taken, back, closed, _ = keys.step(lease.job_id, lease.step.number)
    answer = await call(
        redis,
        "release",
        [keys.run(lease.job_id), s, taken, back, closed],
        [
            *(lease.shard, lease.epoch, "1" if finished else ""),
            "" if stopped_ms is None else stopped_ms,
        ],
    )
    return int(answer) == 2


async def is_held(redis: Redis, run: Run) -> bool:
    """Whether a worker has a shard of its step."""
    now_ms = await now_s(redis) * 1000
    return any(end > now_ms for end in await ends_ms(redis, run))


async def ends_ms(redis: Redis, run: Run) -> list[float]:
    """When the leases of its step lapse, ms of the store."""
    step = keys.step(run.job_id, run.step)[0]
    shards = int(await reply(redis.hget(step, "shards")) or 0)
    leases = [f"exp:{j}" for j in range(max(shards, 1))]
    return [float(end) for end in await reply(redis.hmget(step, leases)) if end]


async def had_a_turn(redis: Redis, submitter: str) -> None:
    """A run of this submitter has been begun: others come first now."""
    at_s = str(await now_s(redis))
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hset(keys.TURNS, submitter, at_s)
        pipe.expire(keys.TURNS, _TURNS_KEPT_S)
        await pipe.execute()


async def turns(redis: Redis) -> dict[str, float]:
    """Submitter -> when a run of theirs was last begun, seconds of the store."""
    found = await reply(redis.hgetall(keys.TURNS))
    return {name.decode(): float(at_s) for name, at_s in found.items()}
