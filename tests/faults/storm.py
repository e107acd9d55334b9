"""kill -9 at random moments over workers, store, API and reducer, with the oracle.

What was seen counted before a kill must be in the final rows. A seed repeats the
choice of victims and of waits; the moments themselves are the machine's.
"""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil

import httpx
import psutil

from shared.run import Ending, Status
from shared.sample import decode
from shared.store import runs, samples
from tests.children import until
from tests.faults.stack import ENDED, Stack, a_plan, reducers

LANES = 4
_VICTIMS = ("worker", "worker", "worker", "store", "api", "reducer")


@dataclass
class Report:
    """What a storm did, and what it found."""

    seed: int
    kills: dict[str, int] = field(default_factory=dict)
    jobs: int = 0
    rows: int = 0
    acknowledged: int = 0
    """Rows that were seen counted before some kill."""
    lost: int = 0
    twice: int = 0
    mismatches: int = 0
    failed_jobs: int = 0
    paid_lost: int = 0
    """Calls that were made and are no row: their worker was killed."""
    paid_lost_most: int = 0
    """The most of them for each kill of a worker or of the store, over the jobs."""
    takeovers_s: list[float] = field(default_factory=list)
    jobs_made: int = 0
    """By POSTs with an Idempotency-Key, repeated until one was answered."""

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def killed(self, victim: str) -> None:
        self.kills[victim] = self.kills.get(victim, 0) + 1


class Storm:
    """One job after the other, while processes are killed."""

    def __init__(self, stack: Stack, seed: int, *, calls: int = 400) -> None:
        self._stack = stack
        self._calls = calls
        self._chance = random.Random(seed)
        self._url = ""
        self._seen: set[tuple[int, int, str | None]] = set()
        self._job_id = ""
        self._disturbed = 0
        self.report = Report(seed)

    async def run(
        self, kills: int, victims: tuple[str, ...] = _VICTIMS, workers: int = 3
    ) -> Report:
        """Go on until so many processes were killed, and check every job."""
        self._url = self._stack.start_api()
        for _ in range(workers):
            self._stack.fleet.start()
        left = [victims[i % len(victims)] for i in range(kills)]
        self._chance.shuffle(left)
        while left:
            await self._one_job(left)
        return self.report

    async def _one_job(self, left: list[str]) -> None:
        before = len(self._stack.upstream.ledger)
        self._job_id, self._seen, self._disturbed = await self._post(), set(), 0
        while left and await self._is_open():
            victim = left.pop()
            await self._kill(victim)
            if victim == "reducer":
                break
            # One row at least between two kills: three without one are poison.
            await self._one_more_row()
        run = await self._stack.reaches(self._job_id, *ENDED, deadline_s=100)
        await self._check(run.status, before)

    async def _post(self) -> str:
        """Ask for a job with a key, again and again until it is answered."""
        key = f"storm-{self.report.seed}-{self.report.jobs}"
        body = a_plan(n=self._calls).model_dump_json()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        self.report.jobs += 1
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            for _ in range(200):
                with suppress(httpx.TransportError):
                    answer = await http.post(
                        f"{self._url}/benchmark", content=body, headers=headers
                    )
                    if answer.status_code == 202:
                        return str(answer.json()["job_id"])
                    assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.05)
        raise AssertionError("no POST was answered")

    async def _is_open(self) -> bool:
        run = await self._stack.run(self._job_id)
        return run is None or run.status not in (Status.REDUCING, *ENDED)

    async def _look(self) -> None:
        """Remember every row that is counted by now."""
        async for text in samples.each_row(self._stack.redis, self._job_id):
            row = decode(text)
            self._seen.add((row.slot, row.attempt, row.generation_id))

    async def _kill(self, victim: str) -> None:
        await asyncio.sleep(self._chance.random() * 0.4)
        await self._look()
        await getattr(self, f"_kill_{victim}")()
        self.report.killed(victim)

    async def _kill_worker(self) -> None:
        stack = self._stack
        alive = [child for child in stack.fleet.children if child.poll() is None]
        owners = await stack.owners(self._job_id)
        working = [child for child in alive if child.pid in owners.values()]
        child = self._chance.choice(working or alive)
        child.kill()
        child.wait()
        killed_s = time.monotonic()
        self._disturbed += 1
        stack.fleet.start()
        mine = [shard for shard, pid in owners.items() if pid == child.pid]

        async def taken_over() -> bool:
            now = await stack.owners(self._job_id)
            return not await self._is_open() or all(
                now.get(shard) != child.pid for shard in mine
            )

        if mine:
            await until(taken_over, "a takeover")
            self.report.takeovers_s.append(time.monotonic() - killed_s)

    async def _kill_store(self) -> None:
        # away for longer than a lease, its calls in flight are made again by others
        self._stack.store.kill()
        await asyncio.sleep(self._chance.random() * 0.5)
        self._stack.store.revive()

    async def _kill_api(self) -> None:
        """In the middle of a POST: it made one job or none, and is asked again."""
        api = self._stack.api
        assert api is not None
        asking = asyncio.ensure_future(self._ask_twice())
        await asyncio.sleep(self._chance.random() * 0.03)
        api.kill()
        api.wait()
        self._url = await asyncio.to_thread(self._stack.start_api)
        await asking
        self.report.jobs_made += 1

    async def _ask_twice(self) -> None:
        """A job that is cancelled as soon as it is there; two POSTs, one job."""
        first, second = await self._post_small(), await self._post_small()
        assert first == second, "one key made two jobs"
        await runs.end(self._stack.redis, first, Ending.CANCELLED)

    async def _post_small(self) -> str:
        key = f"small-{self.report.seed}-{self.report.jobs_made}"
        body = a_plan(n=1).model_dump_json()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            for _ in range(600):
                with suppress(httpx.TransportError):
                    answer = await http.post(
                        f"{self._url}/benchmark", content=body, headers=headers
                    )
                    if answer.status_code == 202:
                        return str(answer.json()["job_id"])
                await asyncio.sleep(0.05)
        raise AssertionError("no POST was answered")

    async def _kill_reducer(self) -> None:
        found: list[psutil.Process] = []

        async def reducing() -> bool:
            found[:] = reducers(self._job_id)
            return bool(found)

        await until(reducing, "a reducer", deadline_s=100)
        await asyncio.sleep(self._chance.random() * 0.6)
        await self._look()
        for process in reducers(self._job_id):
            process.kill()

    async def _one_more_row(self) -> None:
        run = await self._stack.run(self._job_id)
        if run is not None:
            await self._stack.closed(self._job_id, run.closed + 1)

    async def _check(self, status: Status, before: int) -> None:
        report, stack = self.report, self._stack
        rows = await stack.rows(self._job_id)
        final = {(row.slot, row.attempt, row.generation_id) for row in rows}
        report.rows += len(rows)
        report.acknowledged += len(self._seen)
        report.lost += len(self._seen - final)
        report.twice += len(rows) - len({row.slot for row in rows})
        report.failed_jobs += status is not Status.DONE
        asked = {f"Say {i}." for i in range(self._calls)}
        made = [c for c in stack.upstream.ledger[before:] if c.prompt in asked]
        unheard = {c.id for c in made} - {row.generation_id for row in rows}
        report.paid_lost += len(unheard)
        if self._disturbed:
            most = len(unheard) / self._disturbed
            report.paid_lost_most = max(report.paid_lost_most, ceil(most))
        try:
            table = stack.table(self._job_id)
            assert len(table) == len(rows) == self._calls
            ids = {line["generation_id"] for line in table}
            assert ids == {row.generation_id for row in rows}
            assert ids <= {call.id for call in stack.upstream.ledger}
        except AssertionError:
            report.mismatches += 1
