"""Each figure of the scorecard: how it is measured, and the bar that it has to meet."""

import asyncio
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from shared.loads import Concurrency
from shared.run import Ending, Status
from shared.store import runs
from tests.faults.fuzz import fuzz
from tests.faults.stack import LEASE_S, a_plan, a_stack
from tests.faults.storm import LANES, Report, Storm
from tests.faults.test_asking import posted
from tests.faults.test_drain import rolled
from tests.faults.test_strangers import LIMITS, outcomes
from tests.faults.upstream import Called, framed


@dataclass(frozen=True)
class Figure:
    """One line of the scorecard."""

    number: int
    what: str
    measured: str
    bar: str
    met: bool


def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="llmbench-faults-"))


def _p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else 0.0


async def kills(total: int, seed: int) -> list[Figure]:
    """Storms of 20 kills each, every one with a seed and a stack of its own."""
    reports: list[Report] = []
    while sum(report.total for report in reports) < total:
        at = seed + len(reports)
        left = total - sum(report.total for report in reports)
        async with a_stack(_folder()) as stack:
            report = await Storm(stack, at).run(min(20, left))
            await stack.nothing_is_left()
        print(f"  seed {at}: {report}", flush=True)
        reports.append(report)

    def all_(name: str) -> int:
        return sum(getattr(report, name) for report in reports)

    killed = {
        name: sum(report.kills.get(name, 0) for report in reports)
        for name in ("worker", "store", "api", "reducer")
    }
    of_each = ", ".join(f"{n} {name}" for name, n in killed.items())
    takeovers_s = [s for report in reports for s in report.takeovers_s]
    paid = max(report.paid_lost_most for report in reports)
    wrong = all_("failed_jobs") + all_("mismatches")
    p99_s = _p99(takeovers_s)
    seeds = f"{seed} to {seed + len(reports) - 1}"
    return [
        Figure(
            1,
            "rows lost that had been seen counted",
            f"{all_('lost')} of {all_('acknowledged')}",
            "0",
            all_("lost") == 0 and all_("acknowledged") > 0,
        ),
        Figure(
            2,
            "rows counted twice",
            f"{all_('twice')} of {all_('rows')}",
            "0",
            all_("twice") == 0,
        ),
        Figure(
            3,
            "jobs whose ledger, rows and CSV differ",
            f"{all_('mismatches')} of {all_('jobs')}",
            "0",
            all_("mismatches") == 0,
        ),
        Figure(
            4,
            "kill -9 survived",
            f"{all_('total')} ({of_each}), seeds {seeds},"
            f" {all_('failed_jobs')} jobs failed",
            ">= 200, none failed",
            all_("total") >= 200 and all_("failed_jobs") == 0,
        ),
        Figure(
            6,
            "takeover after the kill of a worker, p99",
            f"{p99_s:.1f} s of {len(takeovers_s)}, lease {LEASE_S:g} s",
            "<= lease + 3 s",
            p99_s <= LEASE_S + 3,
        ),
        Figure(
            7,
            "paid calls lost for each kill of a worker or of the store, most",
            f"{paid} with {LANES} lanes ({all_('paid_lost')} in all)",
            "<= lanes",
            paid <= LANES,
        ),
        Figure(
            11,
            "runs called done that were not, files cut short",
            f"{wrong} of {all_('jobs')}",
            "0",
            wrong == 0,
        ),
    ]


async def restarts(times: int) -> list[Figure]:
    async with a_stack(_folder(), gap_s=0.02) as stack:
        took_s = await rolled(stack, times, n=1200)
    return [
        Figure(
            8,
            "SIGTERM to exit, p99; calls lost",
            f"{_p99(took_s):.1f} s; 0",
            "<= 30 s; 0",
            _p99(took_s) <= 30,
        ),
        Figure(
            9,
            "restarts in a row without failing a job",
            str(len(took_s)),
            ">= 20",
            len(took_s) >= 20,
        ),
    ]


async def outage(seconds: float) -> list[Figure]:
    """A store that hangs: asked all the time, and the job goes on afterwards."""
    slowest_s = 0.0
    async with a_stack(_folder(), gap_s=0.02) as stack:
        url = stack.start_api()
        stack.fleet.start()
        job_id = await stack.submit(a_plan(n=300))
        await stack.closed(job_id, 20)
        stack.store.process.send_signal(signal.SIGSTOP)
        until_s = time.monotonic() + seconds
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            while time.monotonic() < until_s:
                asked_s = time.monotonic()
                answer = await http.get(f"{url}/benchmark/{job_id}")
                slowest_s = max(slowest_s, time.monotonic() - asked_s)
                assert answer.status_code == 503
        stack.store.process.send_signal(signal.SIGCONT)
        done = await stack.reaches(job_id, Status.DONE)
        await stack.balanced(job_id, lost=LANES)
    return [
        Figure(
            10,
            "store outage survived; slowest answer of the API during it",
            f"{seconds:g} s; {slowest_s:.2f} s",
            "30 s; <= 3 s",
            done.closed == 300 and seconds >= 30 and slowest_s <= 3,
        )
    ]


async def posts(keys: int, times: int) -> list[Figure]:
    async with a_stack(_folder()) as stack:
        url = stack.start_api()
        for number in range(keys):
            await posted(url, f"key-{number}", times)
        made = await stack.redis.zcard("llmbench:runs")
    return [
        Figure(
            12,
            f"jobs made by {keys} x {times} equal POSTs",
            str(made),
            str(keys),
            made == keys,
        )
    ]


async def starts_after_a_cancel(times: int) -> list[Figure]:
    latest_s = 0.0
    async with a_stack(_folder(), gap_s=0.01) as stack:
        for _ in range(2):
            stack.fleet.start()
        for _ in range(times):
            plan = a_plan(n=400, load=Concurrency(concurrency=16))
            job_id = await stack.submit(plan)
            await stack.closed(job_id, 40)
            await runs.end(stack.redis, job_id, Ending.CANCELLED)
            cancelled_s = time.monotonic()
            await stack.reaches(job_id, Status.CANCELLED)
            last_s = max(call.at_s for call in stack.upstream.ledger)
            latest_s = max(latest_s, last_s - cancelled_s)
    return [
        Figure(
            13,
            f"last start after a cancel, of {times}",
            f"{max(0.0, latest_s) * 1000:.0f} ms",
            "<= 1 s",
            latest_s <= 1,
        )
    ]


async def streams(total: int, seed: int) -> list[Figure]:
    """Over sockets: an end after every byte. In this process: by chance."""
    call = Called("gen-100", "fin/100", "", "", 0)
    whole = len(b"".join(framed(call))) - len(b"[DONE]\n\n\r\n0\r\n\r\n")
    cuts = [f"{how}/{k}" for how in ("fin", "rst") for k in range(whole)]
    wrong = 0
    async with a_stack(_folder(), env=LIMITS) as stack:
        worker = stack.fleet.start()
        for at in range(0, len(cuts), 200):
            rows = await outcomes(stack, *cuts[at : at + 200])
            wrong += sum(row.ok for found in rows.values() for row in found)
        crashed = worker.poll() is not None
    found = fuzz(seed, total)
    return [
        Figure(
            17,
            "bad upstream streams; crashes; misclassified",
            f"{len(cuts) + found.tried} (seed {seed});"
            f" {found.crashed + crashed}; {wrong + found.misclassified}",
            ">= 10,000; 0; 0",
            len(cuts) + found.tried >= 10_000
            and not (found.crashed or crashed or wrong or found.misclassified),
        )
    ]


async def memory() -> list[Figure]:
    most = 0
    async with a_stack(_folder(), env=LIMITS) as stack:
        child = stack.fleet.start()
        await outcomes(stack, "ok")
        worker = psutil.Process(child.pid)
        before = worker.memory_info().rss
        for model in ("bomb/x", "huge-line/x", "endless/x", "tiny/x"):
            watching = asyncio.ensure_future(outcomes(stack, model))
            while not watching.done():
                most = max(most, worker.memory_info().rss - before)
                await asyncio.sleep(0.02)
            watching.result()
    return [
        Figure(
            19,
            "growth of a worker under endless answers and a gzip bomb, most",
            f"{most / 2**20:.0f} MiB",
            "<= 64 MiB",
            most <= 64 * 2**20,
        )
    ]


async def leaks(jobs: int) -> list[Figure]:
    """Small jobs, one after the other: what is left of them in the worker and store."""
    async with a_stack(_folder()) as stack:
        child = stack.fleet.start()
        worker = psutil.Process(child.pid)
        for number in range(jobs):
            job_id = await stack.submit(a_plan(n=2))
            await stack.reaches(job_id, Status.DONE)
            if number == 2:
                fds, threads = worker.num_fds(), worker.num_threads()
        await asyncio.sleep(1)
        more = max(0, worker.num_fds() - fds), max(0, worker.num_threads() - threads)
        await stack.nothing_is_left()
    return [
        Figure(
            26,
            f"left by {jobs} jobs: descriptors, threads, keys without an end",
            f"{more[0]}, {more[1]}, 0",
            "0 (a pooled connection or two)",
            more[0] <= 4 and more[1] == 0,
        )
    ]


SECTIONS: dict[str, Callable[[bool], Awaitable[list[Figure]]]] = {
    "streams": lambda long: streams(10_000 if long else 1000, 20_261_123),
    "memory": lambda _: memory(),
    "posts": lambda long: posts(10, 50 if long else 10),
    "cancels": lambda long: starts_after_a_cancel(10 if long else 2),
    "restarts": lambda long: restarts(20 if long else 2),
    "outage": lambda long: outage(30 if long else 3),
    "leaks": lambda long: leaks(100 if long else 5),
    "kills": lambda long: kills(200 if long else 5, 20_261_123),
}
"""What `python -m tests.faults` measures, in this order; `long` is the whole of it."""
