"""Whole runs by real workers, a real store and the simulator's ledger."""

import csv
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

import llmbench
from shared import queue
from shared.analysis import metrics
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency, Constant, Load
from shared.plan.loads.find import Find
from shared.plan.loads.sweep import Sweep
from shared.plan.prompts import InlinePrompts
from shared.plan.slo import Slo
from shared.run import Ending, Status
from shared.sample import Outcome, Sample, decode
from shared.store.client import connect_blocking
from shared.store.run import runs, samples, states
from shared.store.workers import alive
from tests.children import CANARY, Simulator, Workers, simulator, until, workers
from tests.worker.told import reaches

SWIFT, ORCA = "acme/swift-8b:free", "acme/orca-70b-instruct:free"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.05", "--gap-s", "0.005", "--tokens", "8") as running:
        yield running


@pytest.fixture
def fleet(store_url: str, upstream: Simulator, tmp_path: Path) -> Iterator[Workers]:
    with workers(store_url, upstream.base_url, tmp_path) as running:
        yield running


def a_plan(
    *models: str, prompts: int = 5, runs_: int = 4, load: Load | None = None
) -> Plan:
    return Plan(
        targets=tuple(Target(model=model) for model in models or (SWIFT,)),
        prompts=InlinePrompts(
            prompts=tuple(f"Say {i}. \u0414\u0430?" for i in range(prompts))
        ),
        runs=runs_,
        load=load or Concurrency(concurrency=4),
    )


async def submit(redis: Redis, plan: Plan) -> str:
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


async def closed(redis: Redis, job_id: str, n: int) -> None:
    async def enough() -> bool:
        return (await runs.load(redis, job_id)).closed >= n

    await until(enough, f"{n} closed slots of {job_id}")


async def rows_of(redis: Redis, job_id: str) -> list[Sample]:
    path = redis.connection_pool.connection_kwargs["path"]
    with connect_blocking(f"unix://{path}") as store:
        return [decode(row) for row in samples.rows(store, job_id)]


async def n_alive(redis: Redis, n: int) -> bool:
    return len(await alive(redis, lease_s=1.5)) == n


def calls_since(upstream: Simulator, n: int) -> list[dict[str, object]]:
    return [call for call in upstream.ledger() if call["n"] > n]


def so_far(upstream: Simulator) -> int:
    return max((call["n"] for call in upstream.ledger()), default=0)


async def test_rows_files_and_summary_equal_the_upstreams_ledger(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    before = so_far(upstream)
    fleet.start()
    fleet.start()
    job_id = await submit(redis, a_plan(SWIFT, ORCA, "acme/orca-pro", prompts=6))
    done = await reaches(redis, job_id, Status.DONE)
    # 6 prompts x 4 runs x 3 models
    assert (done.closed, done.failed, done.total) == (72, 0, 72)
    truth = {call["id"]: call for call in calls_since(upstream, before)}
    rows = await rows_of(redis, job_id)
    assert len(truth) == len(rows) == 72
    assert Counter(row.target for row in rows) == {0: 24, 1: 24, 2: 24}
    for row in rows:
        true = truth[row.generation_id]
        assert row.prompt_tokens == true["prompt_tokens"]
        assert row.output_tokens == true["completion_tokens"]
        assert row.cost_usd == pytest.approx(float(true["cost_usd"]), abs=0)
        assert row.outcome == true["outcome"]
        assert row.provider == true["provider"]
    folder = Path(fleet.env["RESULTS_DIR"]) / job_id
    with (folder / "samples.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert {line["generation_id"] for line in table} == set(truth)
    assert {*llmbench.load(folder / "samples.parquet").samples["generation_id"]} == {
        *truth
    }
    summary = json.loads((folder / "summary.json").read_text())
    latencies = [float(line["latency_s"]) for line in table]
    assert summary["avg"] == pytest.approx(sum(latencies) / 72)
    assert summary["total_runs"] == summary["successful_runs"] == 72
    assert summary["total_tokens"] == sum(
        call["prompt_tokens"] + call["completion_tokens"] for call in truth.values()
    )
    answers = (folder / "responses.jsonl").read_text().splitlines()
    assert len(answers) == 6 * 3, "the first repetition of each prompt"
    assert await runs.result_of(redis, job_id) == summary
    assert fleet.stop() == [0, 0]


async def test_both_workers_carry_a_share_of_one_run(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    fleet.start()

    await until(lambda: n_alive(redis, 2), "two workers")
    job_id = await submit(redis, a_plan(prompts=20, runs_=5))
    await reaches(redis, job_id, Status.DONE)
    shares = Counter(row.worker for row in await rows_of(redis, job_id))
    assert len(shares) == 2
    assert min(shares.values()) > 20, shares


async def test_no_worker_opens_more_calls_than_its_share_of_the_lanes(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    fleet.start()
    await until(lambda: n_alive(redis, 2), "two workers")
    job_id = await submit(redis, a_plan(runs_=8, load=Concurrency(concurrency=3)))
    await reaches(redis, job_id, Status.DONE)
    rows = await rows_of(redis, job_id)
    # 3 lanes over 2 shards: 2 and 1; a worker that is slow to wake leaves it both
    lanes: Counter[str] = Counter()
    for seen in await samples.observations(redis, job_id):
        assert seen["shards"] == 2
        lanes[seen["worker"]] += 1 if seen["shard"] else 2
    for worker in {row.worker for row in rows}:
        peak = most_open([row for row in rows if row.worker == worker])
        assert peak == lanes[worker], lanes


def most_open(rows: list[Sample]) -> int:
    """The most calls that were open at once; an end comes before a start."""
    changes = [(row.sent_s, 1) for row in rows] + [(row.ended_s, -1) for row in rows]
    opened = 0
    return max(opened := opened + change for _, change in sorted(changes))


async def test_failed_calls_are_rows_with_their_outcomes(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    faults = {
        "fault/error-in-200": Outcome.ERROR_IN_200,
        "fault/mid-stream-error": Outcome.ERROR_IN_200,
        "fault/truncated": Outcome.TRUNCATED,
        "fault/drop": Outcome.TRUNCATED,
        "fault/empty": Outcome.EMPTY,
        "fault/reasoning-only": Outcome.NO_TEXT,
        "fault/bad-gateway": Outcome.UPSTREAM_ERROR,
        "fault/rate-limited-upstream": Outcome.RATE_LIMITED,
        "fault/moderation": Outcome.REFUSED,
        "fault/gzip": Outcome.PROTOCOL_ERROR,
        SWIFT: Outcome.OK,
    }
    job_id = await submit(redis, a_plan(*faults, prompts=1, runs_=1))
    done = await reaches(redis, job_id, Status.DONE)
    seen = {
        model: row.outcome
        for row in await rows_of(redis, job_id)
        for model in [list(faults)[row.target]]
    }
    assert seen == faults
    assert (done.closed, done.failed) == (11, 10)


async def test_raw_event_times_are_kept_when_the_plan_asks_for_them(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    plan = a_plan(prompts=2, runs_=2)
    plan = plan.model_copy(update={"keep_events": True, "keep_answers": "none"})
    job_id = await submit(redis, plan)
    await reaches(redis, job_id, Status.DONE)
    folder = Path(fleet.env["RESULTS_DIR"]) / job_id
    lines = (folder / "responses.jsonl").read_text().splitlines()
    rows = {row.slot: row for row in await rows_of(redis, job_id)}
    assert len(lines) == 4
    for said in map(json.loads, lines):
        assert said["text"] == ""
        assert len(said["token_events_s"]) == 8
        ttft_s = metrics.ttft_s(rows[said["slot"]])
        assert said["token_events_s"][0] == pytest.approx(ttft_s, abs=1e-6)


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
    assert len(calls_since(upstream, before)) <= 200 + 4, "at most 4 calls paid twice"
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


async def test_an_open_load_keeps_its_due_times(redis: Redis, fleet: Workers) -> None:
    fleet.start()
    load = Constant(rate_per_s=50)
    job_id = await submit(redis, a_plan(prompts=20, runs_=5, load=load))
    await reaches(redis, job_id, Status.DONE)
    rows = sorted(await rows_of(redis, job_id), key=lambda row: row.slot)
    # slot i is due i / 50 s after the start of the step
    assert [row.due_s for row in rows] == pytest.approx([i / 50 for i in range(100)])
    assert all(row.sent_s >= row.due_s for row in rows if row.sent_s and row.due_s)


async def test_a_sweep_measures_a_step_for_each_value_and_counts_no_warm_up(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    fleet.start()
    sweep = Sweep(over="concurrency", values=(1, 3))
    plan = a_plan(prompts=3, runs_=2, load=Concurrency(concurrency=1, warmup=2))
    job_id = await submit(redis, plan.model_copy(update={"sweep": sweep}))
    done = await reaches(redis, job_id, Status.DONE)
    assert (done.closed, done.total) == (12, 12)
    result = await runs.result_of(redis, job_id)
    assert result is not None
    # 3 prompts x 2 runs at each value, 2 slots of warm-up before each
    assert [(s["name"], s["warmup"], s["total_runs"]) for s in result["steps"]] == [
        ("warm-up, concurrency 1", True, 2),
        ("concurrency 1", False, 6),
        ("warm-up, concurrency 3", True, 2),
        ("concurrency 3", False, 6),
    ]
    assert result["total_runs"] == 12


async def test_a_search_doubles_the_load_until_its_highest_value_has_passed(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    plan = a_plan(prompts=4, runs_=1).model_copy(
        update={
            "find": Find(over="concurrency", low=1, high=3),
            "slo": Slo(latency_s=30),
        }
    )
    job_id = await submit(redis, plan)
    done = await reaches(redis, job_id, Status.DONE)
    assert done.ending is Ending.FIND
    result = await runs.result_of(redis, job_id)
    assert result is not None
    names = [step["name"] for step in result["steps"]]
    assert names == ["concurrency 1", "concurrency 2", "concurrency 3"]
    assert [step["goodput"]["share"] for step in result["steps"]] == [1, 1, 1]


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


async def test_the_key_and_the_prompts_are_in_no_log(
    redis: Redis, fleet: Workers, tmp_path: Path
) -> None:
    fleet.start(LOG_LEVEL="DEBUG")
    plan = a_plan("fault/bad-gateway", SWIFT, prompts=2)
    job_id = await submit(redis, plan.model_copy(update={"on_outage": "count"}))
    await reaches(redis, job_id, Status.DONE)
    fleet.stop()
    everything = fleet.output() + (tmp_path / "server_logs.txt").read_text("utf-8")
    assert "is ready" in everything
    assert CANARY not in everything
    assert "\u0414\u0430?" not in everything
