"""What a worker observes of itself while it measures: the verdict's evidence.

A late loop stamps late and starts late, a starved process does both, so both are
sampled all the time and stored with the result.
"""

import os
import platform
import socket
from array import array
from asyncio import Task, create_task
from collections.abc import Callable
from typing import Any

from shared.clock import monotonic_s, sleep
from shared.process import version
from worker import collector
from worker.tasks import cancel

_EVERY_S = 0.02


class Watch:
    """Samples this process's event loop and CPU from `start` to `stop`."""

    def __init__(self, late: Callable[[float], None] | None = None) -> None:
        """late: told by how many seconds each look came late."""
        self._late = late
        self._lags_s = array("d")
        self._task: Task[None] | None = None
        self._since_s = 0.0
        self._cpu_s = 0.0
        self._collects = False

    def start(self) -> None:
        """Begin; once."""
        self._since_s = monotonic_s()
        self._cpu_s = _cpu_s()
        self._look_at_collector()
        self._task = create_task(self._sample(), name="watch")

    async def stop(self) -> dict[str, Any]:
        """End, and say what was seen."""
        if self._task is not None:
            await cancel(self._task)
        self._look_at_collector()
        elapsed_s = max(monotonic_s() - self._since_s, 1e-9)
        lags = sorted(self._lags_s)
        return {
            "seconds": elapsed_s,
            "loop_lag_p50_s": _nearest(lags, 0.50),
            "loop_lag_p99_s": _nearest(lags, 0.99),
            "loop_lag_max_s": lags[-1] if lags else None,
            "cpu_share": (_cpu_s() - self._cpu_s) / elapsed_s,
            "gc_policy": "on" if self._collects else "off",
        }

    def _look_at_collector(self) -> None:
        """Whether at any look a collection could begin by itself."""
        self._collects = self._collects or not collector.is_off()

    async def _sample(self) -> None:
        while True:
            self._look_at_collector()
            due_s = monotonic_s() + _EVERY_S
            await sleep(_EVERY_S)
            late_s = max(0.0, monotonic_s() - due_s)
            self._lags_s.append(late_s)
            if self._late is not None:
                self._late(late_s)


def machine() -> dict[str, Any]:
    """What the numbers were made on and with."""
    return {
        "host": socket.gethostname(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "generator": version(),
    }


def _cpu_s() -> float:
    times = os.times()
    return times.user + times.system


def _nearest(ordered: list[float], p: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(p * len(ordered)))] if ordered else None
