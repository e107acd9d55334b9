"""What was asked of an account lately, by all workers together.

A minute is a window that slides, and half a second longer than sixty: calls do not
arrive as evenly as they are sent. A day is UTC's, by the store's clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.money import Limit
from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import call, now_s, reply
from shared.store.upstream import money
from shared.store.upstream.money import Reservation
from shared.store.upstream.pace import Paced

_MINUTE_MS = 60_500
_LEARN_EVERY_MS = 600_000


@dataclass(frozen=True, slots=True)
class Wait:
    """No leave now."""

    limit: str
    """The name of the limit that is reached; MONEY for a budget."""
    why: str
    """`minute`, `day`, `in_flight`, or `barred`: the upstream said so. Of money:
    `money`, calls that are open may leave some; `day_budget`; `budget`, the run's own
    is spent and never opens. `pace`: of the load. `gone`: the run ends or is gone."""
    until_ms: int
    """When to ask again, ms of the store's clock."""
    apart_ms: int = 0
    """For `pace`: between two calls."""


MONEY = "money"
PACE = "pace"


@dataclass(frozen=True, slots=True)
class Used:
    """What the store knows of one limit."""

    minute: int
    """Calls in the last minute."""
    today: int
    per_day: int | None
    """The daily cap that the account's own page has told."""
    in_flight: int
    barred_until: float | None
    """Unix seconds; None: the upstream bars nothing."""


async def leave(
    redis: Redis,
    account: str,
    limits: Sequence[Limit],
    call_id: str,
    *,
    flight_s: float,
    reservation: Reservation | None = None,
    paced: Paced | None = None,
    job_id: str = "",
    purse: str | None = None,
) -> Wait | None:
    """None: send it now, it is counted. The same id asked again is counted once.

    flight_s: after so long a call that was not reported as landed is over.
    reservation: what the call may cost, where a budget limits that.
    paced: at whose pace it goes, in a run that looks for one.
    purse: the account whose days' spending counts; None: the same.
    """
    named = [keys.limit(account, limit.name) for limit in limits]
    args: list[str | int | float] = [call_id, _MINUTE_MS, int(flight_s * 1000)]
    sums = reservation.sums_nano if reservation else (None,) * 3
    args += ["" if nano is None else nano for nano in sums]
    args += (paced.target, paced.start_per_minute) if paced else ("", "")
    for limit in limits:
        caps = (limit.per_minute, limit.per_day, limit.in_flight)
        args += ["" if cap is None else cap for cap in caps]
    of_run = [*money.of_run(job_id, purse or account), keys.run(job_id, ":pace")]
    of_limits = [key for each in named for key in each[:4]]
    answer = await call(redis, "permit", [*of_run, *of_limits], args)
    if answer[0] == 1:
        return None
    _, until_ms, which, why, *apart_ms = answer
    name = {-1: MONEY, -2: PACE}.get(which) or limits[which].name
    return Wait(name, why.decode(), int(until_ms), *apart_ms)


async def unsent(
    redis: Redis,
    account: str,
    limits: Sequence[Limit],
    call_id: str,
    job_id: str,
    purse: str | None = None,
) -> None:
    """Leave was given and the call was never sent: it is counted no more."""
    named = [keys.limit(account, limit.name) for limit in limits]
    of_limits = [key for each in named for key in each[:3]]
    await call(
        redis,
        "unsent",
        [*money.of_run(job_id, purse or account), *of_limits],
        [call_id],
    )


async def landed(
    redis: Redis, account: str, limits: Sequence[Limit], call_id: str
) -> None:
    """The call is over: it is in flight no more."""
    for limit in limits:
        if limit.in_flight is not None:
            await redis.zrem(keys.limit(account, limit.name)[2], call_id)


async def bar(redis: Redis, account: str, name: str, until_ms: int) -> None:
    """The upstream takes no call under this limit until then."""
    left_ms = until_ms - int(await now_s(redis) * 1000)
    if left_ms > 0:
        await redis.set(keys.limit(account, name)[3], until_ms, px=left_ms)


def of_target(asks: str) -> str:
    """The name under which a target rests, when its provider said that it is busy:
    whom it asks, since targets of other runs may be called the same."""
    return f"target {asks}"


def of_calls(*, free: bool) -> str:
    """The name under which all free calls of an account rest, or all others."""
    return "free calls" if free else "paid calls"


def rest_in_words(name: str, upstream: str | None = None) -> str:
    """What rests under one of these names, for people. upstream: what that is called;
    None: it is the only one, or the default."""
    label = name.removeprefix("target ")
    if label == name:
        return f"{upstream or 'the upstream'}, which takes no {name} now"
    return f"{label}, which asked to be left alone"


async def bar_and_tell(redis: Redis, account: str, name: str, until_ms: int) -> None:
    """Tell all workers that what has this name takes no call before then."""
    await bar(redis, account, name, until_ms)
    await redis.publish(keys.BARS, f"{account} {until_ms} {name}")


async def resting(redis: Redis, account: str, names: Sequence[str]) -> dict[str, int]:
    """Name -> until when, ms of the store, of those that rest now."""
    said = await redis.mget([keys.limit(account, name)[3] for name in names])
    pairs = zip(names, said, strict=True)
    return {name: int(until_ms) for name, until_ms in pairs if until_ms}


async def to_learn(redis: Redis, account: str, name: str) -> bool:
    """Whether nobody has asked the account's own page lately; then somebody shall."""
    key = keys.limit(account, name)[4]
    return bool(await redis.set(key, 1, nx=True, px=_LEARN_EVERY_MS))


async def learn(
    redis: Redis, account: str, name: str, per_day: int | None, used_today: int | None
) -> None:
    """What the account's own page says of today."""
    said = ["" if number is None else number for number in (per_day, used_today)]
    await call(redis, "learn", [keys.limit(account, name)[1]], said)


async def used(redis: Redis, account: str, name: str) -> Used:
    """The counts of one limit now."""
    log, days, flight, barred, _ = keys.limit(account, name)
    now_ms = await now_s(redis) * 1000
    today, per_day = await reply(
        redis.hmget(days, [str(int(now_ms // (DAY_S * 1000))), "per_day"])
    )
    until_ms = await redis.get(barred)
    return Used(
        minute=await redis.zcount(log, now_ms - _MINUTE_MS, "+inf"),
        today=int(today or 0),
        per_day=None if per_day is None else int(per_day),
        in_flight=await redis.zcount(flight, now_ms, "+inf"),
        barred_until=None if until_ms is None else int(until_ms) / 1000,
    )
