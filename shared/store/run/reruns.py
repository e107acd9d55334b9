"""A rerun: a new run of an old plan, whole or only what did not end `ok`."""

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis

from shared.about import NOTHING, About
from shared.access import Token
from shared.errors import NotReady, WrongState
from shared.money import Price
from shared.plan import Plan, Step, steps
from shared.run import Run, new_job_id
from shared.sample import decode
from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import now_s
from shared.store.run import runs, samples

Prices = Sequence[Price | None]

_PREPARED_S = 90 * DAY_S
"""Longer than a run may wait, and an end for what is prepared and then not used."""


async def whole(
    redis: Redis,
    job_id: str,
    *,
    plan: Plan | None = None,
    key: runs.IdempotencyKey | None = None,
    prices: Prices | None = None,
    traceparent: str | None = None,
    new_id: str | None = None,
    about: About = NOTHING,
    listed: Sequence[dict[str, Any]] = (),
    owner: Token | None = None,
) -> Run:
    """The same plan again, or `plan` instead of it, as a new run; raises NoSuchRun."""
    await runs.load(redis, job_id)
    plan = plan or await runs.plan_of(redis, job_id)
    return await runs.create(
        redis,
        plan,
        rerun_of=job_id,
        key=key,
        job_id=new_id,
        prices=prices,
        traceparent=traceparent,
        about=about,
        listed=listed,
        owner=owner,
    )


async def failed(
    redis: Redis,
    job_id: str,
    *,
    plan: Plan | None = None,
    key: runs.IdempotencyKey | None = None,
    prices: Prices | None = None,
    traceparent: str | None = None,
    new_id: str | None = None,
    about: About = NOTHING,
    owner: Token | None = None,
) -> Run:
    """A new run of the slots that did not end `ok`, or never ran; the warm-ups of the
    steps that have some run whole.

    Raises NoSuchRun; NotReady before the end; WrongState where the slots that are
    missing cannot be told, and where there are none.
    """
    run = await runs.load(redis, job_id)
    old = await runs.plan_of(redis, job_id)
    plan = plan or old
    if not run.status.terminal:
        raise NotReady(
            f"Benchmark {job_id} is {run.status}. Rerun what failed when it has ended."
        )
    counted = _counted(plan)
    if _places(plan) != _places(old):
        raise WrongState(
            "These changes make other calls than those that failed. Change targets,"
            " prompts, runs, their order or the steps in a rerun of the whole."
        )
    good = await _good(redis, job_id)
    new_id = new_id or new_job_id(await now_s(redis))
    left = 0
    for warmup, step, count in counted:
        bad = [slot for slot in range(count) if (step.number, slot) not in good]
        await _prepare(redis, new_id, step.number, count, bad)
        if warmup is not None and not bad:
            await _prepare(redis, new_id, warmup.number, warmup.count or 0, [])
        left += len(bad)
    if not left:
        raise WrongState(f"Every call of benchmark {job_id} ended ok; rerun it whole.")
    return await runs.create(
        redis,
        plan,
        rerun_of=job_id,
        key=key,
        job_id=new_id,
        slots=left,
        prices=prices,
        traceparent=traceparent,
        about=about,
        owner=owner,
    )


def _places(plan: Plan) -> tuple[object, ...]:
    """What says which call a slot is."""
    counts = [(step.number, count) for _, step, count in _counted(plan)]
    order = plan.order, plan.order_seed
    return counts, plan.targets, plan.prompts, plan.runs, order


def _counted(plan: Plan) -> list[tuple[Step | None, Step, int]]:
    """Each step that is counted: the warm-up before it, itself, and its slots."""
    found: list[tuple[Step | None, Step, int]] = []
    warmup: Step | None = None
    for step in () if plan.find else steps(plan):
        if step.count is None or step.duration_s is not None:
            break
        if step.warmup:
            warmup = step
        else:
            found.append((warmup, step, step.count))
            warmup = None
    else:
        if plan.find is None:
            return found
    raise WrongState(
        "Only a run with a fixed number of calls can be rerun in part: a search, or a"
        " step that time ends, has no list of what is missing. Rerun it whole."
    )


async def _good(redis: Redis, job_id: str) -> set[tuple[int, int]]:
    """(step, slot) of each slot whose row with the greatest attempt is `ok`."""
    final: dict[tuple[int, int], tuple[int, bool]] = {}
    async for text in samples.each_row(redis, job_id):
        row = decode(text)
        place = (row.step, row.slot)
        final[place] = max(final.get(place, (-1, False)), (row.attempt, row.ok))
    return {place for place, (_, ok) in final.items() if ok}


async def _prepare(
    redis: Redis, job_id: str, step: int, count: int, bad: list[int]
) -> None:
    """A step in which no slot is fresh: `bad` are offered, the others are closed."""
    record, _, back, closed, _ = keys.step(job_id, step)
    bits = bytearray(b"\xff" * (count // 8) + bytes([0xFF00 >> count % 8 & 0xFF]))
    for slot in bad:
        bits[slot // 8] &= ~(0x80 >> slot % 8)
    async with redis.pipeline(transaction=True) as pipe:
        pipe.hset(record, mapping={"from": count, "closed": count - len(bad)})
        pipe.set(closed, bytes(bits))
        if bad:
            pipe.zadd(back, dict.fromkeys(map(str, bad), 0))
        for key in (record, back, closed):
            pipe.expire(key, _PREPARED_S)
        await pipe.execute()
