"""An upstream that bills what the test wants, and a run whose rows are compared."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from shared.analysis.columns import columns_of
from shared.outputs import write_csv
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.run import new_job_id
from shared.sample import Outcome, Sample
from shared.settings.settings import Settings
from shared.store.run import reconciles
from tests.children import until
from worker.ended.reconcile import Reconciler

PLAN = Plan(
    targets=(Target(model="a/b"),), prompts=InlinePrompts(prompts=("p",)), runs=1
)

BILL = {
    "total_cost": 0.5,
    "provider_name": "Harbor",
    "native_tokens_prompt": 10,
    "native_tokens_completion": 20,
    "native_tokens_reasoning": 0,
}


@dataclass
class Bills:
    """An upstream of nothing but bills, and what was asked of it."""

    url: str = ""
    status: int = 200
    not_yet: int = 0
    """How often each generation is a 404 at first."""
    slow_s: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)
    open: int = 0
    most_open: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    gate: threading.Event = field(default_factory=threading.Event)

    def answer(self, name: str) -> tuple[int, dict[str, Any]]:
        with self.lock:
            self.asked[name] += 1
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        self.gate.wait(self.slow_s)
        with self.lock:
            self.open -= 1
        if self.status != 200:
            return self.status, {"error": {}}
        if self.asked[name] <= self.not_yet:
            return 404, {"error": {}}
        return 200, {"data": BILL}


@dataclass
class Desk:
    """A reconciler of this process, and the results that it finds."""

    redis: Redis
    settings: Settings
    reconciler: Reconciler
    busy: bool = False

    async def ended(self, calls: int, **more: Any) -> str:
        """A run of so many calls that has ended and is to be compared; its id."""
        rows = [
            Sample(
                **{
                    "step": 0,
                    "slot": slot,
                    "target": 0,
                    "prompt": 0,
                    "outcome": Outcome.OK,
                    "generation_id": f"gen-{slot:03}",
                    "provider": "Harbor",
                    "cost_usd": 0.5,
                    "prompt_tokens": 10,
                    "output_tokens": 20,
                    "tokens_from": "usage",
                    **more,
                }
            )
            for slot in range(calls)
        ]
        job_id = new_job_id(1.8e9)
        folder = self.settings.results_dir / job_id
        folder.mkdir(parents=True)
        csv = write_csv(PLAN, columns_of(PLAN, rows))
        told = [{"target": target.label()} for target in PLAN.targets]
        (folder / "samples.csv").write_bytes(b"".join(csv))
        (folder / "summary.json").write_text(json.dumps({"targets": told}))
        await reconciles.ask(self.redis, job_id, in_s=0, keep_s=600)
        return job_id

    def file(self, job_id: str) -> dict[str, Any]:
        path = self.settings.results_dir / job_id / "reconciliation.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    async def done(self, job_id: str) -> dict[str, Any]:
        """Look, and the file once the run waits no more."""
        await self.reconciler.begin_due()

        async def ended() -> bool:
            return not await reconciles.waits(self.redis, job_id)

        await until(ended, f"the reconciliation of {job_id}")
        return self.file(job_id)
