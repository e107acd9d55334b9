"""Whole runs by real workers, a real store and the simulator's ledger."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from redis.asyncio import Redis

import llmbench
from shared.analysis import metrics
from shared.plan.loads import Concurrency, Constant
from shared.plan.loads.find import Find
from shared.plan.loads.sweep import Sweep
from shared.plan.slo import Slo
from shared.run import Ending, Status
from shared.sample import Outcome, Sample
from shared.store.run import runs, samples
from tests.children import CANARY, Simulator, Workers, until
from tests.worker.told import reaches
from tests.worker.whole import (
    ORCA,
    SWIFT,
    a_plan,
    calls_since,
    n_alive,
    rows_of,
    so_far,
    submit,
)


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
