"""The newest rows of runs that somebody looks at, for figures while they run.

Nothing is counted for this while calls are made: rows that are in the store anyway are
read when a body is asked for, each once by this process, and at most `MOST_ROWS`.
"""

import asyncio
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import NamedTuple

from redis.asyncio import Redis

from shared.analysis import latency_s, tpot_s, ttft_s
from shared.sample import Sample, decode
from shared.store.run import samples

MOST_ROWS = 2000
_KEPT = 64


class Seen(NamedTuple):
    """What is kept of a row."""

    step: int
    segment: int
    target: int
    outcome: str
    closes: bool
    """It closed its slot, and was no attempt that is made again."""
    error: str | None
    ttft_s: float | None
    latency_s: float | None
    started_at: float | None
    """Wall clock, Unix seconds; of `ended_at`, too."""
    ended_at: float | None
    slot: int = 0
    prompt: int = 0
    repetition: int = 0
    tpot_s: float | None = None
    provider: str | None = None
    worker: str = ""


@dataclass(slots=True)
class _Window:
    """The newest rows of one run, and how many there were when it was read."""

    count: int
    rows: deque[Seen]


class NewestRows:
    """Of the runs that were asked for last."""

    def __init__(self) -> None:
        self._windows: OrderedDict[str, _Window] = OrderedDict()

    async def of(self, redis: Redis, job_id: str) -> tuple[Seen, ...]:
        """The newest rows, in the order of their commits; raises NewerRecord."""
        window = self._windows.get(job_id) or _Window(0, deque(maxlen=MOST_ROWS))
        start, found = await samples.newest(redis, job_id, window.count, MOST_ROWS)
        rows = await asyncio.to_thread(read_rows, found)
        if start + len(found) > window.count:  # another request may have been faster
            fresh = rows[max(0, window.count - start) :]
            window.rows.extend(row for row in fresh if row is not None)
            window.count = start + len(found)
        self._windows[job_id] = window
        self._windows.move_to_end(job_id)
        if len(self._windows) > _KEPT:
            self._windows.popitem(last=False)
        return tuple(window.rows)

    def forget(self, job_id: str) -> None:
        """It has ended: its result says more."""
        self._windows.pop(job_id, None)


def read_rows(found: list[bytes]) -> list[Seen | None]:
    """Rows of the store; None for one that cannot be read."""
    return [_seen(row) for row in found]


def _seen(row: bytes) -> Seen | None:
    """None: it cannot be read. The reduce, which needs it, says what is wrong; whoever
    looks at the run meanwhile sees the others."""
    try:
        return seen(decode(row))
    except (LookupError, TypeError, ValueError):
        return None


def seen(row: Sample) -> Seen:
    """What is kept of it."""
    took_s = None
    if row.started_s is not None and row.ended_s is not None:
        took_s = row.ended_s - row.started_s
    ended_at = None
    if row.started_at is not None and took_s is not None:
        ended_at = row.started_at + took_s
    return Seen(
        row.step,
        row.segment,
        row.target,
        row.outcome,
        row.kind not in ("retry", "again"),
        row.error,
        ttft_s(row) if row.ok else None,
        latency_s(row) if row.ok else None,
        row.started_at,
        ended_at,
        row.slot,
        row.prompt,
        row.repetition,
        tpot_s(row) if row.ok else None,
        row.provider,
        row.worker,
    )
