"""The newest rows of a run, read once each."""

from redis.asyncio import Redis

from api.parts import newest
from api.parts.newest import NewestRows
from shared.sample import Outcome, Sample, encode
from shared.store import keys
from shared.store.run import samples

JOB = "01JZ0000000000000000000000"


async def push(redis: Redis, *slots: int) -> None:
    for slot in slots:
        row = Sample(step=0, slot=slot, target=slot, prompt=0, outcome=Outcome.OK)
        await redis.rpush(keys.run(JOB, ":rows"), encode(row, "ok"))


async def slots(rows: NewestRows, redis: Redis) -> list[int]:
    return [row.target for row in await rows.of(redis, JOB)]


async def test_what_is_new_is_added_and_what_is_old_goes(redis: Redis) -> None:
    rows = NewestRows()
    assert await slots(rows, redis) == []
    await push(redis, 0, 1)
    assert await slots(rows, redis) == [0, 1]
    assert await slots(rows, redis) == [0, 1]
    await push(redis, *range(2, newest.MOST_ROWS + 5))
    found = await slots(rows, redis)
    assert (found[0], found[-1], len(found)) == (5, newest.MOST_ROWS + 4, 2000)
    rows.forget(JOB)
    assert await slots(rows, redis) == found


async def test_a_row_that_cannot_be_read_hides_no_other(redis: Redis) -> None:
    await push(redis, 0)
    for garbage in (b"[1,0,", b"[]", b"[1]", b"7", b'[1,0,0,0,0,"no such outcome"]'):
        await redis.rpush(keys.run(JOB, ":rows"), garbage)
    await push(redis, 1)
    rows = NewestRows()
    assert await slots(rows, redis) == [0, 1]
    await push(redis, 2)
    assert await slots(rows, redis) == [0, 1, 2]


async def test_rows_are_read_from_where_the_last_reading_ended(redis: Redis) -> None:
    await push(redis, 0, 1, 2)
    start, found = await samples.newest(redis, JOB, 1, 2000)
    assert (start, len(found)) == (1, 2)
    start, found = await samples.newest(redis, JOB, 0, 2)
    assert (start, len(found)) == (1, 2)
    assert await samples.newest(redis, JOB, 3, 2000) == (3, [])
