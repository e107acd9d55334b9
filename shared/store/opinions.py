"""What judges say of a run's answers, after its rows and before its reduce.

A run that has judges is `judging` from its beginning, and is reduced once that is over.
Opinions are kept one by one with what they cost, so a worker that is killed loses those
of its open calls alone.
"""

from contextlib import suppress

from redis.asyncio import Redis

from shared.opinion import Opinion, decode, encode
from shared.run import Ending
from shared.store import keys
from shared.store.client import AWAY, call, reply
from shared.store.upstream import money


def hold_of(ticket: str) -> str:
    """The name of what is held for a judge's call, by which `permit.lua` knows it."""
    return f"judge:{ticket}"


async def is_due(redis: Redis, job_id: str) -> bool:
    """Whether it is still to be judged."""
    (said,) = await reply(redis.hmget(keys.run(job_id), ["judging"]))
    return bool(said == b"due")


async def begin(redis: Redis, job_id: str, to_judge: int) -> bool:
    """So many opinions are to come in all; False where it is not judged now."""
    return await _walk(redis, job_id, "begin", to_judge)


async def end(redis: Redis, job_id: str, why: str = "") -> bool:
    """It is over. why: what kept judges from being asked about all answers."""
    return await _walk(redis, job_id, "end", why, "")


async def cancel(redis: Redis, job_id: str) -> bool:
    """End it, and the run is cancelled; False where it is not judged now. Tells the
    workers at once."""
    ending = Ending.CANCELLED.value
    done = await _walk(redis, job_id, "end", "cancelled", ending)
    if done:
        with suppress(*AWAY):
            await tell(redis, job_id)
    return done


async def _walk(redis: Redis, job_id: str, *said: str | int) -> bool:
    names = [keys.run(job_id), keys.run(job_id, ":events")]
    return bool(await call(redis, "judging", names, list(said)))


async def tell(redis: Redis, job_id: str) -> None:
    """Have the workers look at it: its reduce may begin, or its judges be asked on."""
    await redis.publish(keys.PUSH, job_id)


async def keep(
    redis: Redis,
    job_id: str,
    account: str,
    opinion: Opinion,
    *,
    cost_nano: int | None,
    hold: str,
) -> bool:
    """Keep it, and settle what it cost; False where there is one of that place.

    hold: of what was held for its last call, "" for nothing. cost_nano: of that call.
    """
    run, *of_money = money.of_run(job_id, account)
    names = [run, keys.run(job_id, ":opinions"), *of_money, keys.run(job_id, ":events")]
    place = ":".join(map(str, opinion.place))
    cost = "" if cost_nano is None else cost_nano
    return bool(
        await call(redis, "opinion", names, [place, encode(opinion), cost, hold])
    )


async def places(redis: Redis, job_id: str) -> set[tuple[int, int, int]]:
    """(step, slot, judge) of those that are there."""
    found = await reply(redis.hkeys(keys.run(job_id, ":opinions")))
    triples = (tuple(map(int, place.split(b":"))) for place in found)
    return {(step, slot, judge) for step, slot, judge in triples}


async def of_slot(
    redis: Redis, job_id: str, step: int, slot: int, judges: int
) -> list[Opinion | None]:
    """What each of its judges has said by now."""
    names = [f"{step}:{slot}:{judge}" for judge in range(judges)]
    found = await reply(redis.hmget(keys.run(job_id, ":opinions"), names))
    return [decode(text) if text else None for text in found]


async def every(redis: Redis, job_id: str) -> list[Opinion]:
    """All of them, by step, slot and judge."""
    found = await reply(redis.hvals(keys.run(job_id, ":opinions")))
    return sorted(map(decode, found), key=lambda each: each.place)


async def why_unasked(redis: Redis, job_id: str) -> str:
    """What kept judges from being asked about all answers; "" for nothing."""
    (said,) = await reply(redis.hmget(keys.run(job_id), ["unjudged"]))
    return said.decode() if said else ""


async def answers(redis: Redis, job_id: str, start: int, most: int) -> list[bytes]:
    """Kept answers from this place on, in the order of their commits."""
    found = await reply(
        redis.lrange(keys.run(job_id, ":answers"), start, start + most - 1)
    )
    return list(found)


async def rows(redis: Redis, job_id: str, start: int, most: int) -> list[bytes]:
    """Rows in the same way."""
    found = await reply(
        redis.lrange(keys.run(job_id, ":rows"), start, start + most - 1)
    )
    return list(found)
