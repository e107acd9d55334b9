"""kill -9 at random moments over workers, store, API and reducer, with the oracle.

What was seen counted before a kill must be in the final rows. A seed repeats the
choice of victims and of waits; the moments themselves are the machine's.
"""

import asyncio
import random
import time
from contextlib import suppress

import httpx
import psutil

from shared.errors import WrongState
from shared.run import Ending, Status
from shared.sample import decode
from shared.store import keys
from shared.store.client import reply
from shared.store.run import samples, states
from tests.children import until
from tests.faults.losses import Disturbance, Report, Victim, blamed, repeated
from tests.faults.reducers import reducers
from tests.faults.stack import ENDED, HEARTBEAT_S, LEASE_S, Stack, a_plan
from worker.shard.lease_keeper import AGAIN_S

LANES = 4
GAP_S = 0.017
"""Between two of the eight pieces of an answer, for calls of 0.12 s: a lane of shorter
ones would not wait for its row (`worker/rows/lane_guard.py`)."""
_VICTIMS: tuple[Victim, ...] = (
    *("worker", "worker", "worker"),
    *("store", "api", "reducer"),
)
ASKED_AGAIN_S = AGAIN_S + 0.1
"""Within this a worker renews its leases once the store is there again: its pause, and
the tries of its client before that."""
NOTICED_S = 0.5
"""So long after the store is there again a worker may have rows that waited for it:
whoever kills it then takes them, too."""


class Storm:
    """One job after the other, while processes are killed."""

    def __init__(self, stack: Stack, seed: int, *, calls: int = 240) -> None:
        self._stack = stack
        self._calls = calls
        self._chance = random.Random(seed)
        self._url = ""
        self._seen: set[tuple[int, int, str | None]] = set()
        self._job_id = ""
        self._disturbances: list[Disturbance] = []
        self._store_there_s = 0.0
        self.report = Report(seed)

    async def run(
        self, kills: int, victims: tuple[Victim, ...] = _VICTIMS, workers: int = 3
    ) -> Report:
        """Go on until so many processes were killed, and check every job."""
        for _ in range(workers):
            self._stack.fleet.start()
        self._url = self._stack.start_api()
        left = [victims[i % len(victims)] for i in range(kills)]
        self._chance.shuffle(left)
        while left:
            await self._one_job(left)
        return self.report

    async def _one_job(self, left: list[Victim]) -> None:
        self._job_id, self._seen, self._disturbances = await self._post(), set(), []
        while left and await self._is_open():
            victim = left[-1]
            if await self._kill(victim):
                left.pop()
                self.report.killed(victim)
            if victim == "reducer":
                break
            # One row at least between two kills: three without one are poison.
            await self._one_more_row()
        run = await self._stack.reaches(self._job_id, *ENDED, deadline_s=100)
        await self._check(run.status)

    async def _post(self) -> str:
        """Ask for a job with a key, again and again until it is answered."""
        self.report.jobs += 1
        key = f"storm-{self.report.seed}-{self.report.jobs}"
        body = a_plan(self._model, n=self._calls).model_dump_json()
        return await self._answered(key, body)

    @property
    def _model(self) -> str:
        """Of the job that runs: its calls are known by it."""
        return f"ok/{self.report.jobs}"

    async def _answered(self, key: str, body: str) -> str:
        """The job that a POST with this key has made, however often we must ask."""
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            for _ in range(600):
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

    async def _kill(self, victim: Victim) -> bool:
        """Whether it was there to be killed."""
        await self._look()
        killed: bool = await getattr(self, f"_kill_{victim}")()
        return killed

    async def _a_while(self) -> None:
        """So that the moment is by chance, and none at which the store has just told
        us something."""
        await asyncio.sleep(self._chance.random() * 0.4)

    async def _kill_worker(self) -> bool:
        stack = self._stack
        alive = [child for child in stack.fleet.children if child.poll() is None]
        owners = await stack.owners(self._job_id)
        working = [child for child in alive if child.pid in owners.values()]
        if not working:
            return False
        child = self._chance.choice(working)
        await self._a_while()
        child.kill()
        child.wait()
        killed_s = time.monotonic()
        owners = await stack.owners(self._job_id)
        mine = [shard for shard, pid in owners.items() if pid == child.pid]
        stack.fleet.start()
        if not mine:
            return False  # its share of the work was over by then
        noticed = killed_s > self._store_there_s + NOTICED_S
        lanes = await self._lanes(mine) if noticed else None
        self._disturbances.append(Disturbance(killed_s, "worker", lanes))

        async def taken_over() -> bool:
            now = await stack.owners(self._job_id)
            return not await self._is_open() or all(
                now.get(shard) != child.pid for shard in mine
            )

        await until(taken_over, "a takeover")
        self.report.takeovers_s.append(time.monotonic() - killed_s)
        return True

    async def _lanes(self, shards: list[int]) -> int:
        """How many calls these shards may have open together."""
        step = keys.step(self._job_id, 0)[0]
        of = int(await reply(self._stack.redis.hget(step, "shards")) or 0)
        share, rest = divmod(LANES, of)
        return sum(share + (shard < rest) for shard in shards)

    async def _kill_store(self) -> bool:
        await self._a_while()
        killed_s = time.monotonic()
        self._stack.store.kill()
        await asyncio.sleep(self._chance.random() * 0.5)
        self._stack.store.revive()
        there_s = self._store_there_s = time.monotonic()
        if there_s - killed_s > LEASE_S - HEARTBEAT_S - ASKED_AGAIN_S:
            # a lease may have lapsed, and others make its calls in flight again
            self._disturbances.append(Disturbance(there_s, "store"))
        return True

    async def _kill_api(self) -> bool:
        """In the middle of POSTs: they made one job or none, and are made again."""
        api, revived = self._stack.api, asyncio.Event()
        assert api is not None
        asking = asyncio.ensure_future(self._ask_until(revived))
        await asyncio.sleep(self._chance.random() * 0.03)
        assert not asking.done()
        api.kill()
        api.wait()
        self._url = await asyncio.to_thread(self._stack.start_api)
        revived.set()
        await asking
        return True

    async def _ask_until(self, revived: asyncio.Event) -> None:
        """POSTs with one key before, during and after the kill make one job, which is
        cancelled as soon as it is there."""
        self.report.jobs_made += 1
        key = f"small-{self.report.seed}-{self.report.jobs_made}"
        body = a_plan("ok/small", n=1).model_dump_json()
        made: set[str] = set()
        asked_after = False
        while not asked_after:
            asked_after = revived.is_set()
            made.add(await self._answered(key, body))
        assert len(made) == 1, "one key made two jobs"
        with suppress(WrongState):  # its one call may have ended before
            await states.end(self._stack.redis, made.pop(), Ending.CANCELLED)

    async def _kill_reducer(self) -> bool:
        found: list[psutil.Process] = []

        async def reducing() -> bool:
            found[:] = await reducers(self._stack, self._job_id)
            run = await self._stack.run(self._job_id)
            return bool(found) or (run is not None and run.status in ENDED)

        await until(reducing, "a reducer", deadline_s=100)
        await asyncio.sleep(self._chance.random() * 0.6)
        await self._look()
        killed = 0
        for process in await reducers(self._stack, self._job_id):
            with suppress(psutil.NoSuchProcess):
                process.kill()
                killed += 1
        return killed > 0

    async def _one_more_row(self) -> None:
        run = await self._stack.run(self._job_id)
        if run is not None:
            await self._stack.closed(self._job_id, run.closed + 1)

    async def _check(self, status: Status) -> None:
        report, stack = self.report, self._stack
        rows = await stack.rows(self._job_id)
        final = {(row.slot, row.attempt, row.generation_id) for row in rows}
        report.rows += len(rows)
        report.acknowledged += len(self._seen)
        report.lost += len(self._seen - final)
        report.twice += len(rows) - len({row.slot for row in rows})
        report.failed_jobs += status is not Status.DONE
        again = repeated(stack.upstream.of(self._model))
        report.paid_lost += len(again)
        report.paid_lost_to_nothing += blamed(again, self._disturbances)
        for one in self._disturbances:
            if one.of == "worker" and one.lanes is None:
                report.kills_after_store += 1
                report.paid_lost_after_store += one.calls
            elif one.lanes is not None:
                beyond = one.calls - one.lanes
                report.paid_lost_most = max(report.paid_lost_most, one.calls)
                report.paid_lost_beyond = max(report.paid_lost_beyond, beyond)
        try:
            assert len(rows) == self._calls
            await stack.balanced(self._job_id, lost=len(again))
        except AssertionError:
            report.mismatches += 1
