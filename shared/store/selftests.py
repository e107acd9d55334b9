"""Self-tests in the store: asked for by the API, run by one worker, read by their id.

    selftest        string  id of the one that waits; expires
    selftest:ID     string  its record, JSON; expires after a day
    selftest:on:HOST  string  the worker that runs one on this machine; expires

One waits at most, since each loads a worker for most of a minute: who asks while one
waits is given that one. Each step is a single command of the store; whatever is lost
between two of them is noticed by its `until`.
"""

from enum import StrEnum

from pydantic import Field
from redis.asyncio import Redis

from shared.fields import Frozen
from shared.run import new_job_id
from shared.standards.units import DAY_S
from shared.store import keys
from shared.store.client import now_s
from shared.verdict.selftest import STREAMS, SelfTest

WAIT_S = 600.0
"""A worker that is free takes it within so long, or nobody does."""
RUN_S = 180.0
"""It has ended within so long, or its worker is gone."""
_KEEP_S = DAY_S
_WAITS = keys.PREFIX + "selftest"


class State(StrEnum):
    """Where a self-test is; `done` also when it was not passed."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SelfTestRun(Frozen):
    """One self-test that was asked for."""

    id: str
    state: State = State.QUEUED
    streams: tuple[int, ...]
    asked_at: float = Field(description="Unix seconds of the store's clock.")
    until: float = Field(description="The same; after that it is lost.")
    worker: str | None = None
    result: SelfTest | None = None
    error: str | None = None


async def ask(redis: Redis, streams: tuple[int, ...] = STREAMS) -> SelfTestRun:
    """A self-test that waits for a worker: a new one, or the one that waits already.

    Tells the workers at once.
    """
    now = await now_s(redis)
    mine = SelfTestRun(
        id=new_job_id(now), streams=streams, asked_at=now, until=now + WAIT_S
    )
    await _write(redis, mine)
    while not await redis.set(_WAITS, mine.id, nx=True, px=int(WAIT_S * 1000)):
        waits = await redis.get(_WAITS)
        if waits == mine.id.encode():  # a command that the library repeated
            break
        other = await load(redis, waits.decode()) if waits else None
        if other is not None and other.state is State.QUEUED:
            await redis.delete(_key(mine.id))
            return other
    await redis.publish(keys.PUSH, mine.id)
    return mine


async def claim(redis: Redis, worker: str) -> SelfTestRun | None:
    """The one that waits, to be run by this worker alone; None when none waits.

    worker: its name, which begins with its host. None too while another worker of that
    host is at one: two on a machine would take the cores from each other.
    """
    if not await redis.exists(_WAITS):
        return None
    if not await redis.set(_on(worker), worker, nx=True, px=int(RUN_S * 1000)):
        return None
    waits = await redis.getdel(_WAITS)
    asked = await load(redis, waits.decode()) if waits else None
    if asked is None:
        await redis.delete(_on(worker))
        return None
    until = await now_s(redis) + RUN_S
    running = asked.model_copy(
        update={"state": State.RUNNING, "worker": worker, "until": until}
    )
    await _write(redis, running)
    return running


async def end(redis: Redis, asked: SelfTestRun, came: SelfTest | str) -> None:
    """What came of it: a result, or the sentence of why there is none."""
    update = (
        {"state": State.FAILED, "error": came}
        if isinstance(came, str)
        else {"state": State.DONE, "result": came}
    )
    await _write(redis, asked.model_copy(update=update))
    if asked.worker and await redis.get(_on(asked.worker)) == asked.worker.encode():
        await redis.delete(_on(asked.worker))


async def load(redis: Redis, test_id: str) -> SelfTestRun | None:
    """The self-test as it is now; None when nobody knows it (any more)."""
    text = await redis.get(_key(test_id))
    if text is None:
        return None
    asked = SelfTestRun.model_validate_json(text)
    if asked.state in (State.DONE, State.FAILED) or await now_s(redis) < asked.until:
        return asked
    error = (
        f"The worker {asked.worker} went silent while it ran."
        if asked.state is State.RUNNING
        else f"No worker was free for it within {WAIT_S:.0f} s; ask again."
    )
    return asked.model_copy(update={"state": State.FAILED, "error": error})


async def _write(redis: Redis, asked: SelfTestRun) -> None:
    await redis.set(_key(asked.id), asked.model_dump_json(), ex=_KEEP_S)


def _on(worker: str) -> str:
    host = worker.rsplit(":", 2)[0]  # HOST:PROCESS:CHANCE
    return f"{_WAITS}:on:{host}"


def _key(test_id: str) -> str:
    return f"{_WAITS}:{test_id}"
