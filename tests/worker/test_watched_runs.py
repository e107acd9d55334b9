"""What real workers tell Prometheus of real runs, beside the upstream's ledger."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Ending, Status
from shared.store.run import runs, states
from tests.children import Simulator, Workers, simulator, until, workers

SWIFT, PAID, BUSY = "acme/swift-8b:free", "acme/orca-pro", "fault/rate-limited-upstream"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.05", "--gap-s", "0.005", "--tokens", "8") as running:
        yield running


@pytest.fixture
def fleet(store_url: str, upstream: Simulator, tmp_path: Path) -> Iterator[Workers]:
    with workers(store_url, upstream.base_url, tmp_path, METRICS_PORT="0") as running:
        yield running


def a_plan(*models: str, runs_: int = 10) -> Plan:
    return Plan(
        targets=tuple(Target(model=model) for model in models),
        prompts=InlinePrompts(prompts=("Say it.",)),
        runs=runs_,
        load=Concurrency(concurrency=4),
    )


async def submit(redis: Redis, plan: Plan) -> str:
    run = await runs.create(redis, plan)
    await queue.ring(redis, run.job_id, 2)
    return run.job_id


async def reaches(redis: Redis, job_id: str, status: Status) -> None:
    async def there() -> bool:
        return (await runs.load(redis, job_id)).status is status

    await until(there, f"{status} of {job_id}")


async def urls(fleet: Workers, n: int) -> list[str]:
    """Where `n` workers said that they answer."""

    def said() -> list[str]:
        return re.findall(r"metrics at (http://\S+)", fleet.output())

    async def all_said() -> bool:
        return len(said()) == n

    await until(all_said, f"{n} ports")
    return said()


Values = Counter[tuple[str, ...]]


def told(*urls: str) -> Values:
    """(series, values by their labels' names ...) -> the sum over these workers."""
    found: Values = Counter()
    for url in urls:
        text = httpx.get(url, trust_env=False).raise_for_status().text
        for family in text_string_to_metric_families(text):
            for one in family.samples:
                assert one.labels.pop("upstream", "default") == "default"
                values = (value for _, value in sorted(one.labels.items()))
                found[(one.name, *values)] += one.value
    return found


async def test_what_workers_count_is_what_the_upstream_did(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    fleet.start()
    fleet.start()
    where = await urls(fleet, 2)
    assert len(set(where)) == 2
    before = len(upstream.ledger())
    job_id = await submit(redis, a_plan(SWIFT, PAID, BUSY))
    await reaches(redis, job_id, Status.DONE)
    calls = upstream.ledger()[before:]
    now = told(*where)
    for model in (SWIFT, PAID, BUSY):
        mine = [call for call in calls if call["model"] == model]
        outcomes = Counter(call["outcome"] for call in mine)
        assert sum(outcomes.values()) == 10
        for outcome, n in outcomes.items():
            assert now["llmbench_calls_total", outcome, model] == n
        assert now["llmbench_latency_seconds_count", model] == outcomes["ok"]
        assert now["llmbench_ttft_seconds_count", model] == outcomes["ok"]
        cost_usd = sum(float(call["cost_usd"]) for call in mine)
        assert now["llmbench_cost_usd_total", model] == pytest.approx(cost_usd)
    # the first token comes after 50 ms and the last 7 x 5 ms later, never before
    assert now["llmbench_ttft_seconds_sum", PAID] >= 10 * 0.05
    assert now["llmbench_latency_seconds_sum", PAID] >= 10 * 0.085
    assert now["llmbench_loop_lag_seconds_count",] > 0
    assert fleet.stop() == [0, 0]


async def test_levels_are_told_while_it_runs_and_fall_when_it_ends(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start()
    [where] = await urls(fleet, 1)
    job_id = await submit(redis, a_plan(SWIFT, runs_=100_000))

    async def all_open() -> bool:
        now = told(where)
        assert now["llmbench_open_calls",] <= now["llmbench_lanes",]
        return now["llmbench_open_calls",] == 4

    await until(all_open, "four open calls")
    now = told(where)
    assert (now["llmbench_shards",], now["llmbench_lanes",]) == (1, 4)
    await states.end(redis, job_id, Ending.CANCELLED)

    async def idle() -> bool:
        now = told(where)
        return now["llmbench_shards",] == now["llmbench_lanes",] == 0

    await until(idle, "the end of the shard")
    assert told(where)["llmbench_open_calls",] == 0


async def test_slots_that_wait_for_a_limit_are_told_with_the_limit(
    redis: Redis, fleet: Workers
) -> None:
    fleet.start(FREE_CALLS_PER_MINUTE="2")
    [where] = await urls(fleet, 1)
    job_id = await submit(redis, a_plan(SWIFT, runs_=5))

    async def waits() -> bool:
        now = told(where)
        assert now["llmbench_calls_total", "ok", SWIFT] <= 2
        return (
            now["llmbench_calls_total", "ok", SWIFT] == 2
            and now["llmbench_waits_total", "minute"] > 0
        )

    await until(waits, "two calls and a slot without leave")
    await states.end(redis, job_id, Ending.CANCELLED)


async def test_where_no_port_is_set_nobody_listens(
    redis: Redis, fleet: Workers, upstream: Simulator
) -> None:
    fleet.start(METRICS_PORT="")
    job_id = await submit(redis, a_plan(SWIFT, runs_=1))
    await reaches(redis, job_id, Status.DONE)
    assert "metrics at" not in fleet.output()
