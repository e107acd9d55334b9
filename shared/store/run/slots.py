"""Slots in the store: taken, closed by their rows, offered again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from redis.asyncio import Redis

from shared.plan import Step
from shared.run import Status
from shared.sample import Kind
from shared.store import keys
from shared.store.client import call, reply
from shared.store.run.leases import Lease
from shared.store.upstream import money


@dataclass(frozen=True, slots=True)
class Taken:
    """What `take` gave."""

    slots: tuple[tuple[int, int, int], ...]
    """(index, attempt, which retry of the plan it is) each."""
    next_at_ms: int | None
    """When a slot that is barred now will be offered; None: none is."""
    left: bool = True
    """Whether the store has a slot that this shard or another could still take."""


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
    reservation: str = ""
    """The id of the call's reservation, which this settles; "" for none."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What `commit` did."""

    status: Status | None
    """The run's state; None: the run is gone."""
    accepted: tuple[bool, ...]
    """Per entry; False: its slot has its final row already. () when none is taken."""
    step_over: bool


async def take(
    redis: Redis, lease: Lease, n: int, ticket: str, *, fresh: bool = True
) -> Taken | None:
    """Up to `n` slots (at most 2,000; 0 only asks what is left), or None when the lease
    or the run's state bars it. A `ticket` used before gives the same slots again.

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
            lease.shards if lease.step.is_open else 0,
            ticket,
        ],
    )
    if first == -1:
        return None
    left, *rest = rest
    triples = tuple(zip(rest[::3], rest[1::3], rest[2::3], strict=True))
    return Taken(triples, first or None, left == 1)


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
        args += ("" if e.cost_nano is None else e.cost_nano, e.reservation)
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
    store's clock) each. Of those that wait for nothing, before 0, all workers are told:
    they may have left this run, since there was nothing in it for them."""
    s, taken, back, closed, _ = keys.step(lease.job_id, lease.step.number)
    args = [lease.shard, lease.epoch, *(number for pair in later for number in pair)]
    await call(redis, "hand_back", [s, taken, back, closed], args)
    if not all(not_before_ms for _, not_before_ms in later):
        await redis.publish(keys.PUSH, lease.job_id)


async def in_hand(redis: Redis, job_id: str, step: int) -> int:
    """How many slots of a step workers hold: of open calls, and taken ahead of need."""
    taken = keys.step(job_id, step)[1]
    return int(await reply(redis.hlen(taken)))


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
