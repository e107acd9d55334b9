"""A run's events: a capped stream that tells *that* something changed, not what.

Whoever follows reads the run's record when told, so an event can be dropped or seen
twice without harm. Ids are the stream's, so a reader resumes exactly.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from redis.asyncio import Redis

from shared.store import keys

_PAGE = 100

_ID = re.compile(r"\d{1,20}-\d{1,20}")


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One change of a run."""

    id: str
    kind: str
    """`state` or `progress`."""
    status: str | None
    """The state entered, for `state`."""


def is_event_id(text: str) -> bool:
    """Whether `text` has the form of an event's id."""
    return _ID.fullmatch(text) is not None


async def last_id(redis: Redis, job_id: str) -> str:
    """The id of the newest event, `0-0` when there is none."""
    newest = await redis.xrevrange(keys.run(job_id, ":events"), count=1)
    return newest[0][0].decode() if newest else "0-0"


async def resumable(redis: Redis, job_id: str, after: str) -> bool:
    """Whether no event after `after` has been trimmed away."""
    oldest = await redis.xrange(keys.run(job_id, ":events"), count=1)
    return bool(oldest) and _order(after) >= _order(oldest[0][0].decode())


async def since(
    redis: Redis, job_id: str, after: str, *, block_ms: int
) -> AsyncIterator[RunEvent]:
    """All events after `after`; waits up to `block_ms` for the first, then ends."""
    key = keys.run(job_id, ":events")
    wait_ms: int | None = block_ms
    while found := await redis.xread({key: after}, count=_PAGE, block=wait_ms):
        ((_, entries),) = found
        for entry_id, fields in entries:
            after, status = entry_id.decode(), fields.get(b"status")
            yield RunEvent(
                after, fields[b"kind"].decode(), status.decode() if status else None
            )
        if len(entries) < _PAGE:
            return
        wait_ms = None


def _order(event_id: str) -> tuple[int, int]:
    milliseconds, _, number = event_id.partition("-")
    return int(milliseconds), int(number)
