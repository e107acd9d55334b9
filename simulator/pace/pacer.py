"""Waiting for a due time without adding up delays.

Every due time is counted from the moment the request's first bytes were read.
A sleep per gap would add each wake-up's delay to all later tokens.
"""

import asyncio
import contextlib
import ctypes
import heapq
import os
import sys
from itertools import count
from time import monotonic


class Pacer:
    """Wakes coroutines at absolute times of `time.monotonic`.

    One kernel timer serves all of them: uvloop's own are whole milliseconds and fire
    up to 1.3 ms early. Where Linux's timerfd is missing, the loop's timers are used,
    and whoever is woken early waits again.
    """

    # uvloop writes sockets after every ready callback has run. Waking few at a time
    # keeps the first one's bytes from waiting for the last one's.
    WAKE_AT_ONCE = 8

    def __init__(self, *, kernel_timer: bool = sys.platform == "linux") -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()
        self._timer = _KernelTimer.open() if kernel_timer else None
        if self._timer is not None:
            self._loop.add_reader(self._timer.fd, self._wake)

    async def until(self, due_s: float) -> None:
        """Return at `due_s` or, if it has passed, at once."""
        if due_s <= monotonic():
            return
        woken: asyncio.Future[None] = self._loop.create_future()
        heapq.heappush(self._waiting, (due_s, next(self._order), woken))
        if self._waiting[0][2] is woken:
            self._arm(due_s)
        await woken

    def close(self) -> None:
        """Give the kernel's timer back."""
        if self._timer is not None:
            self._loop.remove_reader(self._timer.fd)
            os.close(self._timer.fd)
            self._timer = None

    def _arm(self, due_s: float) -> None:
        if self._timer is not None:
            self._timer.set(due_s)
        else:
            self._loop.call_later(max(0.0, due_s - monotonic()), self._wake)

    def _wake(self) -> None:
        if self._timer is not None:
            self._timer.clear()
        now = monotonic()
        for _ in range(self.WAKE_AT_ONCE):
            if not self._waiting or self._waiting[0][0] > now:
                break
            woken = heapq.heappop(self._waiting)[2]
            if not woken.done():
                woken.set_result(None)
        if self._waiting:
            if self._waiting[0][0] <= now:
                self._loop.call_soon(self._wake)
            else:
                self._arm(self._waiting[0][0])


class _KernelTimer:
    """Linux's timerfd on the monotonic clock; Python itself has it from 3.13 on."""

    _MONOTONIC = 1
    _ABSOLUTE = 1

    def __init__(self, libc: ctypes.CDLL, fd: int) -> None:
        self._libc = libc
        self.fd = fd

    @classmethod
    def open(cls) -> "_KernelTimer | None":
        libc = ctypes.CDLL(None, use_errno=True)
        fd = libc.timerfd_create(cls._MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        return cls(libc, fd) if fd >= 0 else None

    def set(self, due_s: float) -> None:
        # struct itimerspec: interval (none), then the absolute time of expiry. All
        # zeros would disarm it, so a time is at least one nanosecond.
        seconds, rest = divmod(max(1, int(due_s * 1e9)), 1_000_000_000)
        spec = (ctypes.c_long * 4)(0, 0, seconds, rest)
        self._libc.timerfd_settime(self.fd, self._ABSOLUTE, spec, None)

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 8)
