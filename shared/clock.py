"""The only reader of time, besides the wire client's socket stamps.

Durations come from the monotonic clock. The wall clock is for labels and is never
subtracted, because NTP may step it in the middle of a run.
"""

import asyncio
import time
from datetime import UTC, datetime


def monotonic_s() -> float:
    """Seconds on this process's monotonic clock; only differences mean something."""
    return time.monotonic()


def wall_s() -> float:
    """Seconds since the Unix epoch, for labels, dates and expiry headers."""
    return time.time()


def utc_label(at_s: float | None = None) -> str:
    """UTC as ISO 8601 with milliseconds, of `at_s` (Unix seconds) or of now.

    >>> utc_label(1795420801.25)
    '2026-11-23T08:00:01.250Z'
    """
    at = datetime.fromtimestamp(wall_s() if at_s is None else at_s, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def sleep(delay_s: float) -> None:
    """Wait. Never for pacing: due times are absolute and have their own pacer."""
    await asyncio.sleep(delay_s)
