"""A run of five calls whose figures can be worked by hand, and rows of one's own."""

from typing import Any

from shared.plan import Plan, Target
from shared.plan.prompts import InlinePrompts
from shared.sample import Outcome, Sample

PLAN = Plan(
    targets=(Target(model="acme/orca"), Target(model="acme/seal", provider="acme")),
    prompts=InlinePrompts(prompts=("Why?", "How?")),
)


def row(slot: int, sent_s: float | None, ended_s: float | None, **more: Any) -> Sample:
    """A call that succeeded, unless it says otherwise."""
    fixed: dict[str, Any] = {
        "step": 0,
        "target": slot % 2,
        "prompt": 0,
        "outcome": Outcome.OK,
    }
    stamps = {"slot": slot, "sent_s": sent_s, "ended_s": ended_s}
    return Sample(**(fixed | stamps | more))


#     slot   0         5         10        15   latency
#       0    =                                  1
#       1     ==                                2
#       2      ===                              3
#       3        ==========                     10
#       4        ==  truncated
FIVE = (
    row(0, 0.0, 1.0, output_tokens=10, total_tokens=20, cost_usd=0.1),
    row(1, 1.0, 3.0, output_tokens=20, total_tokens=30, cost_usd=0.2),
    row(2, 2.0, 5.0, output_tokens=30, total_tokens=40, cost_usd=0.3),
    row(3, 4.0, 14.0, output_tokens=40, total_tokens=50),
    row(4, 4.0, 6.0, outcome=Outcome.TRUNCATED, output_tokens=5, cost_usd=0.04),
)


def call_due(slot: int, started_s: float | None, **more: Any) -> Sample:
    """A call due every 0.1 s, sent as it starts, 50 ms long."""
    if started_s is None:
        gone = {"outcome": Outcome.DROPPED, "due_s": slot / 10}
        return row(slot, None, None, **gone)
    ended_s = started_s + 0.05
    return row(slot, started_s, ended_s, due_s=slot / 10, started_s=started_s, **more)


def failed_call(slot: int, outcome: Outcome, error: str | None, **more: Any) -> Sample:
    return row(slot, slot, slot + 0.1, outcome=outcome, error=error, **more)
