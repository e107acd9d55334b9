"""What a dry run says of the time, beside what the simulator and the store saw."""

from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan
from shared.plan.durations import least_s
from shared.run import Status
from shared.store.run import events, runs
from tests.children import simulator, until, workers

CONSTANT = {"kind": "constant", "rate_per_s": 4, "count": 4}
STAGES = [
    {"kind": "constant", "rate_per_s": 3, "duration_s": 0.7},
    {"kind": "burst", "size": 3, "duration_s": 0.5},
]
FORMS: dict[str, dict[str, Any]] = {
    "warm-up": {"load": {**CONSTANT, "warmup": 3}},
    "sweep of times": {
        "load": {"kind": "concurrency", "duration_s": 0.5},
        "sweep": {"over": "concurrency", "values": [1, 2, 3]},
    },
    "sweep of rates": {
        "load": CONSTANT,
        "sweep": {"over": "rate", "values": [3, 6]},
    },
    "bursts": {"load": {"kind": "burst", "size": 2, "interval_s": 0.9, "count": 5}},
    "stages": {"load": {"kind": "stages", "stages": STAGES}},
    "search": {
        "load": {"kind": "concurrency", "duration_s": 0.5},
        "slo": {"latency_s": 0.0001},  # which nobody meets
        "find": {"over": "concurrency", "low": 1, "high": 4},
    },
}


def a_plan(form: dict[str, Any]) -> Plan:
    return Plan.model_validate(
        {
            "targets": [{"model": "acme/swift-8b:free"}],
            "prompts": {"prompts": ["a", "b", "c", "d"]},
            "runs": 1,
            "max_tokens": 8,
            **form,
        }
    )


async def took_s(redis: Redis, job_id: str) -> float:
    """From the first claim to the reduce, by the store's clock."""
    at_s = {
        event.status: int(event.id.partition("-")[0]) / 1000
        async for event in events.since(redis, job_id, "0-0", block_ms=1)
        if event.kind == "state"
    }
    return at_s["reducing"] - at_s["running"]


async def test_no_form_of_a_plan_is_over_earlier_than_its_dry_run_says(
    redis: Redis, store_url: str, tmp_path: Path
) -> None:
    quick = ("--ttft-s", "0.01", "--gap-s", "0.001", "--tokens", "4", "--spread", "0")
    free = {"FREE_CALLS_PER_MINUTE": "100000"}
    with (
        simulator(*quick, "--free-per-minute", "1000000") as upstream,
        workers(store_url, upstream.base_url, tmp_path, **free) as fleet,
    ):
        fleet.start()
        plans = {name: a_plan(form) for name, form in FORMS.items()}
        ids = {
            name: (await runs.create(redis, plan)).job_id
            for name, plan in plans.items()
        }
        await queue.ring(redis, ids["search"])

        async def all_over() -> bool:
            each = [(await runs.load(redis, job_id)).status for job_id in ids.values()]
            return {*each} <= {Status.REDUCING, Status.DONE}

        await until(all_over, "the end of all")
        for name, plan in plans.items():
            said_s, true_s = least_s(plan), await took_s(redis, ids[name])
            assert 0.5 <= said_s <= true_s, name
