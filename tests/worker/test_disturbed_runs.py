"""Whole runs that are paused, killed, cancelled, limited or refused in their midst."""

import os
import signal
from pathlib import Path

from redis.asyncio import Redis

from shared.run import Ending, Status
from shared.sample import Outcome
from shared.store.run import runs, states
from tests.children import Simulator, Workers, simulator, until, workers
from tests.worker.told import reaches
from tests.worker.whole import a_plan, calls_since, closed, rows_of, so_far, submit


async def test_a_cancel_stops_new_calls_and_keeps_what_was_counted(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    fleet.start()
    job_id = await submit(redis, a_plan(prompts=100, runs_=20))
    await closed(redis, job_id, 10)
    assert await states.end(redis, job_id, Ending.CANCELLED)
    done = await reaches(redis, job_id, Status.CANCELLED)
    calls = so_far(upstream)
    rows = await rows_of(redis, job_id)
    assert len(rows) == done.closed
    result = await runs.result_of(redis, job_id)
    assert result is not None
    assert result["total_runs"] == done.closed
    assert so_far(upstream) == calls, "nothing began after the end"


async def test_a_pause_lets_calls_finish_and_a_resume_goes_on(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    job_id = await submit(redis, a_plan(prompts=20, runs_=5))
    await closed(redis, job_id, 5)
    assert await states.move(redis, job_id, Status.PAUSED)

    async def released() -> bool:
        return not await redis.hexists(f"llmbench:run:{job_id}:step:0", "owner:0")

    await until(released, "the lease given back")
    at_pause = (await runs.load(redis, job_id)).closed
    assert 5 <= at_pause < 100
    assert await states.move(redis, job_id, Status.QUEUED)
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.segment, done.interrupted) == (100, 1, 0)


async def test_kill_9_hands_the_open_slots_on_and_loses_no_counted_row(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    before = so_far(upstream)
    victim = fleet.start()
    job_id = await submit(redis, a_plan(prompts=40, runs_=5))
    await closed(redis, job_id, 20)
    victim.kill()
    counted = {(row.slot, row.attempt) for row in await rows_of(redis, job_id)}
    fleet.start()
    done = await reaches(redis, job_id, Status.DONE)
    rows = await rows_of(redis, job_id)
    assert len(rows) == len({row.slot for row in rows}) == 200
    assert counted <= {(row.slot, row.attempt) for row in rows}
    assert done.interrupted == 1
    # 4 lanes with a call open, and perhaps one that had ended and was no row yet
    assert len(calls_since(upstream, before)) <= 200 + 2 * 4, "more were paid twice"
    result = await runs.result_of(redis, job_id)
    assert result is not None
    codes = [reason["code"] for reason in result["verdict"]["reasons"]]
    assert "interrupted" in codes, "a disturbed run says so"


async def test_sigterm_drains_and_the_next_worker_loses_no_call(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    before = so_far(upstream)
    first = fleet.start()
    job_id = await submit(redis, a_plan(prompts=40, runs_=5))
    await closed(redis, job_id, 20)
    first.send_signal(signal.SIGTERM)
    assert first.wait(30) == 0
    fleet.start()
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.interrupted) == (200, 0)
    assert len(calls_since(upstream, before)) == 200


async def test_an_accounts_own_limit_is_waited_for_and_its_rows_are_not_final(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    with (
        simulator(
            "--tokens", "4", "--free-per-minute", "5", "--free-per-day", "50"
        ) as strict,
        workers(store_url, strict.base_url, tmp_path) as fleet,
    ):
        fleet.start()
        job_id = await submit(redis, a_plan(prompts=4, runs_=2))
        waits = await reaches(redis, job_id, Status.WAITING)
        assert waits.until is not None
        assert waits.failed == 0
        rows = await rows_of(redis, job_id)
        limited = [row for row in rows if row.outcome is Outcome.RATE_LIMITED]
        assert limited
        assert waits.closed == len(rows) - len(limited) == 5


async def test_a_refused_key_ends_the_run_with_a_sentence(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    job_id = await submit(redis, a_plan("fault/bad-key", prompts=50))
    done = await reaches(redis, job_id, Status.FAILED)
    assert done.ending is Ending.BAD_KEY
    assert done.error
    assert len(await rows_of(redis, job_id)) <= 4


async def test_a_missing_key_ends_the_run_with_a_sentence(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start(OPENROUTER_API_KEY="")
    job_id = await submit(redis, a_plan())
    done = await reaches(redis, job_id, Status.FAILED)
    assert done.error is not None
    assert "OPENROUTER_API_KEY" in done.error


async def test_a_full_disk_keeps_the_run_reducing_until_there_is_room(
    redis: Redis, fleet: Workers, tmp_path: Path
) -> None:
    blocked = tmp_path / "results"
    fleet.start()

    async def ready() -> bool:
        return "is ready" in fleet.output()

    await until(ready, "a worker")  # it does not begin without a place for results
    blocked.write_text("a file where the folder should be")
    job_id = await submit(redis, a_plan(prompts=1, runs_=1))

    async def said() -> bool:
        return (await runs.load(redis, job_id)).error is not None

    await until(said, "the error of the reduce")
    stuck = await runs.load(redis, job_id)
    assert stuck.status is Status.REDUCING
    blocked.unlink()
    done = await reaches(redis, job_id, Status.DONE)
    assert sorted(os.listdir(blocked / job_id)) == [
        "plan.json",
        "responses.jsonl",
        "run.json",
        "samples.csv",
        "samples.parquet",
        "summary.json",
    ]
    assert done.closed == 1
