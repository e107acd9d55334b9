"""What was spent and is held: of a run, and of an account's days (`lua/_money.lua`)."""

from dataclasses import dataclass

from redis.asyncio import Redis

from shared.money import Budget, usd
from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import call, now_s, reply


@dataclass(frozen=True, slots=True)
class Reservation:
    """Money that is held for one call before it is sent: its worst cost."""

    worst_nano: int
    budget: Budget

    @property
    def sums_nano(self) -> tuple[int | None, ...]:
        """What it takes, and what may be spent by the run and in the day."""
        return self.worst_nano, self.budget.run_nano, self.budget.day_nano


@dataclass(frozen=True, slots=True)
class Spent:
    """Money of a run, or of an account's day."""

    spent_usd: float
    """Billed, as rows say."""
    held_usd: float
    """The worst cost of the calls that are open."""
    unaccounted_usd: float
    """At most so much more may have been billed: calls whose row does not say, and
    calls without a row, at their worst cost."""


def of_run(job_id: str, account: str) -> list[str]:
    """The keys that every script about money takes, in the order run, holds, held,
    spend."""
    parts = (keys.run(job_id, part) for part in ("", ":holds", ":held"))
    return [*parts, keys.spend(account)]


async def lapse(
    redis: Redis, job_id: str, account: str, *, everything: bool = False
) -> None:
    """Count holds that nobody settled in time as perhaps billed; with `everything`,
    for a run that takes no more rows, all of them."""
    limit = "+inf" if everything else ""
    await call(redis, "lapse", of_run(job_id, account), [limit])


async def spent_by(redis: Redis, job_id: str) -> Spent:
    """What a run has spent by now."""
    names = [f"{what}_nano" for what in _WHAT]
    return _spent(await reply(redis.hmget(keys.run(job_id), names)))


async def spent_today(redis: Redis, account: str) -> Spent:
    """What an account's runs have spent in this UTC day of the store."""
    day = int(await now_s(redis) // DAY_S)
    names = [f"{day}:{what}" for what in _WHAT]
    return _spent(await reply(redis.hmget(keys.spend(account), names)))


async def spent_by_day(
    redis: Redis, account: str, days: int
) -> list[tuple[float, Spent]]:
    """What an account's runs have spent in each of the last UTC days, oldest first and
    today last, with the Unix second in which the day began. 40 days are kept."""
    today = int(await now_s(redis) // DAY_S)
    every = range(today - days + 1, today + 1)
    names = [f"{day}:{what}" for day in every for what in _WHAT]
    said = await reply(redis.hmget(keys.spend(account), names))
    n = len(_WHAT)
    return [
        (float(day * DAY_S), _spent(said[n * place : n * (place + 1)]))
        for place, day in enumerate(every)
    ]


_WHAT = ("spent", "held", "unaccounted")


def _spent(said: list[bytes | None]) -> Spent:
    return Spent(*(usd(int(nano or 0)) for nano in said))
