"""What many jobs leave in the processes that worked them, and in the store."""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from shared.run import Status
from tests.faults import odd
from tests.faults.figure import Figure, a_folder
from tests.faults.stack import a_plan, a_stack

LANES = 4
POOLED = 64
"""The most connections that `shared.store.client.connect` keeps."""


@dataclass(frozen=True)
class Held:
    """What a process holds."""

    descriptors: int
    """All but sockets."""
    to_store: int
    """Connections in a pool, which keeps as many as were once used at a time."""
    to_upstream: int
    """Connections opened for the lanes of a job that had fewer calls; kept idle."""
    threads: int
    tasks: int


async def held(worker: psutil.Process, counts: Path) -> Held:
    """At rest: the least of a second, since a worker looks about now and then."""
    seen = []
    for _ in range(10):
        await asyncio.sleep(0.1)
        to_store = len(worker.net_connections("unix"))
        to_upstream = len(worker.net_connections("inet"))
        seen.append(
            (
                worker.num_fds() - to_store - to_upstream,
                to_store,
                to_upstream,
                worker.num_threads(),
                int((counts / str(worker.pid)).read_text()),
            )
        )
    return Held(*map(min, zip(*seen, strict=True)))


async def leaks(jobs: int, at_once: int) -> list[Figure]:
    """Small jobs, so many at once: what is left of them in two workers and the store.

    Their reduces are warm; what a worker does for a reduce is the same.
    """
    began_s = time.monotonic()
    counts = a_folder()
    env = {"COUNT_FOLDER": str(counts)}
    async with a_stack(a_folder(), env=env, warm=True) as stack:
        started = [odd.start(stack.fleet, "tests.faults.counted") for _ in range(2)]
        workers = [psutil.Process(child.pid) for child in started]
        await odd.lives(stack.redis, *started)
        first: list[Held] = []
        for number in range(0, jobs, at_once):
            ids = [await stack.submit(a_plan(n=2)) for _ in range(at_once)]
            for job_id in ids:
                await stack.reaches(job_id, Status.DONE)
            if number <= 2 * at_once:  # three times: all that is made once is made
                first = [await held(worker, counts) for worker in workers]
        last = [await held(worker, counts) for worker in workers]
        await stack.nothing_is_left()

    def more(name: str) -> int:
        pairs = zip(first, last, strict=True)
        return max(int(getattr(b, name) - getattr(a, name)) for a, b in pairs)

    left = more("descriptors"), more("threads"), more("tasks")
    to_store = max(now.to_store for now in last)
    to_upstream = max(now.to_upstream for now in last)
    took_s = time.monotonic() - began_s
    return [
        Figure(
            26,
            f"what {jobs} jobs left in a worker after the first {3 * at_once}:"
            " descriptors but sockets, threads, tasks, keys without an end; its idle"
            " connections to the store and upstream",
            f"{left[0]}, {left[1]}, {left[2]}, 0; {to_store}, {to_upstream}"
            f" (in {took_s:.0f} s)",
            f"0 each; <= {POOLED} (its pool), <= {LANES} (the lanes of a job)",
            max(left) <= 0 and to_store <= POOLED and to_upstream <= LANES,
        )
    ]
