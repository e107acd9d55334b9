"""Each figure of the scorecard: how it is measured, and the bar that it has to meet."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable

import httpx

from shared.plan.loads import Concurrency
from shared.run import Ending, Status
from shared.store.run import states
from tests.faults.allowances import allowances
from tests.faults.down import down
from tests.faults.fairness import fairness
from tests.faults.figure import Figure, a_folder
from tests.faults.fuzz import fuzz
from tests.faults.hostile import MIB, hostile
from tests.faults.leaks import leaks
from tests.faults.losses import Report
from tests.faults.matrix import matrix
from tests.faults.sendings import sendings
from tests.faults.spending import spending
from tests.faults.stack import LEASE_S, a_plan, a_stack
from tests.faults.storm import GAP_S, LANES, NOTICED_S, Storm
from tests.faults.test_asking import posted
from tests.faults.test_drain import rolled
from tests.faults.test_strangers import LIMITS, cuts, growth, outcomes

ASKING = 20
"""Requests to the API that are open at once while the store is away."""


def _p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))] if ordered else 0.0


async def kills(total: int, seed: int) -> list[Figure]:
    """Storms of 20 kills each, every one with a seed and a stack of its own."""
    reports: list[Report] = []
    while sum(report.total for report in reports) < total:
        at = seed + len(reports)
        left = total - sum(report.total for report in reports)
        async with a_stack(a_folder(), gap_s=GAP_S) as stack:
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
    most = max(report.paid_lost_most for report in reports)
    beyond = max(report.paid_lost_beyond for report in reports)
    unexplained = all_("paid_lost_to_nothing")
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
            "jobs whose ledger, rows, CSV and bill differ",
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
            "paid calls lost by one kill of a worker beyond the lanes that it had,"
            " most; by nothing that we did",
            f"{beyond} ({most} with up to {LANES} lanes); {unexplained}."
            f" {all_('kills_after_store')} kills within {NOTICED_S:g} s of the store's"
            f" return took {all_('paid_lost_after_store')} with rows that had waited"
            f" for it; {all_('paid_lost')} in all",
            "0; 0",
            beyond == 0 and unexplained == 0,
        ),
        Figure(
            11,
            "runs called done that were not, files cut short",
            f"{wrong} of {all_('jobs')}",
            "0",
            wrong == 0,
        ),
    ]


async def restarts(times: int, slow: int) -> list[Figure]:
    """slow: of them, so many with streams that last 1.6 s."""
    async with a_stack(a_folder(), gap_s=0.02) as stack:
        short = await rolled(stack, times - slow, n=20 * (times - slow) + 40)
    async with a_stack(a_folder(), gap_s=0.2) as stack:
        streams = await rolled(stack, slow, n=10 * slow + 10)
    p99_s = _p99(short.took_s + streams.took_s)
    lost = short.lost + streams.lost
    return [
        Figure(
            8,
            f"SIGTERM to exit, p99; calls lost ({slow} with streams of 1.6 s open)",
            f"{p99_s:.1f} s; {lost}",
            "<= 30 s; 0",
            p99_s <= 30 and lost == 0 and _p99(streams.took_s) > 0.5,
        ),
        Figure(
            9,
            "restarts in a row without failing a job",
            f"{len(short.took_s)}, and {len(streams.took_s)} with slow streams",
            ">= 20",
            len(short.took_s) >= 20,
        ),
    ]


async def outage(seconds: float) -> list[Figure]:
    """A store that hangs: the API is asked by many all the time, and the job goes on
    afterwards."""
    took_s: list[float] = []
    async with a_stack(a_folder(), gap_s=0.02) as stack:
        url = stack.start_api()
        stack.fleet.start()
        job_id = await stack.submit(a_plan(n=300))
        await stack.closed(job_id, 20)
        stack.store.process.send_signal(signal.SIGSTOP)
        until_s = time.monotonic() + seconds

        async def ask(http: httpx.AsyncClient) -> None:
            while time.monotonic() < until_s:
                asked_s = time.monotonic()
                answer = await http.get(f"{url}/benchmark/{job_id}")
                took_s.append(time.monotonic() - asked_s)
                assert answer.status_code == 503

        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            await asyncio.gather(*(ask(http) for _ in range(ASKING)))
        stack.store.process.send_signal(signal.SIGCONT)
        done = await stack.reaches(job_id, Status.DONE)
        await stack.balanced(job_id, lost=LANES)
    return [
        Figure(
            10,
            f"store outage survived; slowest answer of the API to {ASKING} at a time",
            f"{seconds:g} s; {max(took_s):.2f} s of {len(took_s)}",
            "30 s; <= 3 s",
            done.closed == 300 and seconds >= 30 and max(took_s) <= 3,
        )
    ]


async def posts(keys: int, times: int) -> list[Figure]:
    async with a_stack(a_folder()) as stack:
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
    async with a_stack(a_folder(), gap_s=0.01) as stack:
        for _ in range(2):
            stack.fleet.start()
        for _ in range(times):
            plan = a_plan(n=400, load=Concurrency(concurrency=16))
            job_id = await stack.submit(plan)
            await stack.closed(job_id, 40)
            await states.end(stack.redis, job_id, Ending.CANCELLED)
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
    models = cuts(every=1)
    wrong = 0
    async with a_stack(a_folder(), env=LIMITS, warm=True) as stack:
        worker = stack.fleet.start()
        for at in range(0, len(models), 200):
            rows = await outcomes(stack, *models[at : at + 200])
            wrong += sum(row.ok for found in rows.values() for row in found)
        crashed = worker.poll() is not None
    found = fuzz(seed, total)
    return [
        Figure(
            17,
            "bad upstream streams; crashes; misclassified",
            f"{len(models) + found.judged}, and {found.tried - found.judged} of which"
            f" nothing is known but that they must not crash (seed {seed});"
            f" {found.crashed + crashed}; {wrong + found.misclassified}",
            ">= 10,000; 0; 0",
            len(models) + found.judged >= 10_000
            and not (found.crashed or crashed or wrong or found.misclassified),
        )
    ]


async def memory() -> list[Figure]:
    async with a_stack(a_folder(), env=LIMITS, warm=True) as stack:
        stack.fleet.start()
        most, _ = await growth(stack)
    return [
        Figure(
            19,
            "growth of a worker under endless answers and a gzip bomb, most",
            f"{most / 2**20:.0f} MiB",
            "<= 64 MiB",
            most <= 64 * 2**20,
        )
    ]


SECTIONS: dict[str, Callable[[bool], Awaitable[list[Figure]]]] = {
    "kills": lambda long: kills(200 if long else 5, 20_261_123),
    "matrix": matrix,
    "restarts": lambda long: restarts(30 if long else 3, 10 if long else 1),
    "outage": lambda long: outage(30 if long else 3),
    "posts": lambda long: posts(10, 50 if long else 10),
    "cancels": lambda long: starts_after_a_cancel(10 if long else 2),
    "spending": spending,
    "allowances": allowances,
    "fairness": lambda long: fairness(100 if long else 20),
    "down": down,
    "streams": lambda long: streams(10_000 if long else 1000, 20_261_123),
    "memory": lambda _: memory(),
    "hostile": lambda long: hostile((60 if long else 4) * MIB),
    "sendings": sendings,
    "leaks": lambda long: leaks(1000 if long else 50, 20 if long else 10),
}
"""What `python -m tests.faults` measures, in the order of the lines that they give;
`long` is the whole of it."""
