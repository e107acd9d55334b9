"""Benchmarks that have ended, as their files are kept."""

import json
from collections.abc import Iterable
from math import exp
from pathlib import Path
from typing import Any

from shared.analysis.columns import columns_of
from shared.outputs import write_csv
from shared.plan import Plan
from shared.run import new_job_id
from shared.sample import Outcome, Sample

FAST, SLOW = "acme/swift-8b:free", "acme/tuna-8b:free"


def plan_of(*models: str, prompts: int = 8, runs: int = 2, **more: Any) -> Plan:
    """A plan of some prompts, each a number."""
    source = {"prompts": [f"What is {n}?" for n in range(prompts)]}
    targets = [{"model": model} for model in models]
    asked = {"targets": targets, "prompts": source, "runs": runs, **more}
    return Plan.model_validate(asked)


def rows_of(plan: Plan, ttft_s: dict[str, float]) -> Iterable[Sample]:
    """Each prompt as often as the plan says, the targets by turns. A call takes what
    its model does, up to 5 % more or less by its prompt and its turn."""
    slot = 0
    for repetition in range(plan.runs):
        for prompt in range(plan.prompts.count()):
            for target, asked in enumerate(plan.targets):
                spread = 0.05 * ((prompt * 3 + repetition * 5 + target * 2) % 7 - 3) / 3
                first_s = ttft_s[asked.model] * exp(spread)
                yield Sample(
                    step=0,
                    slot=slot,
                    target=target,
                    prompt=prompt,
                    repetition=repetition,
                    outcome=Outcome.OK,
                    kind="ok",
                    upstream="https://upstream.example",
                    sent_s=float(slot),
                    first_token_s=slot + first_s,
                    last_token_s=slot + first_s + 0.9,
                    ended_s=slot + first_s + 1.0,
                    output_tokens=10,
                    cost_usd=0.001 * (1 + target),
                )
                slot += 1


def keep(
    results_dir: Path,
    plan: Plan,
    rows: Iterable[Sample],
    at_s: float = 1000.0,
    **summary: Any,
) -> str:
    """A run that only the results folder knows; its id."""
    job_id = new_job_id(at_s)
    folder = results_dir / job_id
    folder.mkdir(parents=True)
    (folder / "plan.json").write_text(plan.model_dump_json())
    (folder / "run.json").write_text("{}")
    with (folder / "samples.csv").open("wb") as file:
        file.writelines(write_csv(plan, columns_of(plan, rows)))
    (folder / "summary.json").write_text(json.dumps(summary))
    return job_id
