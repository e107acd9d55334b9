"""Runs of calls that are on time, and what is changed in some of them."""

from collections.abc import Iterable
from typing import Any

from shared.analysis.summarize import summarize
from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample
from shared.verdict.judge import judge
from shared.verdict.observations import Observations
from shared.verdict.records import Reason, Verdict

PLAN = Plan(
    targets=(Target(model="acme/orca"),),
    prompts=InlinePrompts(prompts=("Why?",)),
)

QUIET = Observations(
    loop_lag_p99_s=0.020,
    cpu_share=0.90,
    kernel_stamps=1_000,
    loop_stamps=3,
    clamped_stamps=0,
    interrupted_shards=0,
    overlapping_shards=0,
    paused_targets=(),
    versions=("1.0",),
    hosts=("one", "two"),
    keys=("01ab",),
    beside=(),
)

VALID = Verdict(kind="valid", usable=("latency", "response", "ttft", "rate"))


def call(slot: int, **more: Any) -> Sample:
    """One of ten calls a second, 200 ms to the first token, 1 s in all, on time."""
    due_s = slot / 10
    known: dict[str, Any] = {
        "due_s": due_s,
        "started_s": due_s,
        "sent_s": due_s,
        "first_token_s": due_s + 0.2,
        "ended_s": due_s + 1.0,
        "tokens_from": "usage",
        "provider": "Acme",
    }
    fixed: dict[str, Any] = {"step": 0, "target": 0, "prompt": 0, "outcome": Outcome.OK}
    return Sample(slot=slot, **(fixed | known | more))


def calls(n: int, odd: int = 0, **more: Any) -> list[Sample]:
    """n calls, the first `odd` of the middle hundred of them changed."""
    rows = [call(slot) for slot in range(n)]
    for slot in range(100, 100 + odd):
        rows[slot] = call(slot, **more)
    return rows


def judged(
    rows: Iterable[Sample], seen: Observations | None = None, plan: Plan = PLAN
) -> Verdict:
    return judge(plan, summarize(plan, rows), seen).verdict


def codes(reasons: Iterable[Reason]) -> list[str]:
    return [reason.code for reason in reasons]


def late(n: int) -> list[Sample]:
    rows = calls(1_000)
    for slot in range(100, 100 + n):
        rows[slot] = call(slot, started_s=slot / 10 + 0.011)
    return rows


def slack(n: int, **slack: float) -> list[Sample]:
    """Of 1,000 calls so many with this slack."""
    return [
        call(slot, gap_doubtful_n=0, **(slack if slot < n else {}))
        for slot in range(1_000)
    ]


BROKEN = "Model acme/orca was not found."


def failed(n: int, of: int, error: str = BROKEN, **more: Any) -> list[Sample]:
    """Of so many calls of a closed load the first n refused."""
    refused = {
        "outcome": Outcome.REFUSED,
        "error": error,
        "first_token_s": None,
        **more,
    }
    return [
        call(slot, due_s=None, **(refused if slot < n else {})) for slot in range(of)
    ]
