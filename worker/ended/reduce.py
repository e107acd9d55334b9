"""The one reduce: rows into files and a summary, in a process of its own.

Idempotent: the same rows give the same bytes, files appear whole under their names or
not at all, and the state flips once. It may be killed at any point and made again.
"""

import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json
from redis import Redis as Blocking
from redis.asyncio import Redis

from shared import archive, crash
from shared.analysis import Pace, Summary
from shared.analysis.no_rows import summarize_none
from shared.errors import BenchError
from shared.log import setup
from shared.money import account_of
from shared.outputs import OUTPUTS, Answer, Results
from shared.plan import Finished, Plan, next_step
from shared.run import Ending, Run, Status
from shared.sample import Outcome
from shared.settings import Settings
from shared.startup import checks
from shared.store.client import AWAY, connect, connect_blocking
from shared.store.run import reconciles, runs, samples, slots, states
from shared.store.upstream import means, money, pace
from shared.verdict import Observations, together
from worker.reaper import go_on

if TYPE_CHECKING:
    from shared.analysis.columns import Frame

log = logging.getLogger("worker.ended.reduce")

RECONCILE_IN_S = 2.0
"""No bill is told sooner after a call's end than about that."""


async def reduce(redis: Redis, store: Blocking, job_id: str, config: Settings) -> bool:
    """Reduce one run; False when there was nothing to do.

    Raises OSError when the files cannot be written; the rows stay in the store and
    the run stays `reducing`, with the sentence of what is wrong.
    """
    run = await runs.load(redis, job_id)
    plan = await runs.plan_of(redis, job_id)
    if run.status is not Status.REDUCING:
        return await _next_of_search(redis, store, plan, run)
    await money.lapse(redis, job_id, account_of(config), everything=True)
    run = await runs.load(redis, job_id)
    seen = await samples.observations(redis, job_id)
    cause = await states.cause(redis, job_id)
    asked = await samples.asked_with_each(redis, job_id)
    beside = await samples.beside(redis, job_id)
    rows, summary = _summary(
        store, plan, run, _together(run, seen, asked, beside), cause
    )
    answers = sorted(samples.answers(store, job_id), key=_place)
    more = {"machines": tuple(seen), "pace": await _pace(redis, plan, job_id)}
    summary = summary.model_copy(update=more)
    results = Results(
        plan=plan,
        rows=rows,
        summary=summary,
        answers=map(_answer, answers),
    )
    crash.point("reduce:rows-read")
    folder = config.results_dir / job_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # who finds summary.json finds all: it is the last one
        publish(folder / "run.json", [archive.record(replace(run, error=cause))])
        for name, write in OUTPUTS.items():
            publish(folder / name, write(results))
            crash.point(f"reduce:after-{name}")
        for left in folder.glob(".*.tmp"):  # of a reduce that was killed
            left.unlink(missing_ok=True)
    except OSError as error:
        sentence = (
            f"The results cannot be written to {folder} ({error.strerror}). Free the"
            " disk or mend its permissions; it is tried again by itself."
        )
        await states.note_error(redis, job_id, sentence)
        raise
    keep_s = config.keep_runs_days * 86_400
    if config.reconcile:
        await reconciles.ask(redis, job_id, in_s=RECONCILE_IN_S, keep_s=keep_s)
    result = summary.model_dump(mode="json")
    entered = await states.finish(redis, run, result, keep_s=keep_s)
    crash.point("reduce:finished")
    if entered:
        await means.add(redis, _answers_seen(summary))
    return entered


def _summary(
    store: Blocking, plan: Plan, run: Run, seen: Observations, cause: str | None
) -> "tuple[Frame | None, Summary]":
    ended = run.ending or Ending.BUG
    if not samples.any_rows(store, run.job_id):
        return None, summarize_none(plan, seen, ending=ended, cause=cause)
    # pandas costs a second, which nobody should pay who has no rows
    from shared.analysis.columns import frame
    from shared.analysis.summarize import summarize

    rows = frame(plan, samples.rows(store, run.job_id))
    return rows, summarize(plan, rows, observations=seen, ending=ended, cause=cause)


async def _pace(redis: Redis, plan: Plan, job_id: str) -> tuple[Pace, ...]:
    """What an adaptive load has found; () under another."""
    found = await pace.found(redis, job_id, len(plan.targets))
    return tuple(
        Pace(
            target=target.label(),
            per_minute=one.per_minute,
            throttled_at_per_minute=one.throttled_at,
            throttled_share=one.throttled / one.calls if one.calls else None,
            held_throttled_share=(
                one.held_throttled / one.held_calls if one.held_calls else None
            ),
            changes=one.changes,
        )
        for target, one in zip(plan.targets, found, strict=True)
        if one is not None
    )


def _answers_seen(summary: Summary) -> dict[str, tuple[int, int]]:
    """Model -> (calls that told their tokens, the output tokens of those)."""
    seen: dict[str, tuple[int, int]] = {}
    for target in summary.targets:
        calls, tokens = seen.get(target.model, (0, 0))
        told = target.tokens.rows_reporting, target.tokens.output or 0
        seen[target.model] = (calls + told[0], tokens + told[1])
    return seen


async def _next_of_search(redis: Redis, store: Blocking, plan: Plan, run: Run) -> bool:
    """Measure the step that has just ended, and go on to the next value."""
    from shared.analysis.summarize import summarize

    over = await states.finished(redis, run.job_id)
    step = next_step(plan, over)
    if plan.find is None or step is None or step.number != run.step:
        return False
    if not await slots.is_over(redis, run.job_id, step):
        return False
    summary = summarize(plan, samples.rows(store, run.job_id))
    goodput = next((s.goodput for s in summary.steps if s.step == step.number), None)
    share = goodput.share if goodput else None
    await go_on(redis, plan, run.job_id, [*over, Finished(step.number, share)])
    return True


def publish(path: Path, parts: Iterable[bytes]) -> None:
    """Write a file whole or not at all: temporary name, fsync, rename, fsync."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        crash.point(f"reduce:before-{path.name}")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _place(answer: bytes) -> tuple[int, int, int]:
    said = from_json(answer)
    return said["step"], said["slot"], said["attempt"]


def _answer(text: bytes) -> Answer:
    said = from_json(text)
    return Answer(**{**said, "outcome": Outcome(said["outcome"])})


def _together(
    run: Run,
    seen: list[dict[str, Any]],
    keys: tuple[str, ...],
    beside: tuple[str, ...],
) -> Observations:
    """What the workers reported, and what the store saw of them."""
    each = [
        Observations(
            loop_lag_p99_s=one["loop_lag_p99_s"],
            cpu_share=one["cpu_share"],
            kernel_stamps=one["kernel_stamps"],
            loop_stamps=one["loop_stamps"],
            clamped_stamps=one["clamped_stamps"],
            clock_error_s=one["clock_error_s"],
            paused_targets=tuple(one.get("paused", ())),
            versions=(one["generator"],),
            hosts=(one["host"],),
            gc_policy=(one["gc_policy"],) if "gc_policy" in one else None,
            reworded=tuple(one.get("reworded", ())),
            proxy=one["proxy"],
        )
        for one in seen
    ]
    store = Observations(
        interrupted_shards=run.interrupted,
        overlapping_shards=run.overlaps,
        keys=keys,
        beside=beside,
        gap_s=run.gap_s or None,
        outages=run.outages or None,
        outage_s=run.outage_s or None,
        unaccounted_usd=run.unaccounted_usd,
    )
    return together([*each, store])


async def _main(job_id: str, config: Settings) -> int:
    if config.redis_url is None:
        return 2
    redis = connect(config.redis_url, timeout_s=30)
    store = connect_blocking(config.redis_url)
    try:
        await reduce(redis, store, job_id, config)
    except (OSError, *AWAY) as error:  # what is wrong with the disk has been noted
        log.error("the reduce of %s failed: %s", job_id, error)
        return 1
    except Exception as error:
        log.exception("the reduce of %s broke", job_id)
        why = str(error) if isinstance(error, BenchError) else type(error).__name__
        sentence = (
            f"The results could not be made ({why}): see a worker's log. The rows are"
            " kept, and it is tried again by itself."
        )
        await states.note_error(redis, job_id, sentence)
        return 1
    finally:
        store.close()
        await redis.aclose()
    return 0


def serve(config: Settings) -> None:
    """Reduce each run whose id is a line on stdin until that ends, with our worker:
    the answer is a line on stdout, `CODE MEMORY_BYTES`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the worker
    answers = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print is no answer
    for line in iter(sys.stdin.buffer.readline, b""):
        code = asyncio.run(_main(line.decode().strip(), config))
        os.write(answers, f"{code} {_memory_bytes()}\n".encode())


def _memory_bytes() -> int:
    """What is resident now; where the system does not tell that, the most ever."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes, on macOS
    return pages * resource.getpagesize()


def main() -> int:
    """Reduce the run that is named, or those that are asked for; the exit code."""
    os.nice(5)  # whoever measures on this machine goes first
    config, wrong = checks.read()
    setup(config, "worker.ended.reduce")
    if config is None:
        for each in wrong:
            log.error("%s", each.line)
        return 2
    if len(sys.argv) > 1:
        return asyncio.run(_main(sys.argv[1], config))
    serve(config)
    return 0


if __name__ == "__main__":
    sys.exit(main())
