"""Our own path: a plan in a real store, a real worker, rows read back from there."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import from_json
from redis.asyncio import Redis

from bench.machine import LOAD_CORE, Turns, forget_peak, pinned, turns, used
from bench.stub import Stub, Truth
from shared.plan import Plan
from shared.process import tied
from shared.run import Run, Status
from shared.sample import Sample, decode
from shared.store import embedded, workers
from shared.store.client import connect, connect_blocking
from shared.store.run import events, runs, samples

_ENDED = (Status.DONE, Status.CANCELLED, Status.FAILED)


@dataclass(frozen=True, slots=True)
class Bed:
    """A store, and the folder where everything of this measurement lies."""

    redis: Redis
    url: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process on the load's core."""

    pid: int
    started_s: float
    """Monotonic, just before the process was made."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run, its rows and the truth about them."""

    rows: list[Sample]
    truth: Mapping[str, Truth]
    """What the stub did, by the `id` of its answer."""
    events_s: Mapping[str, Sequence[float]]
    """By the same `id`, our own stamps of all its token events, seconds since its
    sending; empty unless the plan keeps them."""
    committed_s: float
    """From the first start to the commit of the last row."""
    turns: Turns
    """Of the worker itself, from the order to the last commit."""
    peak_mb: float
    summary: Mapping[str, Any]

    @property
    def verdict(self) -> str:
        """`valid`, `suspect: reason; ...` or `invalid: reason; ...`."""
        said = self.summary["verdict"]
        why = "; ".join(reason["code"] for reason in said["reasons"])
        return f"{said['kind']}: {why}" if why else str(said["kind"])

    @property
    def own_s(self) -> float:
        """From the first sending to the last end, as the rows tell it."""
        sent_s = [row.sent_s for row in self.rows if row.sent_s is not None]
        ended_s = [row.ended_s for row in self.rows if row.ended_s is not None]
        return max(ended_s) - min(sent_s)


@asynccontextmanager
async def bed(folder: Path) -> AsyncIterator[Bed]:
    """The embedded store in an empty folder, for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    server = embedded.start(folder / "store")
    redis = connect(server.url, timeout_s=30)
    try:
        yield Bed(redis, server.url, folder)
    finally:
        await redis.aclose()
        server.stop()


def environment(bed: Bed, stub: Stub) -> dict[str, str]:
    """What our processes need to know to meet this store and this stub."""
    given = {
        **os.environ,
        "REDIS_URL": bed.url,
        "OPENROUTER_BASE_URL": stub.base_url,
        "UPSTREAM_KIND": "openai",
        "OPENROUTER_API_KEY": "sk-bench",
        "RESULTS_DIR": str(bed.folder / "results"),
        "LOG_FILE": str(bed.folder / "server_logs.txt"),
        "MAX_CALLS": "2000000",
    }
    if stub.ca_file is not None:
        given["UPSTREAM_CA_FILE"] = str(stub.ca_file)
    return given


@contextmanager
def worker(bed: Bed, stub: Stub) -> Iterator[Worker]:
    """A worker on the load's core, for as long as the block lasts."""
    argv = tied(pinned(LOAD_CORE, [sys.executable, "-m", "worker"]))
    started_s = time.monotonic()
    with (bed.folder / "worker.out").open("ab") as out:
        child = subprocess.Popen(
            argv, env=environment(bed, stub), stdout=out, stderr=out
        )
    try:
        yield Worker(child.pid, started_s)
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(60)


async def measure(bed: Bed, worker: Worker, stub: Stub, plan: Plan) -> Measured:
    """Have the worker do the plan, and wait until it is reduced.

    RuntimeError when the run did not end as `done`.
    """
    await _is_up(bed.redis)  # its start is no part of its CPU
    stub.truth()  # forgets what was before
    forget_peak(worker.pid)
    before = turns(worker.pid)
    run = await runs.create(bed.redis, plan)
    run = await _until(bed.redis, run.job_id, (Status.REDUCING, *_ENDED))
    given = turns(worker.pid).since(before)
    peak_mb = used(worker.pid).peak_mb
    run = await _until(bed.redis, run.job_id, _ENDED)
    if run.status is not Status.DONE:
        raise RuntimeError(f"the run ended {run.status}: {run.error}")
    with connect_blocking(bed.url) as store:
        rows = [decode(row) for row in samples.rows(store, run.job_id)]
        events_s = events_by_name(rows, samples.answers(store, run.job_id))
    labels = [row.started_at for row in rows if row.started_at is not None]
    return Measured(
        rows=rows,
        truth=stub.truth(),
        events_s=events_s,
        committed_s=await _reducing_at_s(bed.redis, run.job_id) - min(labels),
        turns=given,
        peak_mb=peak_mb,
        summary=await runs.result_of(bed.redis, run.job_id) or {},
    )


def events_by_name(
    rows: list[Sample], answers: Iterable[bytes]
) -> dict[str, Sequence[float]]:
    """The kept events, by what the upstream calls the answer instead of by its slot."""
    names = {(row.step, row.slot, row.attempt): row.generation_id for row in rows}
    found: dict[str, Sequence[float]] = {}
    for answer in map(from_json, answers):
        name = names.get((answer["step"], answer["slot"], answer["attempt"]))
        if name is not None and answer["token_events_s"]:
            found[name] = answer["token_events_s"]
    return found


async def _is_up(redis: Redis) -> None:
    async with asyncio.timeout(60):
        while not await workers.alive(redis, lease_s=60):
            await asyncio.sleep(0.02)


async def _until(redis: Redis, job_id: str, states: tuple[Status, ...]) -> Run:
    async with asyncio.timeout(300):
        while (run := await runs.load(redis, job_id)).status not in states:
            await asyncio.sleep(0.02)
    return run


async def _reducing_at_s(redis: Redis, job_id: str) -> float:
    """Unix seconds of the commit that ended the run."""
    after = "0-0"
    while True:
        seen = after
        async for event in events.since(redis, job_id, after, block_ms=1):
            after = event.id
            if event.status == Status.REDUCING:
                return int(event.id.partition("-")[0]) / 1000
        if after == seen:
            raise RuntimeError(f"run {job_id} has no event of its end")
