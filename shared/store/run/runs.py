"""Runs in the store: made, described, read, listed and purged."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from shared.about import NOTHING, About
from shared.access import Token
from shared.errors import KeyReused, NoSuchRun, WrongState
from shared.money import Price, nano
from shared.opinion import has_judges
from shared.plan import Plan, plan_json, read_plan, total
from shared.run import Run, Status, created_at, new_job_id
from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import AWAY, call, now_s, reply
from shared.store.run import leases, record

_KEY_KEPT_MS = DAY_S * 1000
_PURGED_KEPT_MS = 90 * DAY_S * 1000
_ID_DIGITS = 26
_GOES_ON = (Status.QUEUED, Status.RUNNING, Status.WAITING, Status.PAUSED)


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes a repeated request the same request; lasts a day."""

    submitter: str
    """Whose key it is: two submitters may use the same one."""
    key: str
    body_sha256: str


async def create(
    redis: Redis,
    plan: Plan,
    *,
    warnings: Sequence[str] = (),
    rerun_of: str | None = None,
    key: IdempotencyKey | None = None,
    job_id: str | None = None,
    slots: int | None = None,
    prices: Sequence[Price | None] | None = None,
    traceparent: str | None = None,
    about: About = NOTHING,
    listed: Sequence[dict[str, Any]] = (),
    owner: Token | None = None,
) -> Run:
    """Write a new run, `queued`, and tell the workers. Ring the doorbell afterwards
    (`shared.queue`), since nobody hears this twice.

    key: with one that was used before, the run that it made is returned instead.
    job_id, slots: of a run for which something was prepared (`reruns`).
    prices: of each target, where they were asked for; a budget is kept by them.
    traceparent: where it is asked for in a trace.
    about: what people say of it, which is no part of its plan.
    listed: what its upstream says of the providers that are its targets.
    owner: whose it is, and by whose name it has its turns.

    Raises KeyReused where the key was used for another body.
    """
    job_id = job_id or new_job_id(await now_s(redis))
    fields: dict[str, record.Value] = {
        "schema": record.SCHEMA,
        "plan_schema": plan.schema_version,
        "submitter": plan.submitter,
        "targets": to_json([target.label() for target in plan.targets]).decode(),
        "warnings": to_json(list(warnings)).decode(),
    }
    slots = await asyncio.to_thread(total, plan) if slots is None else slots
    if slots is not None:
        fields["total"] = slots
    if prices is not None:
        said = [None if price is None else list(map(str, price)) for price in prices]
        fields["prices"] = to_json(said).decode()
    if plan.max_cost_usd is not None:
        fields["max_nano"] = nano(plan.max_cost_usd)
    if plan.exclusive:
        fields["exclusive"] = 1
    if await asyncio.to_thread(has_judges, plan):
        fields["judging"] = "due"
    if listed:
        fields["listed"] = to_json(list(listed)).decode()
    said_of = {"rerun_of": rerun_of, "traceparent": traceparent}
    fields |= {name: said for name, said in said_of.items() if said is not None}
    if owner is not None:
        fields |= record.of_owner(owner)
    if key is not None:
        name = keys.idempotency(key.submitter, key.key)
        fields["key"] = name.rpartition(":")[2]
    fields |= {name: said for name, said in record.of_about(about).items() if said}
    made, made_id = await call(
        redis,
        "create",
        [
            keys.run(job_id),
            keys.run(job_id, ":plan"),
            keys.run(job_id, ":events"),
            keys.RUNS,
            keys.OPEN,
            keys.idempotency(key.submitter, key.key) if key else keys.RUNS,
            keys.runs_of(owner.id) if owner else keys.RUNS,
        ],
        [
            job_id,
            await asyncio.to_thread(plan_json, plan),
            # of its id, however late it is written: pages go by ids and by this
            round(created_at(job_id) * 1000),
            key.body_sha256 if key else "",
            _KEY_KEPT_MS,
            *record.flat(fields),
        ],
    )
    if made == -1 and key is not None:
        raise KeyReused(key.key)
    with suppress(*AWAY):  # it is written; workers look by themselves, too
        await redis.publish(keys.PUSH, job_id)
    return await load(redis, made_id.decode())


async def describe(redis: Redis, job_id: str, said: About) -> Run:
    """Say of a run what is given in `said`, and nothing else; raises NoSuchRun."""
    fields = record.of_about(said, said.model_fields_set)
    if not await call(redis, "describe", [keys.run(job_id)], record.flat(fields)):
        raise NoSuchRun(job_id)
    return await load(redis, job_id)


async def purge(redis: Redis, job_id: str) -> bool:
    """Delete all that the store has of a run that has ended; False where it has
    nothing. Raises WrongState for one that has not ended.

    What was counted over all runs stays: the spending, the calls of the day, the means.
    """
    fields = ["key", "owner"]
    digest, owner = await reply(redis.hmget(keys.run(job_id), fields))
    names = [keys.run(job_id), keys.RUNS, keys.OPEN, keys.RECONCILE, keys.PURGED]
    names.append(keys.of_digest(str(digest or b"", "ascii")))
    # as they are found, since a run has keys of steps that it never reached
    others = redis.scan_iter(keys.run(job_id, ":*"), 1000)
    names += [str(name, "ascii") async for name in others]
    said = (await call(redis, "purge", names, [job_id, _PURGED_KEPT_MS])).decode()
    if said not in ("purged", "gone"):
        raise WrongState(
            f"Benchmark {job_id} is {said}. Cancel it first, and purge it when it has"
            " ended."
        )
    if owner is not None:
        await redis.zrem(keys.runs_of(str(owner, "ascii")), job_id)
    return bool(said == "purged")


async def is_purged(redis: Redis, job_id: str) -> bool:
    """Whether it was purged in the last 90 days."""
    return await redis.zscore(keys.PURGED, job_id) is not None


async def ids_with_prefix(redis: Redis, prefix: str) -> list[str]:
    """The ids that begin so, newest first."""
    digits = _ID_DIGITS - len(prefix)
    first_s, last_s = (created_at(prefix + pad * digits) for pad in "0Z")
    found = await redis.zrevrangebyscore(keys.RUNS, last_s * 1000, first_s * 1000)
    ids = (job_id.decode() for job_id in found)
    return [job_id for job_id in ids if job_id.startswith(prefix)]


async def owner_of(redis: Redis, job_id: str) -> str | None:
    """To whom it belongs, None: to nobody; raises NoSuchRun."""
    said = await reply(redis.hmget(keys.run(job_id), ["status", "owner"]))
    if said[0] is None:
        raise NoSuchRun(job_id)
    return None if said[1] is None else said[1].decode()


async def load(redis: Redis, job_id: str) -> Run:
    """The run as it is now; raises NoSuchRun, NewerRecord."""
    found = await reply(redis.hgetall(keys.run(job_id)))
    if not found:
        raise NoSuchRun(job_id)
    return await _as_of_now(redis, record.read(job_id, found))


async def plan_of(redis: Redis, job_id: str) -> Plan:
    """The run's plan; raises NoSuchRun, NewerRecord."""
    return await asyncio.to_thread(read_plan, await plan_text(redis, job_id))


async def plan_text(redis: Redis, job_id: str) -> bytes:
    """The run's plan as it was stored, compact JSON; raises NoSuchRun."""
    text: bytes | None = await redis.get(keys.run(job_id, ":plan"))
    if text is None:
        raise NoSuchRun(job_id)
    return text


async def prices_of(redis: Redis, job_id: str) -> tuple[Price | None, ...]:
    """What each target cost when the run was made; () where nobody asked."""
    said = await reply(redis.hget(keys.run(job_id), "prices"))
    return tuple(
        None if price is None else Price(*map(Decimal, price))
        for price in from_json(said or b"[]")
    )


async def result_of(redis: Redis, job_id: str) -> dict[str, Any] | None:
    """The summary of an ended run, or None before its end."""
    text = await reply(redis.hget(keys.run(job_id), "result"))
    result: dict[str, Any] | None = from_json(text) if text else None
    return result


async def listing(
    redis: Redis, *, limit: int, before_id: str | None = None, owner: str | None = None
) -> list[Run]:
    """Up to `limit` runs, newest first, older than `before_id` where it is given, of
    one token or of all; without those of a later version."""
    index = keys.RUNS if owner is None else keys.runs_of(owner)
    start = 0
    if before_id is not None:
        rank = await redis.zrevrank(index, before_id)
        if rank is None:  # forgotten by now; its id still tells its time
            made_ms = round(created_at(before_id) * 1000)
            start = await redis.zcount(index, made_ms, "+inf")
        else:
            start = rank + 1
    found: list[Run] = []
    while len(found) < limit:
        ids = await redis.zrevrange(index, start, start + limit - len(found) - 1)
        if not ids:
            break
        start += len(ids)
        records = await _records(redis, ids)
        gone = [i for i, text in zip(ids, records, strict=True) if not text]
        if gone:
            await redis.zrem(index, *gone)
            start -= len(gone)
        found += _readable(ids, records)
    return found


async def open_runs(redis: Redis) -> list[Run]:
    """The runs that have not ended, oldest first; without those of a later version,
    whose workers go on with them."""
    ids = await redis.zrange(keys.OPEN, 0, -1)
    return _readable(ids, await _records(redis, ids))


async def _as_of_now(redis: Redis, run: Run) -> Run:
    """The run with `stalled_s`: in `running`, how long no shard has been alive; and
    with `rested_s`, which `_rest.lua` has, too."""
    if run.started_at is None or run.status not in _GOES_ON:
        return run
    now_ms = await now_s(redis) * 1000
    found = await reply(redis.hmget(keys.run(run.job_id), ["idle_ms", "rest_ms"]))
    idle_ms, rest_ms = (float(at or 0) for at in found)
    if run.status is not Status.RUNNING:
        step = keys.step(run.job_id, run.step)[0]
        began = await reply(redis.hget(step, "segment_start_ms"))
        since_ms = max(idle_ms, rest_ms, float(began or 0))
        rested_s = max(0.0, (now_ms - since_ms) / 1000) if rest_ms else 0.0
        return replace(run, rested_s=rested_s)
    ends = await leases.ends_ms(redis, run)
    if any(end > now_ms for end in ends):
        return run
    since_ms = max([*ends, idle_ms, run.started_at * 1000])
    return replace(run, stalled_s=max(0.0, (now_ms - since_ms) / 1000))


async def _records(redis: Redis, ids: Sequence[bytes]) -> list[dict[bytes, bytes]]:
    """Their records without the results, which a list does not show."""
    async with redis.pipeline(transaction=False) as pipe:
        for job_id in ids:
            pipe.hmget(keys.run(job_id.decode()), [*record.NAMES])
        return [record.of_values(values) for values in await pipe.execute()]


def _readable(
    ids: Sequence[bytes], records: Sequence[Mapping[bytes, bytes]]
) -> list[Run]:
    pairs = zip(ids, records, strict=True)
    found = (record.readable(job_id.decode(), text) for job_id, text in pairs)
    return [run for run in found if run is not None]
