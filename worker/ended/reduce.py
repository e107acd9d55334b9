"""`python -m worker.ended.reduce`: rows of a run into files and a summary, in a process
of its own (`reduce_process` is the worker's end of it).

Idempotent: the same rows give the same bytes, files appear whole under their names or
not at all, and the state flips once. It may be killed at any point and made again.
"""

import asyncio
import logging
import os
import resource
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic_core import from_json
from redis import Redis as Blocking
from redis.asyncio import Redis

from shared import archive
from shared.analysis import Summary
from shared.analysis.no_rows import summarize_none
from shared.comparison.looks import LookAnswer
from shared.errors import BenchError
from shared.files import clear_unfinished, publish
from shared.log import setup
from shared.money import account_of
from shared.outputs import OUTPUTS, KeptAnswer, Results
from shared.plan import Finished, Plan, Step, look_of, steps
from shared.process import crash_point, version
from shared.run import Ending, Run, Status
from shared.sample import Outcome
from shared.settings import Settings
from shared.standards.units import DAY_S
from shared.startup import checks
from shared.store.client import AWAY, connect, connect_blocking
from shared.store.run import reconciles, runs, samples, states
from shared.store.upstream import means, money
from shared.verdict import Judged, judge
from worker.advance import step_measured
from worker.ended import evidence, judged
from worker.telemetry import story

if TYPE_CHECKING:
    from shared.analysis.columns import Columns

log = logging.getLogger("worker.ended.reduce")

RECONCILE_IN_S = 2.0
"""No bill is told sooner after a call's end than about that."""


async def reduce_run(
    redis: Redis, store: Blocking, job_id: str, config: Settings
) -> bool:
    """Reduce one run; False when there was nothing to do.

    Raises OSError when the files cannot be written; the rows stay in the store and
    the run stays `reducing`, with the sentence of what is wrong.
    """
    run = await runs.load(redis, job_id)
    plan = await runs.plan_of(redis, job_id)
    if run.judging and run.status is Status.REDUCING:
        return False  # judges are to be asked first, or somebody asks them now
    if run.status is not Status.REDUCING:
        finish = partial(_finished, store, plan, job_id)
        return await step_measured(redis, plan, run, finish)
    await money.lapse(redis, job_id, account_of(config), everything=True)
    run = await runs.load(redis, job_id)
    cause = await states.cause(redis, job_id)
    reported = await samples.observations(redis, job_id)
    seen = await evidence.observations(redis, run, reported)
    answers = sorted(samples.answers(store, job_id), key=_place)
    said = await judged.said(redis, plan, job_id, answers)
    rows, figures = _summary(store, plan, run, cause, said)
    pace = await evidence.paces(redis, plan, job_id)
    figures = said.told(figures)
    more = {
        "machines": tuple(reported),
        "pace": pace,
        "until": _until(plan, rows, await states.finished(redis, job_id)),
        "summarized_by": version(),
    }
    summary = judge(plan, figures, seen).model_copy(update=more)
    results = Results(
        plan=plan,
        rows=rows,
        summary=summary,
        answers=filter(None, map(_answer, answers)),
        opinions=said.opinions,
    )
    crash_point("reduce:rows-read")
    folder = config.results_dir / job_id
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # who finds summary.json finds all: it is the last one
        publish(folder / "run.json", [archive.record(replace(run, error=cause))])
        for name, output in OUTPUTS.items():
            if output.is_for(plan):
                publish(folder / name, output.write(results))
                crash_point(f"reduce:after-{name}")
        clear_unfinished(folder)
    except OSError as error:
        sentence = (
            f"The results cannot be written to {folder} ({error.strerror}). Free the"
            " disk or mend its permissions; it is tried again by itself."
        )
        await states.note_error(redis, job_id, sentence)
        raise
    keep_s = config.keep_runs_days * DAY_S
    if config.reconcile:
        await reconciles.ask(redis, job_id, in_s=RECONCILE_IN_S, keep_s=keep_s)
    result = summary.model_dump(mode="json")
    entered = await states.finish(redis, run, result, keep_s=keep_s)
    crash_point("reduce:finished")
    await _described(redis, config, run)
    if entered:
        story.ended(run, summary)
        await means.add(redis, _answers_seen(summary))
    return entered


def _summary(
    store: Blocking, plan: Plan, run: Run, cause: str | None, said: judged.Said
) -> "tuple[Columns | None, Summary]":
    ended = run.ending or Ending.BUG
    if not samples.any_rows(store, run.job_id):
        return None, summarize_none(plan, ending=ended, cause=cause)
    # pandas costs a second, which nobody should pay who has no rows
    from shared.analysis.columns import columns_of
    from shared.analysis.summarize import summarize

    rows = columns_of(plan, said.rows(samples.rows(store, run.job_id)))
    return rows, summarize(plan, rows, ending=ended, cause=cause)


async def _described(redis: Redis, config: Settings, run: Run) -> None:
    """What people said of it since the files were begun. From now on who says something
    writes it there, too."""
    about = run.about
    while (now := (await runs.load(redis, run.job_id)).about) != about:
        about = now
        try:
            archive.describe(config.results_dir, run.job_id, about)
        except BenchError as error:
            log.error("what is said of %s is not in its files: %s", run.job_id, error)


def _answers_seen(summary: Judged) -> dict[str, tuple[int, int]]:
    """Model -> (calls that told their tokens, the output tokens of those)."""
    seen: dict[str, tuple[int, int]] = {}
    for target in summary.targets:
        calls, tokens = seen.get(target.model, (0, 0))
        told = target.tokens.rows_reporting, target.tokens.output or 0
        seen[target.model] = (calls + told[0], tokens + told[1])
    return seen


def _finished(store: Blocking, plan: Plan, job_id: str, step: Step) -> Finished:
    """A step that is over: the share of its calls that met the SLO, None without any;
    or whether the look that ended it answered all that was asked."""
    from shared.analysis.columns import columns_of
    from shared.analysis.summarize import summarize

    rows = columns_of(plan, samples.rows(store, job_id))
    if plan.until is not None:
        answer = _looked(plan, rows, step)
        return Finished(step.number, decided=answer is not None and answer.decided)
    summary = summarize(plan, rows)
    found = next((s.goodput for s in summary.steps if s.step == step.number), None)
    return Finished(step.number, found.share if found else None)


def _until(
    plan: Plan, rows: "Columns | None", finished: Sequence[Finished]
) -> LookAnswer | None:
    """What the latest look said: the one after the last step that is over."""
    if rows is None or not finished or plan.until is None:
        return None
    return _looked(plan, rows, steps(plan)[finished[-1].step])


def _looked(plan: Plan, rows: "Columns", step: Step) -> LookAnswer | None:
    from shared.outputs.looked import looked

    number = look_of(plan, step)
    return None if number is None else looked(plan, rows, number)


def _place(answer: bytes) -> tuple[int, int, int]:
    said = from_json(answer)
    return said["step"], said["slot"], said["attempt"]


def _answer(text: bytes) -> KeptAnswer | None:
    """None for one that was kept for a judge, and for nothing else."""
    said = from_json(text)
    if said.pop("for_judge", False):
        if not said["token_events_s"]:
            return None
        said |= {"text": "", "cut": False}
    return KeptAnswer(**{**said, "outcome": Outcome(said["outcome"])})


async def _reduce(job_id: str, config: Settings) -> int:
    if config.redis_url is None:
        return 2
    redis = connect(config.redis_url, timeout_s=30)
    store = connect_blocking(config.redis_url)
    try:
        await reduce_run(redis, store, job_id, config)
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
        code = asyncio.run(_reduce(line.decode().strip(), config))
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
        return asyncio.run(_reduce(sys.argv[1], config))
    serve(config)
    return 0
