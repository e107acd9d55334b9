"""Pass rates and what did not come whole, over sockets, beside the ledger."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared.analysis import wilson
from shared.outputs.calls import read_calls
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts, Prompt
from shared.run import Status
from shared.store.run import runs
from tests.children import Simulator, Workers, simulator, workers
from tests.shared.checks.test_kinds import checks
from tests.worker.told import reaches
from tests.worker.whole import ORCA, SWIFT, rows_of, submit

PAUSE_S, STALL_S = 1.5, 1.0
FAULTS = {
    "wrong": 0.2,
    "truncated": 0.06,
    "error-in-200": 0.06,
    "empty": 0.06,
    "refusal": 0.06,
    "no-done": 0.06,
    "one-burst": 0.06,
    f"pause;s={PAUSE_S}": 0.04,
}
TROUBLES = {
    "truncated": "truncated",
    "error-in-200": "error_in_200",
    "empty": "empty",
    "refusal": "refused",
    "no-done": "no_done",
    f"pause;s={PAUSE_S}": "stalled",
}
"""What the summary calls each; a burst may also be a busy machine's."""
WORDS = ("mountain", "river", "harbour", "lantern", "orchard", "winter", "copper")
PLAN = Plan(
    targets=(Target(model=SWIFT), Target(model=ORCA)),
    prompts=InlinePrompts(
        prompts=tuple(
            Prompt(prompt=f"Explain {word}.", checks=checks({"contains": word}))
            for word in WORDS
        )
    ),
    runs=16,
    load=Concurrency(concurrency=16),
    keep_answers="none",
    stall_s=STALL_S,
    checks=checks({"max_words": 50}, {"regex": r"^\S+$", "negate": True}),
)


@pytest.fixture(scope="module")
def weathered() -> Iterator[Simulator]:
    weather = ",".join(f"{fault}={share}" for fault, share in FAULTS.items())
    pace = ("--ttft-s", "0.05", "--gap-s", "0.01", "--tokens", "10")
    with simulator("--weather", weather, *pace) as running:
        yield running


@pytest.fixture
def measuring(
    store_url: str, weathered: Simulator, tmp_path: Path
) -> Iterator[Workers]:
    with workers(store_url, weathered.base_url, tmp_path) as running:
        yield running


async def test_pass_rates_and_broken_answers_are_those_of_the_ledger(
    redis: Redis, measuring: Workers, weathered: Simulator
) -> None:
    measuring.start()
    job_id = await submit(redis, PLAN)
    await reaches(redis, job_id, Status.DONE)
    truth = {call["id"]: call for call in weathered.ledger()}
    rows = await rows_of(redis, job_id)
    assert len(rows) == len(truth) == 2 * 7 * 16
    for row in rows:
        # an error in a 200 has no id
        wrong = bool(row.generation_id) and (
            truth[row.generation_id or ""]["fault"] == "wrong"
        )
        assert row.passed is (None if not row.ok else not wrong), row
        assert row.failed_check == ("contains" if row.ok and wrong else None)
    result = await runs.result_of(redis, job_id)
    assert result is not None
    for target in result["targets"]:
        matches(target, [c for c in truth.values() if c["model"] == target["model"]])
    folder = Path(measuring.env["RESULTS_DIR"]) / job_id
    assert (folder / "responses.jsonl").read_bytes() == b"", "nothing had to be kept"
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["pass_rate"] == result["pass_rate"]
    (found,) = read_calls([(PLAN, folder / "samples.csv")])
    for name, calls in found.targets.items():
        told = next(t for t in result["targets"] if t["target"] == name)
        assert int(calls.good.sum()) == told["cost"]["good"]
        assert int((calls.passed == 1).sum()) == told["pass_rate"]["passed"]


def matches(target: dict[str, Any], calls: list[dict[str, Any]]) -> None:
    """What is said of a target is what the ledger has of it."""
    faults = Counter(call["fault"] for call in calls)
    ok = sum(call["outcome"] == "ok" for call in calls)
    rate = target["pass_rate"]
    assert (rate["checked"], rate["passed"]) == (ok, ok - faults["wrong"])
    assert (rate["undecided"], rate["failed"]) == (0, {"contains": faults["wrong"]})
    assert rate["low"] < (ok - faults["wrong"]) / ok < rate["high"]
    assert target["cost"]["good"] == ok - faults["wrong"]
    integrity = target["integrity"]
    for fault, name in TROUBLES.items():
        said = integrity[name]
        assert said["n"] == faults[fault] > 0, name
        assert (said["low"], said["high"]) == wilson(said["n"], said["of"]), name
    assert integrity["truncated"]["of"] == len(calls)
    assert integrity["one_burst"]["n"] >= faults["one-burst"] > 0
