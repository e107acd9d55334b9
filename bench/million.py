"""A million rows in the store, and what the reduce makes of them."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass

from redis.asyncio import Redis

from bench.machine import LOAD_CORE, pinned
from bench.ours import Bed, environment
from bench.stub import Stub
from shared.analysis import gap_histogram
from shared.plan import Plan
from shared.run import Ending, Run, Status
from shared.sample import Outcome, Sample, encode
from shared.store import keys
from shared.store.run import runs, states

_AT_ONCE = 5_000
_KINDS = 997
"""Different rows; the rest differ from them by their slot alone."""


@dataclass(frozen=True, slots=True)
class Reduced:
    """What reading, summing up and writing took."""

    seconds: float
    peak_mb: float


async def reduce(bed: Bed, stub: Stub, rows: int) -> Reduced:
    """Fill a run with rows, end it, and reduce it in a process of its own."""
    plan = Plan.model_validate(
        {
            "targets": [{"model": "stub/0/0/64"}],
            "prompts": {"kind": "inline", "prompts": ["hello there"]},
            "load": {"kind": "concurrency", "concurrency": 64, "count": rows},
        }
    )
    run = await runs.create(bed.redis, plan)
    await _fill(bed.redis, run, rows)
    await states.end(bed.redis, run.job_id, Ending.COMPLETED)
    begun_s = time.monotonic()
    argv = [sys.executable, "-m", "worker.ended", run.job_id]
    child = subprocess.Popen(pinned(LOAD_CORE, argv), env=environment(bed, stub))
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - begun_s
    ended = await runs.load(bed.redis, run.job_id)
    if child.returncode or ended.status is not Status.DONE:
        raise RuntimeError(f"the reduce ended with {child.returncode}: {ended.error}")
    await bed.redis.delete(*keys.all_of(run.job_id, 1))
    return Reduced(seconds, usage.ru_maxrss / 1024)


async def _fill(redis: Redis, run: Run, rows: int) -> None:
    # Encoding each of a million takes longer than what is measured.
    mark = b"1,0,0,"
    rests = [encode(_row(kind)).removeprefix(b"[" + mark) for kind in range(_KINDS)]
    for begin in range(0, rows, _AT_ONCE):
        page = [
            b"[1,0,%d,%b" % (slot, rests[slot % _KINDS])
            for slot in range(begin, min(begin + _AT_ONCE, rows))
        ]
        await redis.rpush(keys.run(run.job_id, ":rows"), *page)  # type: ignore[misc]


def _row(kind: int) -> Sample:
    """A streamed call of 64 tokens, a little different for each kind."""
    sent_s = 0.1 * kind + 0.000123
    first_s = sent_s + 0.2 + kind * 1e-6
    stamps_s = [first_s + n * (0.02 + (n * kind % 13) * 1e-4) for n in range(64)]
    gaps, gap_sum_s, gap_max_s = gap_histogram(sorted(stamps_s))
    return Sample(
        step=0,
        slot=0,
        worker="host:1:0000",
        target=0,
        prompt=0,
        outcome=Outcome.OK if kind % 50 else Outcome.UPSTREAM_ERROR,
        status=200 if kind % 50 else 503,
        served_model="stub",
        generation_id=f"stub-{kind}",
        finish_reason="stop",
        started_at=1_795_000_000 + sent_s,
        started_s=sent_s - 1e-5,
        sent_s=sent_s,
        ack_s=sent_s + 1e-3,
        first_token_s=first_s,
        first_visible_s=first_s,
        last_token_s=max(stamps_s),
        ended_s=max(stamps_s) + 1e-3,
        reused=True,
        gaps=gaps,
        gap_sum_s=gap_sum_s,
        gap_max_s=gap_max_s,
        prompt_tokens=8,
        output_tokens=64,
        total_tokens=72,
        tokens_from="usage",
        cost_usd=kind * 1e-6,
    )
