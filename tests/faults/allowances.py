"""A free key that lasts: line 15 of the scorecard.

120 calls of a free model at 20 a minute and 50 a day, over three workers and two
midnights. The store is given a clock of its own (libfaketime), and the upstream the
same time (`ahead.py`); at each midnight everything is killed, the clock goes on to the
next day, and everything is started again.
"""

import os
import socket
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan
from shared.run import Status
from shared.sample import Outcome, decode
from shared.store import keys
from shared.store.client import connect, now_s
from shared.store.run import runs, samples
from tests.children import Simulator, simulator, until, workers
from tests.faults.figure import Figure, a_folder
from tests.faults.own_store import Store, a_store

PER_MINUTE, PER_DAY, CALLS, WORKERS = 20, 50, 120, 3
IN_FLIGHT = 5
DAY_S = 86_400


class Clock:
    """A wall clock that can be moved, for those who are started within `worn`."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        if not found:
            raise FileNotFoundError(
                "This needs libfaketime to move the store's clock. On Debian and"
                " Ubuntu: apt install libfaketime"
            )
        self._library = found[0]
        self._file = folder / "clock"
        self.ahead_s = 0.0
        self.move(0)

    def move(self, by_s: float) -> None:
        """Go on by so many seconds, at once, for everybody who wears it."""
        self.ahead_s += by_s
        self._file.write_text(f"+{self.ahead_s:.3f}\n")

    @contextmanager
    def worn(self) -> Iterator[None]:
        """Children that are started in the block live by this clock."""
        worn = {
            "LD_PRELOAD": str(self._library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # its name until, and after, some version
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        os.environ.update(worn)
        try:
            yield
        finally:
            for name in worn:
                del os.environ[name]


async def free_job(calls: int = CALLS) -> list[list[float]]:
    """The moments at which the upstream was asked, of each life of everything.

    Fails where a call is no good row.
    """
    folder = a_folder()
    clock, port = Clock(folder), _free_port()
    lives: list[list[float]] = []
    job_id = ""
    with clock.worn():
        store = Store(folder / "store")
    try:
        while True:
            with (
                simulator(
                    *("--port", str(port), "--tokens", "3", "--ttft-s", "0.05"),
                    *("--free-per-day", str(PER_DAY)),
                    module="tests.faults.ahead",
                    AHEAD_S=str(clock.ahead_s),
                ) as upstream,
                workers(
                    *(store.url, upstream.base_url, folder),
                    FREE_CALLS_PER_MINUTE=str(PER_MINUTE),
                ) as fleet,
            ):
                redis = connect(store.url)
                for _ in range(WORKERS):
                    fleet.start()
                job_id = job_id or await _submit(redis, calls)
                status = await _rests(redis, job_id)
                asked = await _over(upstream)
                lives.append(sorted(call["received_at"] for call in asked))
                outcomes = Counter(call["outcome"] for call in asked)
                assert set(outcomes) == {"ok"}, outcomes
                if status is Status.DONE:
                    each = samples.each_row(redis, job_id)
                    rows = [decode(row) async for row in each]
                    assert [row.outcome for row in rows] == [Outcome.OK] * calls
                    await redis.aclose()
                    return lives
                midnight_s = DAY_S - await now_s(redis) % DAY_S
                await redis.aclose()
            store.kill()
            clock.move(midnight_s + 1)
            with clock.worn():
                store.revive()
    finally:
        store.stop()


async def _submit(redis: Redis, calls: int) -> str:
    plan = Plan.model_validate(
        {
            "targets": [{"model": "acme/swift-8b:free"}],
            "prompts": {"prompts": ["Say it."]},
            "runs": calls,
            "load": {"concurrency": 2 * WORKERS},
        }
    )
    await until(lambda: _alive(redis), "three workers")
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, WORKERS)
    return run.job_id


async def _alive(redis: Redis) -> bool:
    return await redis.zcard(keys.WORKERS) == WORKERS


async def _rests(redis: Redis, job_id: str) -> Status:
    """`waiting` for a midnight that is still to come, or `done`."""
    status = Status.QUEUED

    async def there() -> bool:
        nonlocal status
        run = await runs.load(redis, job_id)
        status = run.status
        waits = status is Status.WAITING and (run.until or 0) > await now_s(redis)
        return waits or status in (Status.DONE, Status.FAILED)

    await until(there, "midnight, or the end", deadline_s=400)
    return status


async def _over(upstream: Simulator) -> list[dict[str, Any]]:
    """The ledger, once no call is open: one worker may find the day full while
    another's call is still answered."""

    async def none_is_open() -> bool:
        return all(call["outcome"] is not None for call in upstream.ledger())

    await until(none_is_open, "the end of the calls in flight")
    return upstream.ledger()


def most_within(moments: list[float], window_s: float) -> int:
    """The most of them in any stretch that long. moments: rising.

    >>> most_within([0.0, 1.0, 59.0, 61.0], 60.0)
    3
    """
    return max(
        bisect_left(moments, at_s + window_s) - first
        for first, at_s in enumerate(moments)
    )


def shortfall(moments: list[float]) -> float:
    """How much slower than allowed the calls went while they were held back.

    1 - (calls between the first and the last full minute) / (20 a minute)
    """
    full = (len(moments) - 1) // PER_MINUTE * PER_MINUTE
    took_s = moments[full] - moments[0]
    return 1 - full / (took_s / 60 * PER_MINUTE)


async def in_flight() -> tuple[int, float]:
    """(most open at once, mean of them while there was work) under a cap of five."""
    folder = a_folder()
    cap = {"MAX_CALLS_IN_FLIGHT": str(IN_FLIGHT)}
    slow = ("--tokens", "2", "--ttft-s", "0.5", "--gap-s", "0.01", "--spread", "0")
    with (
        a_store(folder) as store,
        simulator(*slow) as upstream,
        workers(store.url, upstream.base_url, folder, **cap) as fleet,
    ):
        redis = connect(store.url)
        for _ in range(WORKERS):
            fleet.start()
        job_id = await _submit_paid(redis)
        await until(lambda: _done(redis, job_id), "the end", deadline_s=200)
        await redis.aclose()
        return _open(upstream)


async def _submit_paid(redis: Redis) -> str:
    plan = Plan.model_validate(
        {
            "targets": [{"model": "acme/swift-8b"}],
            "prompts": {"prompts": ["Say it."]},
            "runs": 150,
            "load": {"concurrency": 24},
        }
    )
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, WORKERS)
    return run.job_id


async def _done(redis: Redis, job_id: str) -> bool:
    return (await runs.load(redis, job_id)).status is Status.DONE


def _open(upstream: Simulator) -> tuple[int, float]:
    calls = upstream.ledger()
    most = max(call["open_at_once"] for call in calls)
    begun = min(call["received_s"] for call in calls)
    over = max(call["ended_s"] for call in calls)
    busy_s = sum(call["ended_s"] - call["received_s"] for call in calls)
    return most, busy_s / (over - begun)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def allowances(long: bool) -> list[Figure]:
    """The free job (in short: one day of it), and calls in flight."""
    lives = await free_job(CALLS if long else 30)
    moments = [at_s for life in lives for at_s in life]
    a_minute = max(most_within(life, 60.0) for life in lives)
    a_day = max(Counter(int(at_s // DAY_S) for at_s in moments).values())
    slower = max(shortfall(life) for life in lives if len(life) > PER_MINUTE)
    most, mean = await in_flight()
    return [
        Figure(
            15,
            f"{len(moments)} free calls on {WORKERS} workers, {len(lives)} lives of"
            " everything: most in any minute, in a day; slower than allowed;"
            f" most in flight of {IN_FLIGHT}",
            f"{a_minute}, {a_day}; {slower:.2%}; {most} (mean {mean:.2f})",
            f"<= {PER_MINUTE}, <= {PER_DAY}; <= 1 %; <= {IN_FLIGHT}",
            a_minute <= PER_MINUTE
            and a_day <= PER_DAY
            and slower <= 0.01
            and most <= IN_FLIGHT,
        )
    ]
