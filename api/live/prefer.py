"""`Prefer: wait=N` (RFC 7240): answer with the outcome, if it comes in time."""

import asyncio
import re
from contextlib import suppress

from api.live.stream import LOOK_S
from api.parts import Parts, Store
from api.schemas import Job
from shared.clock import monotonic_s
from shared.errors import StoreDown
from shared.store.run import runs

MOST_S = 60

_WAIT = re.compile(r'\s*wait\s*=\s*"?(\d{1,9})"?\s*(;.*)?', re.IGNORECASE)


def wait_asked_s(headers: list[str]) -> int | None:
    """Seconds that the client would wait, at most 60; None without such a header.

    What cannot be understood is ignored, as the RFC demands.

    >>> wait_asked_s(["respond-async, wait=10"]), wait_asked_s(["wait=999"])
    (10, 60)
    """
    for preference in ",".join(headers).split(","):
        if match := _WAIT.fullmatch(preference):
            return min(int(match[1]), MOST_S)
    return None


async def ended_within(
    parts: Parts, store: Store, job_id: str, wait_s: float
) -> Job | None:
    """The run's body if it ends in time, else None."""
    until_s = monotonic_s() + wait_s
    async with store.watchers.watch(job_id) as bell:
        while (left_s := until_s - monotonic_s()) > 0 and not parts.stopping():
            bell.clear()
            with suppress(StoreDown):
                async with store.access.deadline():
                    if (await runs.load(store.redis, job_id)).status.terminal:
                        return await store.views.job(job_id)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, LOOK_S)):
                    await bell.wait()
    return None
