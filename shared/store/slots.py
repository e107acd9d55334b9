"""Shards and slots in the store: leases, what is in hand, rows and closed slots."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from redis.asyncio import Redis

from shared.plan import LEAD_S, Step
from shared.run import Status
from shared.sample import Kind as Kind
from shared.store import keys, money
from shared.store.client import call, reply

POISON_TAKEOVERS = 3
"""A run whose workers went silent so often, without a row in between, has ended."""

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

    @property
    def origin_ms(self) -> int:
        """When the step would have started for its own time to be what it is now, had
        there been no gap: due times, lanes and the end count from here."""
        return self.segment_start_ms - self.elapsed_ms


@dataclass(frozen=True, slots=True)
class Taken:
    """What `take` gave."""

    slots: tuple[tuple[int, int, int], ...]
    """(index, attempt, which retry of the plan it is) each."""
    next_at_ms: int | None
    """When a slot that is barred now will be offered; None: none is."""


class Entry(NamedTuple):
    """One row to commit. A tuple, because one is made for each call."""

    slot: int
    attempt: int
    kind: Kind
    """`ok` and `failed` close the slot. `retry` and `again` keep the row and offer the
    slot again; the plan's retries are counted, what was turned away is not."""
    not_before_ms: int
    """Where it is offered again: no earlier than this, ms of the store's clock."""
    row: bytes
    answer: bytes = b""
    """What to keep of the answer; b"" for nothing."""
    cost_nano: int | None = None
    """What the call was billed, nano-USD; None: the row does not say."""
    hold: str = ""
    """The call's hold, which this settles; "" for none."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What `commit` did."""

    status: Status | None
    """The run's state; None: the run is gone."""
    accepted: tuple[bool, ...]
    """Per entry; False: its slot has its final row already. () when none is taken."""
    step_over: bool


async def claim(
    redis: Redis,
    job_id: str,
    step: Step,
    *,
    owner: str,
    shards: int,
    lease_s: float,
    upstream: str | None = None,
    exclusive: bool = False,
    yields: bool = False,
) -> Lease | None:
    """A free shard of the run's current step, or None when there is nothing to do.

    shards: how many the step gets, if this is its first claim.
    upstream: whom its calls will ask. An exclusive run is measured there alone, and who
    are measured at the same time are noted with each other; None: neither is looked at.
    yields: an older exclusive run waits, so this one does not begin. A run that is
    under way goes on.
    """
    s, taken, back, closed, _ = keys.step(job_id, step.number)
    if step.count is not None and is_open(step):
        # a shard that can have no slot would never be worked on, and so never be over
        shards = min(shards, step.count)
    answer = await call(
        redis,
        "claim",
        [
            *(keys.run(job_id), keys.run(job_id, ":events")),
            *(s, taken, back, closed, keys.COUNTS, keys.measured(upstream or "")),
        ],
        [
            owner,
            int(lease_s * 1000),
            step.number,
            shards,
            "" if step.count is None else step.count,
            "1" if is_open(step) else "",
            POISON_TAKEOVERS,
            "" if step.duration_s is None else "1",
            "" if upstream is None else int(exclusive),
            int(yields),
            job_id,
        ],
    )
    if answer[0] != 1:
        return None
    return Lease(job_id, step, *(int(number) for number in answer[1:]))


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
    shared = is_open(lease.step)
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


async def take(
    redis: Redis, lease: Lease, n: int, ticket: str, *, fresh: bool = True
) -> Taken | None:
    """Up to `n` slots (at most 2,000), or None when the lease or the run's state bars
    it. A `ticket` used before gives the same slots again.

    fresh: False gives only slots that are offered again.
    """
    count = lease.step.count if fresh else 0
    s, taken, back, _, attempts = keys.step(lease.job_id, lease.step.number)
    first, *rest = await call(
        redis,
        "take",
        [keys.run(lease.job_id), s, taken, back, attempts],
        [
            lease.shard,
            lease.epoch,
            min(n, 2000),
            lease.step.number,
            "" if count is None else count,
            lease.shards if is_open(lease.step) else 0,
            ticket,
        ],
    )
    if first == -1:
        return None
    triples = tuple(zip(rest[::3], rest[1::3], rest[2::3], strict=True))
    return Taken(triples, first or None)


async def commit(
    redis: Redis,
    lease: Lease,
    entries: Sequence[Entry],
    *,
    max_answers_bytes: int,
    max_error_share: float | None = None,
    account: str = "",
) -> Committed:
    """Append rows, close their slots and settle what they cost; safe to repeat with the
    same entries.

    account: to whose day the cost is put down.

    max_error_share: once more of the run's slots than this have surely failed, the run
    has ended (`error_limit`).
    """
    s, taken, back, closed, attempts = keys.step(lease.job_id, lease.step.number)
    run = lease.job_id
    args: list[str | int | float | bytes] = [
        lease.shard,
        lease.epoch,
        lease.step.number,
        "" if lease.step.count is None else lease.step.count,
        "" if lease.step.warmup else "1",
        max_answers_bytes,
        "" if max_error_share is None else max_error_share,
    ]
    for e in entries:
        args += (e.slot, e.attempt, e.kind, e.not_before_ms, e.row, e.answer)
        args += ("" if e.cost_nano is None else e.cost_nano, e.hold)
    answer = await call(
        redis,
        "commit",
        [
            keys.run(run),
            s,
            taken,
            back,
            closed,
            attempts,
            keys.run(run, ":rows"),
            keys.run(run, ":answers"),
            keys.run(run, ":events"),
            *money.of_run(run, account)[1:],
        ],
        args,
    )
    word = answer[1].decode()
    status = None if word == "gone" else Status(word)
    accepted = tuple(flag == b"1" for flag in answer[2:])
    return Committed(status, accepted, answer[0] == 2)


async def hand_back(
    redis: Redis, lease: Lease, later: Sequence[tuple[int, int]]
) -> None:
    """Offer slots again that were taken and not begun: (slot, not before, in ms of the
    store's clock) each."""
    s, taken, back, closed, _ = keys.step(lease.job_id, lease.step.number)
    args = [lease.shard, lease.epoch, *(number for pair in later for number in pair)]
    await call(redis, "hand_back", [s, taken, back, closed], args)


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


async def is_over(redis: Redis, job_id: str, step: Step) -> bool:
    """Whether every slot of the step is closed, or every shard's time is over.

    Asked at every look of every worker, so it reads no more of the step's record than
    it must: that holds every slot in hand.
    """
    key = keys.step(job_id, step.number)[0]
    closed, shards = await reply(redis.hmget(key, ["closed", "shards"]))
    if step.count is not None and int(closed or 0) >= step.count:
        return True
    if step.duration_s is None or shards is None:
        return False
    times = [f"finished:{j}" for j in range(int(shards))]
    return None not in await reply(redis.hmget(key, times))


def is_open(step: Step) -> bool:
    """Whether slots have due times (an open load)."""
    return step.load.due_times(Random(0)) is not None
