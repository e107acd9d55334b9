"""Runs whose answers a model judges, over sockets, beside the simulator's ledger."""

import json
import signal
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.money import account_of
from shared.plan import Plan
from shared.run import Ending, Status
from shared.settings.settings import Settings
from shared.store import opinions
from shared.store.run import runs
from shared.store.upstream import limits, money
from tests.children import CANARY, Simulator, Workers, simulator, until, workers
from tests.worker.told import reaches
from tests.worker.whole import SWIFT, submit

pytestmark = pytest.mark.usefixtures("no_midnight")

ORCA_PAID, JUDGE = "acme/orca-70b-instruct", "acme/judge"
WORDS = ("mountain", "river", "harbour")
QUICK = ("--ttft-s", "0.01", "--gap-s", "0.001", "--tokens", "10")


def plan(*models: str, runs_: int = 4, **more: Any) -> Plan:
    """Each prompt names a word, which an ordinary answer quotes; the judge wants the
    first of them."""
    judge = {"kind": "judge", "rubric": 'Is it of a "mountain"?', "model": JUDGE}
    return Plan.model_validate(
        {
            "targets": [{"model": model} for model in models],
            "prompts": {"prompts": [f"Explain {word}." for word in WORDS]},
            "runs": runs_,
            "load": {"concurrency": 4, "warmup": 2},
            "max_tokens": 40,
            "checks": [{"max_words": 50}, judge],
            "keep_answers": "none",
            **more,
        }
    )


@pytest.fixture
def fresh(store_url: str, tmp_path: Path) -> Iterator[tuple[Simulator, Workers]]:
    """A simulator of its own, so that the ledger is of one run."""
    with (
        simulator(*QUICK) as upstream,
        workers(store_url, upstream.base_url, tmp_path) as fleet,
    ):
        yield upstream, fleet


def usd(calls: list[dict[str, Any]], *models: str) -> float:
    costs = (Decimal(call["cost_usd"]) for call in calls if call["model"] in models)
    return float(sum(costs, Decimal(0)))


def judged(fleet: Workers, job_id: str) -> list[dict[str, Any]]:
    path = Path(fleet.env["RESULTS_DIR"]) / job_id / "judged.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


async def summary_of(redis: Redis, job_id: str) -> dict[str, Any]:
    found = await runs.result_of(redis, job_id)
    assert found is not None
    return found


async def test_pass_rate_and_cost_are_those_of_the_ledger(
    redis: Redis, fresh: tuple[Simulator, Workers]
) -> None:
    upstream, fleet = fresh
    fleet.start()
    job_id = await submit(redis, plan(ORCA_PAID, SWIFT, max_cost_usd=1))
    await reaches(redis, job_id, Status.DONE)
    calls = upstream.ledger()
    asked = [call for call in calls if call["model"] == JUDGE]
    answered = [call for call in calls if call["model"] != JUDGE]
    assert len(asked) == 2 * 3 * 4, "each counted answer once, no warm-up"
    last_s = max(call["ended_s"] for call in answered)
    assert min(call["received_s"] for call in asked) > last_s
    summary = await summary_of(redis, job_id)
    rate = summary["pass_rate"]
    assert (rate["checked"], rate["passed"], rate["undecided"]) == (24, 8, 0)
    assert rate["failed"] == {"judge": 16}
    judging = summary["judging"]
    assert (judging["answers"], judging["calls"]) == (24, 24)
    assert (judging["yes"], judging["no"], judging["unknown"]) == (8, 16, {})
    assert summary["judge_cost_usd"] == pytest.approx(usd(calls, JUDGE))
    of_targets = summary["cost"]["billed_usd"] + summary["warmup_usd"]
    assert of_targets == pytest.approx(usd(calls, ORCA_PAID, SWIFT))
    spent = await money.spent_by(redis, job_id)
    total = usd(calls, ORCA_PAID, SWIFT, JUDGE)
    assert spent.spent_usd == pytest.approx(total, abs=1e-9)
    assert (spent.held_usd, spent.unaccounted_usd) == (0, 0)
    for target in summary["targets"]:
        assert target["pass_rate"]["passed"] == target["cost"]["good"] == 4
        assert target["judging"]["calls"] == 12
    halves = [target["judge_cost_usd"] for target in summary["targets"]]
    assert sum(halves) == pytest.approx(summary["judge_cost_usd"])
    lines = judged(fleet, job_id)
    assert {line["generation_id"] for line in lines} == {call["id"] for call in asked}
    assert Counter(line["answer"] for line in lines) == {"yes": 8, "no": 16}
    assert all(line["text"] is None for line in lines), "the plan keeps no text"
    folder = Path(fleet.env["RESULTS_DIR"]) / job_id
    assert (folder / "responses.jsonl").read_bytes() == b""
    assert "failed_check" in (folder / "samples.csv").read_text("utf-8")


async def test_a_worker_that_is_killed_leaves_the_rest_to_another(
    redis: Redis, fresh: tuple[Simulator, Workers]
) -> None:
    upstream, fleet = fresh
    first = fleet.start(JUDGE_CONCURRENCY="1")
    job_id = await submit(redis, plan(SWIFT, runs_=20, max_cost_usd=1))

    async def some() -> bool:
        return (await runs.load(redis, job_id)).judged >= 5

    await until(some, "some opinions")
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = len(await opinions.places(redis, job_id))
    assert before < 60
    fleet.start()
    await reaches(redis, job_id, Status.DONE)
    asked = [call for call in upstream.ledger() if call["model"] == JUDGE]
    assert 60 <= len(asked) <= 61, "at most the call that was open is made again"
    summary = await summary_of(redis, job_id)
    assert summary["judging"]["calls"] == 60
    assert summary["pass_rate"]["checked"] == 60
    spent = await money.spent_by(redis, job_id)
    assert spent.held_usd == 0
    billed = usd(upstream.ledger(), JUDGE)
    assert spent.spent_usd <= billed + 1e-9
    assert billed <= spent.spent_usd + spent.unaccounted_usd + 1e-9


async def test_a_budget_that_ends_among_opinions_leaves_the_rest_unknown(
    redis: Redis, fresh: tuple[Simulator, Workers]
) -> None:
    upstream, fleet = fresh
    fleet.start(JUDGE_CONCURRENCY="2")
    most_usd = 0.0004
    job_id = await submit(redis, plan(SWIFT, runs_=20, max_cost_usd=most_usd))
    done = await reaches(redis, job_id, Status.DONE)
    assert done.ending is Ending.COMPLETED, "what was measured is whole"
    summary = await summary_of(redis, job_id)
    judging, rate = summary["judging"], summary["pass_rate"]
    assert 0 < judging["calls"] < 60
    assert judging["unknown"] == {"budget": 60 - judging["calls"]}
    assert rate["checked"] == judging["calls"]
    assert rate["undecided"] == 60 - judging["calls"]
    assert usd(upstream.ledger(), JUDGE) <= most_usd
    assert summary["judge_cost_usd"] == pytest.approx(usd(upstream.ledger(), JUDGE))
    # no half call's worth was left for nothing
    assert usd(upstream.ledger(), JUDGE) > most_usd / 3


@pytest.mark.parametrize(
    ("model", "why", "said"),
    [
        ("fault/wrong", "unclear", 12),
        ("fault/refusal", "refused", 10),
        ("fault/internal", "upstream_error", 10),
    ],
)
async def test_what_a_judge_does_not_say_is_unknown_with_the_reason(
    redis: Redis,
    fresh: tuple[Simulator, Workers],
    model: str,
    why: str,
    said: int,
) -> None:
    _, fleet = fresh
    fleet.start(JUDGE_CONCURRENCY="1")
    checks = [{"rubric": "Is it?", "model": model}]
    job_id = await submit(redis, plan(SWIFT, checks=checks))
    await reaches(redis, job_id, Status.DONE)
    summary = await summary_of(redis, job_id)
    rate, judging = summary["pass_rate"], summary["judging"]
    assert (rate["checked"], rate["undecided"], rate["share"]) == (0, 12, None)
    lines = judged(fleet, job_id)
    assert {(line["answer"], line["why"]) for line in lines} == {("unknown", why)}
    assert len(lines) == said
    rest = {"gave_up": 12 - said} if said < 12 else {}
    assert judging["unknown"] == {why: said, **rest}


async def test_a_judge_that_is_throttled_is_asked_again_and_each_call_counts(
    redis: Redis, fresh: tuple[Simulator, Workers]
) -> None:
    upstream, fleet = fresh
    fleet.start(MAX_CALLS_PER_DAY="100")
    model = "fault/rate-limited-upstream"
    checks = [{"rubric": "Is it?", "model": model}]
    job_id = await submit(
        redis, plan(SWIFT, runs_=1, checks=checks, load={"concurrency": 4})
    )
    await reaches(redis, job_id, Status.DONE)
    judging = (await summary_of(redis, job_id))["judging"]
    assert (judging["calls"], judging["unknown"]) == (9, {"rate_limited": 3})
    calls = Counter(call["model"] for call in upstream.ledger())
    assert calls == {SWIFT: 3, model: 9}
    given = {"openrouter_base_url": upstream.base_url, "openrouter_api_key": CANARY}
    account = account_of(Settings.model_validate(given))
    assert (await limits.used(redis, account, "all")).today == 12
    spent = await money.spent_by(redis, job_id)
    assert (spent.spent_usd, spent.held_usd, spent.unaccounted_usd) == (0, 0, 0)


async def test_a_cancel_stops_it_and_keeps_what_was_said(
    redis: Redis, fresh: tuple[Simulator, Workers]
) -> None:
    _, fleet = fresh
    fleet.start(JUDGE_CONCURRENCY="1")
    job_id = await submit(redis, plan(SWIFT, runs_=60))

    async def some() -> bool:
        return (await runs.load(redis, job_id)).judged >= 3

    await until(some, "some opinions")
    assert await opinions.cancel(redis, job_id)
    await reaches(redis, job_id, Status.CANCELLED)
    summary = await summary_of(redis, job_id)
    judging = summary["judging"]
    assert 3 <= judging["calls"] < 180
    assert judging["unknown"] == {"cancelled": 180 - judging["calls"]}
    assert summary["pass_rate"]["checked"] == judging["calls"]
