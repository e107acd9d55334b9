"""Limits: of the free tier, and of the pools that all callers share.

The free tier's: so many calls a minute and a UTC day, for all `:free` models.

A call is counted before it is routed, so a call that fails counts, and so does one
that is refused here. A pool's: a rate, with a little room for what comes at once.
"""

from dataclasses import dataclass, field

from simulator.bodies.refusals import Refusal, free_limit

RICH_DAY = 1000
"""The daily cap of an account that has bought credits; its message is another one."""


def next_minute_ms(now_s: float) -> int:
    """The end of the running UTC minute, in milliseconds since the Unix epoch.

    >>> next_minute_ms(1795420801.5)
    1795420860000
    """
    return (int(now_s // 60) + 1) * 60_000


def next_midnight_ms(now_s: float) -> int:
    """The next 00:00 UTC, in milliseconds since the Unix epoch.

    >>> next_midnight_ms(1795420801.5)
    1795478400000
    """
    return (int(now_s // 86_400) + 1) * 86_400_000


@dataclass(slots=True)
class FreeTier:
    """Counts of one account. Windows are fixed: UTC minutes and UTC days."""

    per_day: int
    per_minute: int
    used_today: int = 0
    _used_this_minute: int = 0
    _windows: tuple[int, int] = field(default=(0, 0))

    def count(self, now_s: float) -> Refusal | None:
        """Count a call at `now_s` (Unix seconds); the error when it is one too many."""
        self._turn(now_s)
        self.used_today += 1
        self._used_this_minute += 1
        if self.used_today > self.per_day:
            kind = "day-rich" if self.per_day >= RICH_DAY else "day"
            return free_limit(kind, self.per_day, next_midnight_ms(now_s))
        if self._used_this_minute > self.per_minute:
            return free_limit("minute", self.per_minute, next_minute_ms(now_s))
        return None

    def _turn(self, now_s: float) -> None:
        windows = (int(now_s // 86_400), int(now_s // 60))
        if windows[0] != self._windows[0]:
            self.used_today = 0
        if windows != self._windows:
            self._used_this_minute = 0
        self._windows = windows


POOL_S = 2.0
"""A pool takes what comes in so many seconds at once."""


@dataclass(slots=True)
class Pool:
    """The shared pool of one model: a bucket that fills evenly."""

    per_minute: float
    _level: float = 0.0
    _at_s: float = 0.0

    def takes(self, now_s: float) -> bool:
        """Whether it takes a call at `now_s`, which then is in it."""
        room = max(1.0, self.per_minute / 60 * POOL_S)
        passed_s = max(0.0, now_s - self._at_s)
        self._level = max(0.0, self._level - passed_s * self.per_minute / 60)
        self._at_s = now_s
        if self._level + 1 > room:
            return False
        self._level += 1
        return True
