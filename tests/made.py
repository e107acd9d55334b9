"""Runs that have ended, made of samples without a worker: all that a page can show."""

import json
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from math import exp
from pathlib import Path
from typing import Any

from shared import archive
from shared.analysis.columns import columns_of
from shared.analysis.summarize import summarize
from shared.comparison.looks import LookAnswer
from shared.outputs import KeptAnswer, write_csv, write_json, write_responses
from shared.plan import Plan, steps, work
from shared.run import Ending, Run, Status, new_job_id
from shared.sample import Outcome, Sample
from shared.upstream import ListedProvider
from shared.verdict import Observations, judge

SWIFT, LARK, SAGE, ORCA = (
    *("acme/swift-8b:free", "initech/lark-24b"),
    *("globex/sage-thinker:free", "acme/orca-pro"),
)
BEGAN_AT = 1_795_853_640.0
"""28 November 2026, 08:14 UTC."""
LASTED_S = 436.0

_TTFT_S = (0.080, 0.074, 0.150, 0.410)
_TPOT_S = (0.0050, 0.0075, 0.0101, 0.0081)
_TOKENS = (48, 112, 76, 168)
_USD = (0.0, 0.000417, 0.0, 0.0017)
WAIT_S = (203.0, 41.0)
"""When nobody worked on the run, and for how long."""


def plan_of(
    *models: str, prompts: Iterable[str] | None = None, runs: int = 3, **more: Any
) -> Plan:
    """Of some models; by default 20 prompts."""
    asked = [*(prompts or (f"Explain number {n} in two sentences." for n in range(20)))]
    return Plan.model_validate(
        {
            "targets": [{"model": model} for model in models],
            "prompts": {"prompts": asked},
            "runs": runs,
            **more,
        }
    )


def rows_of(plan: Plan, seed: int = 7) -> Iterator[Sample]:
    """A row for each slot: two providers for the second target, five failures among
    each 240 calls, a wait in the middle, slower where more is asked at once."""
    rng = random.Random(seed)
    many = len(plan.targets)
    at_s = 0.0
    for step in steps(plan):
        slots = step.count or plan.pairs() * plan.runs
        slower = 1.0 + 0.04 * (step.value or 0.0)
        for slot in range(slots):
            asked = work(plan, step.number, slot)
            target = asked.target
            segment = 0 if at_s < WAIT_S[0] else 1
            began_s = at_s + (WAIT_S[1] if segment else 0.0)
            at_s += 1.66 * rng.uniform(0.6, 1.4)
            quay = target == 1 and segment == 1 and rng.random() < 0.65
            place = target % len(_TTFT_S)
            ttft_s = _TTFT_S[place] * slower * exp(rng.gauss(0, 0.12))
            ttft_s *= (1.0 + target // len(_TTFT_S)) * (1.35 if quay else 1.0)
            outcome, error = _fate(rng, slot, target, many, quay=quay)
            tokens = _TOKENS[place]
            spoken_s = tokens * _TPOT_S[place] * exp(rng.gauss(0, 0.02))
            ok = outcome is Outcome.OK
            first = ok or outcome in (Outcome.TRUNCATED, Outcome.ERROR_IN_200)
            sent_s = slot + 0.001
            yield Sample(
                step=step.number,
                slot=slot,
                segment=segment,
                worker="vm:1:a",
                target=target,
                prompt=asked.prompt,
                repetition=asked.repetition,
                outcome=outcome,
                status=429 if outcome is Outcome.RATE_LIMITED else 200,
                error=error,
                kind="ok" if ok else "failed",
                provider="Quay" if quay else "Harbor",
                upstream="https://upstream.example",
                started_at=BEGAN_AT + began_s,
                started_s=slot + 0.0005,
                sent_s=sent_s,
                ack_s=sent_s + 0.9 * ttft_s,
                first_token_s=sent_s + ttft_s if first else None,
                first_visible_s=(
                    sent_s + ttft_s * (1.5 if place == 2 else 1) if first else None
                ),
                last_token_s=sent_s + ttft_s + spoken_s if first else None,
                ended_s=sent_s + ttft_s + spoken_s,
                reused=True,
                output_tokens=tokens if ok else None,
                reasoning_tokens=(36 if place == 2 else 0) if ok else None,
                cost_usd=_USD[place] if ok else None,
            )


def _fate(
    rng: random.Random, slot: int, target: int, many: int, *, quay: bool
) -> tuple[Outcome, str | None]:
    if quay and slot % 11 == 0:
        return Outcome.RATE_LIMITED, (
            f"429: Provider returned error: rate limit of {20 + slot % 3} a minute"
        )
    if target == 1 % many and slot % 79 == 3:
        return Outcome.TIMEOUT_FIRST_TOKEN, f"no token within {15 + rng.random():.1f} s"
    if target == 3 and slot % 97 == 5:
        return Outcome.ERROR_IN_200, (
            "error in the stream of a 200: overloaded, request id"
            f" req-{rng.randrange(16**6):06x}"
        )
    return Outcome.OK, None


def checked(rows: Iterable[Sample], passes: Callable[[Sample], bool]) -> list[Sample]:
    """The rows, of which the successful ones were checked."""
    return [
        (
            replace(
                row,
                passed=passes(row),
                failed_check=None if passes(row) else "contains",
            )
            if row.ok
            else row
        )
        for row in rows
    ]


def keep(
    results_dir: Path,
    plan: Plan,
    rows: Iterable[Sample] | None = None,
    *,
    answers: bool = True,
    text: str = "«{asked}»: terra sale vento, alba {n}.",
    listed: Sequence[ListedProvider] = (),
    until: LookAnswer | None = None,
    **about: Any,
) -> str:
    """Its files, as the reduce writes them; the id."""
    job_id = new_job_id(BEGAN_AT)
    made = [*(rows if rows is not None else rows_of(plan))]
    folder = results_dir / job_id
    folder.mkdir(parents=True)
    columns = columns_of(plan, made)
    seen = Observations(
        hosts=("vm",), versions=("0.1.0",), kernel_stamps=17_656, cpu_share=0.94
    )
    judged = judge(plan, summarize(plan, columns, ending=Ending.COMPLETED), seen)
    judged = judged.model_copy(update={"until": until})
    run = Run(
        job_id=job_id,
        status=Status.DONE,
        ending=Ending.COMPLETED,
        submitter="anonymous",
        targets=tuple(each.label() for each in plan.targets),
        created_at=BEGAN_AT,
        started_at=BEGAN_AT,
        closed=len(made),
        failed=sum(not each.ok for each in made),
        total=len(made),
        spent_usd=sum(each.cost_usd or 0.0 for each in made),
        max_usd=plan.max_cost_usd,
        listed=tuple(one.model_dump(mode="json") for one in listed),
    )
    record = json.loads(archive.record(run))
    record["about"] = {"name": None, "tags": [], "note": None, **about}
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "plan.json").write_bytes(write_json(plan))
    with (folder / "samples.csv").open("wb") as file:
        file.writelines(write_csv(plan, columns))
    kept = [each for each in made if answers and each.repetition == 0]
    with (folder / "responses.jsonl").open("wb") as file:
        file.writelines(write_responses(plan, _answers(plan, kept, text)))
    (folder / "summary.json").write_bytes(write_json(judged))
    os.utime(folder / "summary.json", (BEGAN_AT + LASTED_S, BEGAN_AT + LASTED_S))
    return job_id


def _answers(plan: Plan, rows: Iterable[Sample], text: str) -> Iterator[KeptAnswer]:
    for row in rows:
        asked = plan.prompts.prompt(row.prompt).prompt or ""
        said = text.replace("{asked}", asked[:30]).replace("{n}", str(row.slot))
        events = [row.first_token_s - (row.sent_s or 0)] if row.first_token_s else []
        if row.output_tokens and events and row.last_token_s:
            length = row.last_token_s - (row.first_token_s or 0)
            many = row.output_tokens
            events = [events[0] + length * n / many for n in range(many)]
        yield KeptAnswer(
            step=row.step,
            slot=row.slot,
            outcome=row.outcome,
            text=said if row.ok else "",
            token_events_s=events if plan.keep_events else None,
        )
