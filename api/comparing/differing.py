"""What differs between runs, beside what they measured."""

from collections.abc import Sequence
from typing import Any

from api.baselines.plans import difference, of_plans, text
from shared.comparison import Difference
from shared.outputs.calls import RunCalls
from shared.plan import Plan

_OBSERVED = ("versions", "hosts", "gc_policy", "proxy")

One = tuple[Plan, dict[str, Any], RunCalls]


def differences(runs: Sequence[One]) -> tuple[Difference, ...]:
    """What differs in plans, versions, machines and upstreams, in this order."""
    plans = [plan for plan, *_ in runs]
    # of those that were asked: where a run was cut short, not all of its prompts were
    found: list[Difference | None] = [*of_plans(plans, lambda n: runs[n][2].prompts)]
    for name in _OBSERVED:
        seen = [(run[1].get("observations") or {}).get(name) for run in runs]
        found.append(difference(name, [text(each) for each in seen]))
    upstreams = [", ".join(run[2].upstreams) or "unknown" for run in runs]
    found.append(difference("upstream", upstreams))
    return tuple(each for each in found if each is not None)
