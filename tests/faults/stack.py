"""A whole stack to be hurt: store, upstream, workers, API; and the oracle over it."""

import asyncio
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import psutil
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency, Load
from shared.plan.prompts import InlinePrompts
from shared.process import tied
from shared.run import Run, Status
from shared.sample import Sample, decode
from shared.store import keys
from shared.store.client import AWAY, connect
from shared.store.run import runs, samples
from tests.children import CANARY, SHORT, Workers, until, workers
from tests.faults.canary import assert_no_secret, assert_no_secret_in_command_lines
from tests.faults.own_store import Store, a_store
from tests.faults.proxy import Proxy
from tests.faults.upstream import Fault, fault_upstream, keys_seen
from tests.warm import processes
from tests.warm.processes import Forked
from tests.worker.told import is_in

ENDED = (Status.DONE, Status.CANCELLED, Status.FAILED)
NOTHING: Mapping[str, str] = MappingProxyType({})
LEASE_S = float(SHORT["LEASE_S"])
HEARTBEAT_S = float(SHORT["HEARTBEAT_S"])


class Stack:
    """Everything that a test of faults needs."""

    def __init__(self, store: Store, upstream: Fault, fleet: Workers) -> None:
        self.store, self.upstream, self.fleet = store, upstream, fleet
        self.redis: Redis = connect(store.url)
        self.folder = fleet.folder
        self.api: subprocess.Popen[bytes] | None = None
        self.api_port = 0
        """Of the API itself; `start_api` gives the address of who listens in."""
        self.ears: list[Proxy] = []
        """One before each API: they have heard whatever it has said to anybody."""
        self._apis = 0
        self._opened = ExitStack()

    async def submit(self, plan: Plan) -> str:
        run = await runs.create(self.redis, plan)
        await queue.ring(self.redis, run.job_id, 2)
        return run.job_id

    async def run(self, job_id: str) -> Run | None:
        """The run, or None while the store is away."""
        try:
            return await runs.load(self.redis, job_id)
        except AWAY:
            return None

    async def reaches(
        self, job_id: str, *statuses: Status, deadline_s: float = 60
    ) -> Run:
        """The run, once it is in one of these states; fails when it ends in another."""

        async def there() -> bool:
            run = await self.run(job_id)
            return run is not None and is_in(run, statuses)

        await until(there, f"{statuses} of {job_id}", deadline_s=deadline_s)
        return await runs.load(self.redis, job_id)

    async def closed(self, job_id: str, n: int) -> None:
        async def enough() -> bool:
            run = await self.run(job_id)
            return run is not None and (run.closed >= n or run.status in ENDED)

        await until(enough, f"{n} closed slots of {job_id}")

    async def rows(self, job_id: str) -> list[Sample]:
        return [decode(row) async for row in samples.each_row(self.redis, job_id)]

    async def owners(self, job_id: str) -> dict[int, int]:
        """Shard -> process id of the worker that has it."""
        step = keys.step(job_id, 0)[0]
        record: dict[bytes, bytes] = await self.redis.hgetall(step)  # type: ignore[misc]
        return {
            int(name.split(b":")[1]): int(owner.split(b":")[1])
            for name, owner in record.items()
            if name.startswith(b"owner:")
        }

    def table(self, job_id: str) -> list[dict[str, str]]:
        """The lines of samples.csv."""
        path = Path(self.fleet.env["RESULTS_DIR"]) / job_id / "samples.csv"
        with path.open(newline="", encoding="utf-8-sig") as file:
            return list(csv.DictReader(file))

    def start_api(self, **env: str) -> str:
        """The API as a process; its address, at which we hear all that it says."""
        self._apis += 1
        log = self.folder / f"api{self._apis}.txt"
        args, given = ["api", "--port", "0"], {**os.environ, **self.fleet.env, **env}
        with log.open("wb") as out:
            if self.fleet.warm:
                self.api = Forked(args, given, out)
            else:
                argv = tied([sys.executable, "-m", *args])
                self.api = subprocess.Popen(argv, env=given, stdout=out, stderr=out)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if found := re.search(r"ready http://\S+:(\d+)", log.read_text("utf-8")):
                self.api_port = int(found[1])
                proxy = Proxy(f"127.0.0.1:{self.api_port}")
                self.ears.append(self._opened.enter_context(proxy.serving()))
                return f"http://127.0.0.1:{proxy.port}"
            assert self.api.poll() is None, log.read_text("utf-8")
            time.sleep(0.02)
        raise AssertionError("the API was not ready within 60 s")

    def said(self) -> str:
        """All logs and all that was printed."""
        files = [*self.folder.glob("*.out"), *self.folder.glob("*.txt*")]
        return "".join(file.read_text("utf-8", "replace") for file in files)

    async def balanced(self, job_id: str, *, lost: int = 0, models: str = "") -> None:
        """Upstream's ledger = rows = CSV = bill, but for `lost` calls at the most that
        were paid for and whose worker was killed."""
        rows = await self.rows(job_id)
        plan = await runs.plan_of(self.redis, job_id)
        asked = {target.model for target in plan.targets}
        true = {c.id: c for c in self.upstream.ledger if c.model in asked}
        found = [row.generation_id for row in rows if row.generation_id]
        final = {(r.step, r.slot): r for r in sorted(rows, key=lambda r: r.attempt)}
        places = [(row.step, row.slot, row.attempt) for row in rows]
        assert len(places) == len(set(places)), "a row was counted twice"
        assert len(found) == len(set(found)), "a call was counted twice"
        assert set(found) <= set(true), "a row of a call that nobody made"
        assert len(true) - len(rows) <= lost, "more calls were lost than could be"
        run = await runs.load(self.redis, job_id)
        assert run.closed == len(final) == (run.total or run.closed)
        table = self.table(job_id)
        assert len(table) == len(rows)
        assert sorted(line["generation_id"] for line in table) == sorted(
            row.generation_id or "" for row in rows
        )
        told = sum(map(micro_usd, (row.cost_usd for row in rows)))
        for row in rows:
            charged = true[row.generation_id].cost_usd if row.generation_id else None
            assert not row.ok or micro_usd(row.cost_usd) == micro_usd(charged)
        assert sum(micro_usd(line["cost_usd"]) for line in table) == told
        assert self.billed(job_id) == told
        paid = sum(
            micro_usd(true[r.generation_id or ""].cost_usd) for r in rows if r.ok
        )
        assert told == paid, "the upstream charged something else"

    def billed(self, job_id: str) -> int:
        """What summary.json says that it cost, in millionths of a dollar."""
        path = Path(self.fleet.env["RESULTS_DIR"]) / job_id / "summary.json"
        said = json.loads(path.read_text("utf-8"))
        return micro_usd(said["cost"]["billed_usd"]) + micro_usd(said["warmup_usd"])

    async def nothing_is_left(self) -> None:
        """No socket upstream, and no key without an end beyond the named kinds."""

        async def all_closed() -> bool:
            return self.upstream.open == 0

        await until(all_closed, "the end of all connections upstream")
        named = {keys.RUNS, keys.OPEN, keys.BORN, keys.COUNTS, queue.QUEUE}
        open_ids = [i.decode() for i in await self.redis.zrange(keys.OPEN, 0, -1)]
        async for raw in self.redis.scan_iter(count=1000):
            key = raw.decode()
            if await self.redis.ttl(key) != -1 or key in named:
                continue
            assert any(job_id in key for job_id in open_ids), f"{key} has no end"

    async def close(self) -> None:
        await self.redis.aclose()
        if self.api is not None and self.api.poll() is None:
            self.api.send_signal(signal.SIGTERM)
            self.api.wait(30)
        await asyncio.to_thread(self._opened.close)

    async def tells_nobody_our_key(self) -> None:
        """What anybody could hear or read of this stack while it runs."""
        assert_no_secret_in_command_lines()
        for proxy in self.ears:
            assert proxy.heard, "an API was started, and nobody asked it anything"
            assert_no_secret(proxy.heard, "an answer of the API")
        if self.store.process.poll() is not None:
            return  # what it had is on disk
        streams = 0
        async for key in self.redis.scan_iter(match="*:events", count=1000):
            streams += 1
            for _, fields in await self.redis.xrange(key):
                assert_no_secret(b"".join(fields.values()), "an event in the store")
        assert streams >= await self.redis.zcard(keys.RUNS), "events were not found"


def micro_usd(usd: Decimal | float | str | None) -> int:
    """In millionths of a dollar; unknown or empty is 0."""
    return round(Decimal(str(usd or 0)) * 1_000_000)


def a_plan(
    *models: str, n: int = 100, load: Load | None = None, runs_: int = 1
) -> Plan:
    """`n` prompts for each model."""
    return Plan(
        targets=tuple(Target(model=model) for model in models or ("ok",)),
        prompts=InlinePrompts(prompts=tuple(f"Say {i}." for i in range(n))),
        runs=runs_,
        load=load or Concurrency(concurrency=4),
    )


@asynccontextmanager
async def a_stack(
    folder: Path,
    *,
    gap_s: float = 0.002,
    store_url: str | None = None,
    env: Mapping[str, str] = NOTHING,
    warm: bool = False,
) -> AsyncIterator[Stack]:
    """A stack without a worker yet. At the end every process has gone, and our key
    was shown to the upstream and to nobody else.

    warm: workers and reduces need not import; not where a reduce is killed.
    """
    if warm:
        processes.warm()  # it stays
    family = set(psutil.Process().children(recursive=True))
    with a_store(folder) as store:
        with (
            fault_upstream(gap_s) as upstream,
            workers(
                store_url or store.url, upstream.url, folder, warm=warm, **env
            ) as fleet,
        ):
            stack = Stack(store, upstream, fleet)
            try:
                yield stack
                await stack.tells_nobody_our_key()
            finally:
                for child in fleet.children:
                    if child.poll() is None:
                        child.send_signal(signal.SIGCONT)
                await stack.close()
        for file in filter(Path.is_file, folder.rglob("*")):
            assert_no_secret(file.read_bytes(), str(file.relative_to(folder)))
        assert keys_seen(upstream) <= {CANARY}
    await all_gone(family)


async def all_gone(before: set[psutil.Process]) -> None:
    """No process of ours is left that was not there before; a reduce may end first."""

    async def none_is_left() -> bool:
        now = set(psutil.Process().children(recursive=True)) - before
        return all(p.status() == psutil.STATUS_ZOMBIE for p in now if p.is_running())

    await until(none_is_left, "the end of all processes", deadline_s=30)


__all__ = [
    "ENDED",
    "HEARTBEAT_S",
    "LEASE_S",
    "Stack",
    "Store",
    "a_plan",
    "a_stack",
    "a_store",
]
