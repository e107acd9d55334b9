"""The rate at which each target of an adaptive run is asked, over all workers."""

from dataclasses import dataclass

from pydantic_core import from_json
from redis.asyncio import Redis

from shared.plan import Adaptive
from shared.store import keys
from shared.store.client import call, reply


@dataclass(frozen=True, slots=True)
class Paced:
    """What one call asks for before it is sent."""

    target: int
    start_per_minute: float


@dataclass(frozen=True, slots=True)
class Found:
    """Where the search for one target's rate stands."""

    per_minute: float
    """The rate now."""
    throttled_at: float | None
    """The rate at which a call was last throttled; None: none was."""
    calls: int
    throttled: int
    held_calls: int
    """Of `calls`, those that came back after a call was first throttled."""
    held_throttled: int
    changes: tuple[tuple[float, float], ...]
    """(Unix seconds of the store, calls a minute from then on), the last thousand of
    all targets together."""


async def adapt(
    redis: Redis,
    job_id: str,
    target: int,
    load: Adaptive,
    *,
    passed: int,
    throttled: int,
    sent_ms: int,
) -> None:
    """Take in what became of some calls. sent_ms: of the last that was throttled, when
    it was sent, ms of the store."""
    rates = load.start_per_minute, load.max_per_minute
    told = passed, throttled, sent_ms
    names = [keys.run(job_id), *_keys(job_id)]
    await call(redis, "adapt", names, [target, *rates, *told])


async def found(redis: Redis, job_id: str, targets: int) -> list[Found | None]:
    """Of each target; None where no call came back."""
    record, changed = _keys(job_id)
    said = await reply(redis.hgetall(record))
    changes = [from_json(text) for text in await reply(redis.lrange(changed, 0, -1))]
    each: list[Found | None] = []
    for target in range(targets):

        def field(name: str, target: int = target) -> bytes | None:
            return said.get(f"{target}:{name}".encode())

        rate, top = field("rate"), field("top")
        counts = ("calls", "throttled", "held_calls", "held_throttled")
        each.append(
            None
            if rate is None
            else Found(
                float(rate),
                None if top is None else float(top),
                **{name: int(field(name) or 0) for name in counts},
                changes=tuple(
                    (ms / 1000, to) for of, ms, to in changes if of == target
                ),
            )
        )
    return each


def _keys(job_id: str) -> list[str]:
    return [keys.run(job_id, ":pace"), keys.run(job_id, ":paces")]
