"""How many workers a stack has where nobody says: one for each core that it may use."""

import os
from pathlib import Path

MOST_WORKERS = 8
"""More on one machine is a choice: each keeps a core busy and connections open."""

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def cores() -> int:
    """Cores that this process may use: those that it may run on, and no more than its
    container's share of time is worth."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        allowed = os.cpu_count() or 1
    try:
        quota = _QUOTA.read_text()
    except OSError:
        return allowed
    return max(1, min(allowed, cores_of_quota(quota) or allowed))


def cores_of_quota(said: str) -> int | None:
    """Whole cores of a cgroup's `cpu.max`; None where it sets no limit.

    >>> cores_of_quota("250000 100000"), cores_of_quota("max 100000")
    (2, None)
    """
    quota, _, period = said.partition(" ")
    if not quota.isdigit() or not period.strip().isdigit():
        return None
    return int(quota) // max(1, int(period))


def workers_for(usable: int) -> int:
    """One a core, at most eight; of four or more, one is left to the store and the API.

    >>> [workers_for(usable) for usable in (1, 2, 3, 4, 8, 64)]
    [1, 2, 3, 3, 7, 8]
    """
    return min(MOST_WORKERS, usable - 1 if usable >= 4 else usable)
