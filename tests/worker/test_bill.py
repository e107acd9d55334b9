"""One bill: the upstream's ledger, the rows, the CSV and the summary, to the USD."""

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from shared import queue
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.plan.retries import USUAL, Retries
from shared.run import Status
from shared.sample import Outcome, Sample, decode
from shared.store.run import runs, samples
from tests.children import Simulator, simulator, until, workers

NANO = 1e-9
PAID, PASSES, BILLED_ONCE, BROKEN = (
    "acme/orca-70b-instruct",
    "fault/fails-twice",
    "fault/thinks-once",
    "fault/truncated",
)


@pytest.fixture
def upstream() -> Iterator[Simulator]:
    with simulator("--ttft-s", "0.02", "--gap-s", "0.002", "--tokens", "9") as running:
        yield running


@dataclass(frozen=True)
class Books:
    """What each side says of one run."""

    truth: list[dict[str, Any]]
    rows: list[Sample]
    table: list[dict[str, str]]
    summary: dict[str, Any]

    def ledger_usd(self, **said: object) -> float:
        """Of the calls of which the ledger says so."""
        return sum(
            float(call["cost_usd"])
            for call in self.truth
            if all(call[name] == value for name, value in said.items())
        )


async def played(
    redis: Redis, store_url: str, upstream: Simulator, folder: Path, *models: str
) -> Books:
    """Each of them asked six prompts, with two retries."""
    plan = Plan(
        targets=tuple(Target(model=model) for model in models),
        prompts=InlinePrompts(prompts=tuple("Say it. " * i for i in range(1, 7))),
        runs=1,
        load=Concurrency(concurrency=4),
        retries=Retries(max=2, on=(*USUAL, Outcome.NO_TEXT), backoff_s=0.05),
    )
    with workers(store_url, upstream.base_url, folder) as fleet:
        fleet.start()
        fleet.start()
        run = await runs.create(redis, plan)
        await queue.ring(redis, run.job_id, 2)

        async def is_done() -> bool:
            return (await runs.load(redis, run.job_id)).status is Status.DONE

        await until(is_done, "the end of the run")
        where = Path(fleet.env["RESULTS_DIR"]) / run.job_id
        with (where / "samples.csv").open(newline="") as file:
            table = list(csv.DictReader(file))
        summary = json.loads((where / "summary.json").read_text())
        rows = [decode(row) async for row in samples.each_row(redis, run.job_id)]
        return Books(upstream.ledger(), rows, table, summary)


async def test_ledger_rows_csv_and_summary_are_one_bill(
    redis: Redis, store_url: str, upstream: Simulator, tmp_path: Path
) -> None:
    models = (PAID, PASSES, BILLED_ONCE)
    books = await played(redis, store_url, upstream, tmp_path, *models)
    # 6 answers; 6 slots of 3 attempts; 6 slots of 2
    assert len(books.truth) == len(books.rows) == len(books.table) == 6 + 18 + 12
    true_usd = books.ledger_usd()
    assert true_usd > 1e-4
    rows_usd = sum(row.cost_usd or 0 for row in books.rows)
    table_usd = sum(float(line["cost_usd"] or 0) for line in books.table)
    cost = books.summary["cost"]
    assert rows_usd == pytest.approx(true_usd, abs=NANO)
    assert table_usd == pytest.approx(true_usd, abs=NANO)
    assert cost["billed_usd"] == pytest.approx(true_usd, abs=NANO)
    # call by call
    costs = {call["id"]: float(call["cost_usd"]) for call in books.truth}
    for row in books.rows:
        if row.cost_usd is not None:
            assert row.generation_id is not None
            assert row.cost_usd == pytest.approx(costs[row.generation_id], abs=0)
    # 12 calls were refused with 502, which tells no cost and is none
    assert (cost["rows_reporting"], cost["rows_silent"]) == (24, 12)
    assert cost["rows_unaccounted"] == 0
    assert cost["usd_per_row"] == pytest.approx(true_usd / 24)
    assert cost["usd_per_1000_good"] == pytest.approx(true_usd * 1000 / 18)
    # what was only thought was billed and made again
    thought_usd = books.ledger_usd(outcome="no_text")
    assert thought_usd > 0
    assert cost["wasted_usd"] == pytest.approx(thought_usd, abs=NANO)
    assert cost["retried_usd"] == cost["wasted_usd"]
    assert (cost["failed_usd"], cost["truncated_usd"]) == (0, 0)
    assert cost["wasted_share"] == pytest.approx(thought_usd / true_usd)


async def test_each_target_and_each_provider_has_its_part_of_the_bill(
    redis: Redis, store_url: str, upstream: Simulator, tmp_path: Path
) -> None:
    books = await played(redis, store_url, upstream, tmp_path, PAID, BILLED_ONCE)
    for target in books.summary["targets"]:
        of_model = books.ledger_usd(model=target["model"])
        assert target["cost"]["billed_usd"] == pytest.approx(of_model, abs=NANO)
        for each in target["providers"]:
            theirs = books.ledger_usd(model=target["model"], provider=each["provider"])
            assert each["cost"]["billed_usd"] == pytest.approx(theirs, abs=NANO)
        tokens = sum(
            call["completion_tokens"]
            for call in books.truth
            if call["model"] == target["model"]
        )
        per_million = target["cost"]["usd_per_1m_output_tokens"]
        assert per_million == pytest.approx(of_model * 1e6 / tokens)


async def test_a_stream_that_broke_off_is_billed_and_tells_no_cost(
    redis: Redis, store_url: str, upstream: Simulator, tmp_path: Path
) -> None:
    books = await played(redis, store_url, upstream, tmp_path, PAID, BROKEN)
    broken = [row for row in books.rows if row.outcome is Outcome.TRUNCATED]
    assert len(broken) == 18
    unsaid_usd = books.ledger_usd(outcome="truncated")
    assert unsaid_usd > 0
    cost = books.summary["cost"]
    # a lower bound, and how many rows are missing from it
    assert cost["rows_silent"] == cost["rows_unaccounted"] == 18
    said_usd = books.ledger_usd() - unsaid_usd
    assert cost["billed_usd"] == pytest.approx(said_usd, abs=NANO)
    assert (cost["wasted_usd"], cost["truncated_usd"]) == (None, None)
