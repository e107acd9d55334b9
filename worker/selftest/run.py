"""`python -m worker.selftest`: how wrong are this machine's measurements?

A store, a simulator and a worker of its own, on loopback and in a temporary folder.
The worker is the one that users run, and so is its path: plan, claim, calls, rows,
commit, reduce, verdict. The simulator's ledger says what was true. Prints the result
as JSON; exits with 0 when it passed, 1 when not, 2 when it could not be run.
"""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

import httpx
from redis.asyncio import Redis

from shared import queue
from shared.clock import monotonic_s, sleep, utc_label
from shared.errors import BenchError, NotReady
from shared.plan import Plan, Target
from shared.plan.loads import Burst, Constant, Load
from shared.plan.prompts import InlinePrompts
from shared.sample import decode
from shared.store import embedded
from shared.store.client import AWAY, connect, connect_blocking
from shared.store.run import runs, samples
from shared.verdict import Judged
from shared.verdict.selftest import (
    CALL_S,
    MOST_SIZES,
    MOST_STREAMS,
    ROUNDS,
    STREAMS,
    TOKENS,
    Case,
    Mode,
    Pair,
    SelfTest,
    case_of,
    conclude,
    pair_up,
)
from worker.selftest.parts import alone, simulator, worker
from worker.telemetry import machine

_PAUSE_S = 0.1
"""Between two lockstep waves, so that one has ended when the next begins."""
_CASE_S = 60.0


def main() -> int:
    """Run it; the exit code."""
    streams = _arguments().parse_args().streams
    # Leaves by the way of an error, so that everything is stopped and cleared.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    folder = Path(tempfile.mkdtemp(prefix="llmbench-selftest-"))
    try:
        with alone(_say):
            result = run(streams, folder)
    except (BenchError, OSError, *AWAY) as error:
        _say(str(error))
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(result.model_dump_json(), flush=True)
    return 0 if result.passed else 1


def run(streams: Sequence[int], folder: Path) -> SelfTest:
    """Two cases for each number of streams. From the main thread only.

    Raises BenchError when a part does not start or a case does not end.
    """
    began_s, made_at = monotonic_s(), utc_label()
    with ExitStack() as parts:
        # In an order: who speaks is stopped before who listens.
        store = embedded.start(folder / "store")
        parts.callback(store.stop)
        upstream = parts.enter_context(simulator(folder))
        parts.enter_context(worker(store.url, upstream, folder))
        cases = asyncio.run(_measure(store.url, upstream, streams))
    return SelfTest(
        made_at=made_at,
        took_s=monotonic_s() - began_s,
        machine={**machine(), "store": store.kind},
        cases=tuple(cases),
        passed=not any(case.failure for case in cases),
        conclusion=conclude(cases),
    )


async def _measure(store_url: str, upstream: str, streams: Sequence[int]) -> list[Case]:
    redis = connect(store_url)
    ledger = httpx.URL(upstream).join("/sim/ledger")
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as http:
            return [
                await _case(redis, store_url, http, ledger, n, mode)
                for n in streams
                for mode in get_args(Mode)
            ]
    finally:
        await redis.aclose()


async def _case(
    redis: Redis,
    store_url: str,
    http: httpx.AsyncClient,
    ledger: httpx.URL,
    streams: int,
    mode: Mode,
) -> Case:
    _say(f"{streams} at once, {mode}")
    await http.delete(ledger)
    job_id = (await runs.create(redis, _plan(streams, mode))).job_id
    await queue.ring(redis, job_id)
    summary = await _summary(redis, job_id)
    seen = await samples.observations(redis, job_id)
    records = (await http.get(ledger)).raise_for_status().json()["records"]
    pairs = _pairs(store_url, job_id, seen, records)
    return case_of(streams, mode, ROUNDS * streams, pairs, summary)


def _plan(streams: int, mode: Mode) -> Plan:
    calls = ROUNDS * streams
    load: Load = (
        Constant(rate_per_s=streams / CALL_S, count=calls)
        if mode == "staggered"
        else Burst(size=streams, interval_s=CALL_S + _PAUSE_S, count=calls)
    )
    return Plan(
        targets=(Target(model="acme/swift-8b:free"),),
        prompts=InlinePrompts(prompts=("How late is it?",)),
        runs=1,
        load=load,
        max_tokens=TOKENS,
        keep_answers="none",
        max_error_share=0,
        submitter="selftest",
    )


async def _summary(redis: Redis, job_id: str) -> Judged:
    """What the run came to; raises NotReady when that takes too long."""
    until_s = monotonic_s() + _CASE_S
    while (result := await runs.result_of(redis, job_id)) is None:
        if monotonic_s() > until_s:
            run = await runs.load(redis, job_id)
            raise NotReady(
                f"After {_CASE_S:g} s the self-test's run is still {run.status}"
                f" ({run.error or 'no error is known'}). Is this machine overloaded?"
            )
        await sleep(0.1)
    return Judged.model_validate(result)


def _pairs(
    store_url: str,
    job_id: str,
    seen: list[dict[str, Any]],
    records: list[dict[str, Any]],
) -> list[Pair]:
    starts = {
        (one["step"], one["segment"], one["worker"]): one["step_start_s"]
        for one in seen
    }
    with connect_blocking(store_url) as store:
        rows = [decode(row) for row in samples.rows(store, job_id)]
    return pair_up(rows, starts, records)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m worker.selftest",
        description="Measured minus true, as JSON.",
    )
    parser.add_argument(
        "--streams",
        type=_sizes,
        default=STREAMS,
        metavar="N,...",
        help="open at once; each is a case staggered and a case in lockstep",
    )
    return parser


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(map(int, text.split(",")))
    if len(sizes) > MOST_SIZES or not all(1 <= n <= MOST_STREAMS for n in sizes):
        raise argparse.ArgumentTypeError(
            f"{text!r}: give up to {MOST_SIZES} numbers from 1 to {MOST_STREAMS}"
        )
    return sizes


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
