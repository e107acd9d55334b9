"""A run in the store goes from state to state, and from step to step, to its end."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic_core import from_json, to_json
from redis.asyncio import Redis

from shared.errors import NoSuchRun, WrongState
from shared.plan import Finished
from shared.run import Ending, Run, Status, before
from shared.store import keys
from shared.store.client import AWAY, call, reply
from shared.store.run import record


async def move(
    redis: Redis, job_id: str, to: Status, **fields: record.Value | None
) -> bool:
    """Walk to another state; False when the run is in that state already.

    Tells the workers at once. Raises WrongState when the way is not legal, and
    NoSuchRun.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    at = await reply(redis.hget(keys.run(job_id), "step"))
    step = keys.step(job_id, int(at or 0))[0]
    moved, was = await call(
        redis,
        "move",
        [keys.run(job_id), keys.run(job_id, ":events"), step],
        [to.value, " ".join(before(to)), *record.flat(given)],
    )
    if moved == 1:
        with suppress(*AWAY):
            await redis.publish(keys.PUSH, job_id)
        return True
    if moved == -1:
        raise NoSuchRun(job_id)
    if was.decode() == to.value:
        return False
    raise WrongState(
        f"Benchmark {job_id} is {was.decode()}; it cannot become {to.value} from there."
    )


async def end(
    redis: Redis, job_id: str, ending: Ending, error: str | None = None
) -> bool:
    """Take no more rows and go to the reduce; False when it is there already."""
    return await move(redis, job_id, Status.REDUCING, ending=ending.value, error=error)


async def finished(redis: Redis, job_id: str) -> list[Finished]:
    """The steps that are over, in order, with what the next one depends on."""
    said = await reply(redis.lrange(keys.run(job_id, ":finished"), 0, -1))
    return [_finished(step, from_json(text)) for step, text in enumerate(said)]


def _finished(step: int, said: float | bool | None) -> Finished:
    """As `advance` wrote it: a goodput, null, or true where all is decided."""
    return Finished(step, decided=True) if said is True else Finished(step, said)


async def advance(
    redis: Redis, job_id: str, over: Finished, to: int | None, ending: Ending
) -> bool:
    """A step is over: go to step `to`, or where that is None to the reduce.

    False when somebody did that before, or the run has ended.
    """
    done = await call(
        redis,
        "advance",
        [
            keys.run(job_id),
            keys.run(job_id, ":events"),
            keys.run(job_id, ":finished"),
            keys.step(job_id, over.step)[0],
        ],
        [
            over.step,
            to_json(over.decided or over.goodput),
            "" if to is None else to,
            ending.value,
        ],
    )
    if done:
        await redis.publish(keys.PUSH, job_id)
    return bool(done)


async def finish(
    redis: Redis, run: Run, result: Mapping[str, Any], *, keep_s: float
) -> bool:
    """Publish the result and enter the terminal state; False when that was done.

    From then on the run's keys live for `keep_s`.
    """
    ending = run.ending or Ending.BUG
    first = [keys.run(run.job_id), keys.run(run.job_id, ":events"), keys.OPEN]
    others = [key for key in keys.all_of(run.job_id, run.step + 1) if key not in first]
    done = await call(
        redis,
        "finish",
        [*first, keys.COUNTS, *others],
        [run.job_id, ending.status.value, int(keep_s * 1000), to_json(result)],
    )
    return bool(done)


async def retell(redis: Redis, job_id: str, result: Mapping[str, Any]) -> bool:
    """Another summary of a run that has ended; False where the store has forgotten it,
    and its files alone tell."""
    said = ["result", to_json(result).decode()]
    return bool(await call(redis, "describe", [keys.run(job_id)], said))


async def note_error(redis: Redis, job_id: str, error: str) -> None:
    """The sentence of an attempt to reduce that failed and will be made again. It is
    the run's `error` until the reduce is done; why the run ended is not lost over it.
    Nothing where the run waits for no reduce.
    """
    await call(redis, "note_error", [keys.run(job_id)], [error])


async def cause(redis: Redis, job_id: str) -> str | None:
    """The sentence with which the run came to its reduce, where it has one."""
    found = await reply(redis.hgetall(keys.run(job_id)))
    return found[b"error"].decode() if b"error" in found else None
