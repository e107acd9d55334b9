"""Rows, answers and observations in the store: read back by the reduce.

Rows and answers are read through a blocking connection: whoever wants them all has a
process of its own for it, and takes them one by one instead of holding them all.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

from pydantic_core import from_json, to_json
from redis import Redis as Blocking
from redis.asyncio import Redis

from shared.store import keys
from shared.store.client import call, reply

_PAGE = 2000


def any_rows(store: Blocking, job_id: str) -> bool:
    """Whether a row has been committed."""
    return bool(store.exists(keys.run(job_id, ":rows")))


def rows(store: Blocking, job_id: str) -> Iterator[bytes]:
    """Every committed row, encoded, in the order of their commits; page by page."""
    return _pages(store, keys.run(job_id, ":rows"))


def answers(store: Blocking, job_id: str) -> Iterator[bytes]:
    """Every kept answer, a JSON object each, in the order of their commits."""
    return _pages(store, keys.run(job_id, ":answers"))


async def each_row(redis: Redis, job_id: str) -> AsyncIterator[bytes]:
    """The rows for a process that serves others meanwhile; a pause after each page."""
    start = 0
    key = keys.run(job_id, ":rows")
    while page := await reply(redis.lrange(key, start, start + _PAGE - 1)):
        for row in cast(list[bytes], page):
            yield row
        start += len(page)


async def page(redis: Redis, job_id: str, after: int) -> list[bytes]:
    """Up to 2,000 rows from the one at place `after` on; [] where that is all."""
    found = redis.lrange(keys.run(job_id, ":rows"), after, after + _PAGE - 1)
    return cast(list[bytes], await reply(found))


async def newest(
    redis: Redis, job_id: str, after: int, most: int
) -> tuple[int, list[bytes]]:
    """Rows from the one at place `after` on, and no more than the newest `most`; with
    the place of the first."""
    key = keys.run(job_id, ":rows")
    start = max(after, int(await reply(redis.llen(key))) - most)
    return start, cast(
        list[bytes], await reply(redis.lrange(key, start, start + most - 1))
    )


async def observe(redis: Redis, job_id: str, seen: dict[str, Any]) -> None:
    """Add what one worker observed of itself during one shard; nothing where the run
    is gone."""
    names = [keys.run(job_id), keys.run(job_id, ":seen")]
    await call(redis, "observe", names, [to_json(seen)])


async def observations(redis: Redis, job_id: str) -> list[dict[str, Any]]:
    """All that workers observed of themselves, in the order of their reports."""
    seen = await reply(redis.lrange(keys.run(job_id, ":seen"), 0, -1))
    return [from_json(one) for one in seen]


async def asked_with(redis: Redis, job_id: str, key_print: str) -> None:
    """Note with which key calls of the run are made: before the first of them, so that
    a worker that is killed has noted it."""
    names = [keys.run(job_id), keys.run(job_id, ":keys")]
    await call(redis, "asked_with", names, [key_print])


async def asked_with_each(redis: Redis, job_id: str) -> tuple[str, ...]:
    """The fingerprint of each key with which calls of the run were made."""
    found = await reply(redis.smembers(keys.run(job_id, ":keys")))
    return tuple(sorted(one.decode() for one in found))


async def beside(redis: Redis, job_id: str) -> tuple[str, ...]:
    """Ids of the runs that were measured on the same upstream at the same time."""
    found = await reply(redis.smembers(keys.run(job_id, ":beside")))
    return tuple(sorted(one.decode() for one in found))


def _pages(store: Blocking, key: str) -> Iterator[bytes]:
    start = 0
    while page := cast(list[bytes], store.lrange(key, start, start + _PAGE - 1)):
        yield from page
        start += len(page)
