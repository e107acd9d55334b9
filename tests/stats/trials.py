"""Whole runs over sockets against a simulator whose truth is known: store, worker,
files, comparison. The runs of a trial differ in nothing but chance."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from api.comparing.work import comparison_of
from shared import queue
from shared.comparison import Comparison, MetricVerdict, PairVerdict
from shared.plan import Plan, Target
from shared.plan.loads import Concurrency
from shared.plan.prompts import InlinePrompts
from shared.run import Status
from shared.store.client import connect
from shared.store.run import runs
from tests import children
from tests.children import Simulator, until, workers

ORCA = "acme/orca-70b-instruct"
EAST, WEST = "globex/twin-east", "globex/twin-west"
SLOWNESS = {
    "Harbor": 1.0,
    "Kestrel": 0.6,
    "Meridian": 1.7,
    "Pelican": 0.8,
    "Heron": 1.25,
}
"""How slow each provider of the simulator is, as a factor."""
OPTIONS = ("--router-calls", "50", "--seed", "20261128")


@dataclass(frozen=True, slots=True)
class Trial:
    """One run: what was compared, and what the simulator truly did."""

    comparison: Comparison
    ledger: tuple[dict[str, Any], ...]
    """A row for each call of the run."""

    def metric(self, pair: PairVerdict, name: str) -> MetricVerdict:
        return next(each for each in pair.metrics if each.metric == name)


@dataclass(slots=True)
class Bench:
    """A store, a simulator and a worker."""

    redis: Redis
    upstream: Simulator
    results: Path
    _told: int = 0
    """The last call of the ledger that was read; it gives 10,000 at once."""

    async def trial(self, plan: Plan) -> Trial:
        """Run it, and compare its targets."""
        run = await runs.create(self.redis, plan)
        await queue.ring(self.redis, run.job_id, 2)

        async def done() -> bool:
            found = await runs.load(self.redis, run.job_id)
            assert found.status not in (Status.FAILED, Status.CANCELLED), found
            return found.status is Status.DONE

        await until(done, f"the end of {run.job_id}", deadline_s=180)
        _set_verdict_aside(self.results / run.job_id / "summary.json")
        comparison = await asyncio.to_thread(
            comparison_of, self.results, [run.job_id], False
        )
        page = self.upstream.get(f"/sim/ledger?since={self._told}")
        ledger: list[dict[str, Any]] = page["records"]
        self._told = ledger[-1]["n"]
        return Trial(comparison, tuple(ledger))


def _set_verdict_aside(summary: Path) -> None:
    """A machine that is busy with other things sends late, and the verdict bars such
    figures. Here the ledger tells what was true of each call, late or not."""
    result = json.loads(summary.read_text("utf-8"))
    result["verdict"]["unusable"] = []
    summary.write_text(json.dumps(result), encoding="utf-8")


@asynccontextmanager
async def bench(store_url: str, folder: Path) -> AsyncIterator[Bench]:
    """Everything that trials need; the simulator's unpinned models move."""
    with (
        children.simulator(*OPTIONS) as upstream,
        workers(store_url, upstream.base_url, folder) as fleet,
    ):
        fleet.start()
        redis = connect(store_url)
        try:
            yield Bench(redis, upstream, folder / "results")
        finally:
            await redis.aclose()


def plan_of(targets: Sequence[Target], prompts: int, repetitions: int) -> Plan:
    """Short answers, the calls of a pair back to back."""
    texts = tuple(f"What is {n} and {n}?" for n in range(prompts))
    return Plan(
        targets=tuple(targets),
        prompts=InlinePrompts(prompts=texts),
        runs=repetitions,
        max_tokens=4,
        load=Concurrency(concurrency=8),
    )


def providers(repetitions: int = 6) -> Plan:
    """Three providers of one model, of known difference."""
    targets = [
        Target(model=ORCA, provider=name) for name in ("harbor", "kestrel", "meridian")
    ]
    return plan_of(targets, 10, repetitions)


def pinned(repetitions: int = 10) -> Plan:
    """Two equal targets at one provider."""
    targets = [Target(model=model, provider="pelican") for model in (EAST, WEST)]
    return plan_of(targets, 20, repetitions)


def moving(repetitions: int = 20) -> Plan:
    """Two equal targets at a router whose shares move."""
    return plan_of([Target(model=EAST), Target(model=WEST)], 20, repetitions)


def served_ln_s(ledger: Sequence[dict[str, Any]], model: str) -> float:
    """What was true of a model by who served it: the mean over its calls of what their
    providers took in this run, as ln s. A busy simulator is late, which brings the
    providers nearer to each other than they were made."""
    took: dict[str, list[float]] = {}
    for row in ledger:
        took.setdefault(row["provider"], []).append(_ln_s(row))
    of = {name: sum(each) / len(each) for name, each in took.items()}
    found = [of[row["provider"]] for row in ledger if row["model"] == model]
    return sum(found) / len(found)


def _ln_s(row: dict[str, Any]) -> float:
    return log(row["first_token_s"] - row["received_s"])


def told_ln_s(ledger: Sequence[dict[str, Any]], model: str, provider: str) -> float:
    """The mean of ln(time to first token) of its calls, as the simulator kept it."""
    found = [
        _ln_s(row)
        for row in ledger
        if row["model"] == model and row["provider"] == provider
    ]
    return sum(found) / len(found)
