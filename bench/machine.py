"""Where a measurement runs: which core, what it used, what the machine is.

Linux only: pinning and the counters of another process are the kernel's.
"""

import os
import platform
import re
import shutil
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

LOAD_CORE = 0
"""Whoever makes the load, alone."""
OTHER_CORE = 1
"""The stub, the store and this process."""


def pinned(core: int, argv: Sequence[str]) -> list[str]:
    """`argv`, so that it and its children stay on one core. SystemExit without it."""
    taskset = shutil.which("taskset")
    if taskset is None:
        raise SystemExit("The bench needs taskset (util-linux) to pin processes.")
    return [taskset, "--cpu-list", str(core), *argv]


def stay_on_other_core() -> None:
    """Pin this process, and what it starts, away from the load's core."""
    if (os.cpu_count() or 1) < 2:
        raise SystemExit("The bench needs two cores: one for the load, one for others.")
    os.sched_setaffinity(0, {OTHER_CORE})


@dataclass(frozen=True, slots=True)
class Used:
    """What a process tree has used so far."""

    cpu_s: float
    peak_mb: float


def used(pid: int) -> Used:
    """CPU of a process and all its children, the ended ones too; peak memory of those
    that live, added up."""
    tree = [psutil.Process(pid)]
    tree += tree[0].children(recursive=True)
    cpu_s = peak_mb = 0.0
    for process in tree:
        times = process.cpu_times()
        cpu_s += times.user + times.system + times.children_user + times.children_system
        peak_mb += _peak_mb(process.pid)
    return Used(cpu_s, peak_mb)


@dataclass(frozen=True, slots=True)
class Turns:
    """What the scheduler gave one process's main thread so far, in seconds."""

    elapsed_s: float
    ran_s: float
    waited_s: float
    """Ready to run while others had the core: above a few percent, what is measured
    is those others."""

    def since(self, before: "Turns") -> "Turns":
        """From then until now."""
        return Turns(
            self.elapsed_s - before.elapsed_s,
            self.ran_s - before.ran_s,
            self.waited_s - before.waited_s,
        )


def turns(pid: int) -> Turns:
    """From the kernel's schedstat; nanoseconds there."""
    ran, waited, _ = Path(f"/proc/{pid}/schedstat").read_text().split()
    return Turns(time.monotonic(), int(ran) / 1e9, int(waited) / 1e9)


def forget_peak(pid: int) -> None:
    """Let the peak memory of a process begin at what it has now (proc(5))."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def describe() -> str:
    """The machine in one line, and how busy it was with other things."""
    model = re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text())
    memory_gb = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} x {model[1] if model else platform.machine()},"
        f" {memory_gb:.0f} GB, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()};"
        f" load average before the run {os.getloadavg()[0]:.1f}"
    )


def percentile(values: Sequence[float], percent: float) -> float:
    """R type 7; values: shape (n,), n > 0."""
    ordered = sorted(values)
    if len(ordered) == 1:
        return ordered[0]
    at = percent / 100 * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


median = statistics.median
