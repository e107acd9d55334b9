"""Calls whose comparison can be worked by hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from shared.comparison import MetricVerdict, PairVerdict, Side
from shared.comparison.calls import TargetCalls
from shared.comparison.compare import compare
from shared.comparison.contest import Contest, Entrant


def calls(ttft_s: Sequence[float], *, prompts: int = 1, **more: Any) -> TargetCalls:
    """One call a slot, prompt by prompt, all of which succeeded."""
    n = len(ttft_s)
    times = np.array(ttft_s, dtype=np.float64)
    fixed = {
        "key": np.arange(n),
        "prompt": np.arange(n) % prompts,
        "place": np.arange(n, dtype=np.float64),
        "ok": np.ones(n, dtype=bool),
        "passed": np.full(n, np.nan),
        "ttft_s": times,
        "latency_s": times * 2,
        "tpot_s": times / 10,
        "cost_usd": np.full(n, 0.1),
        "output_tokens": np.full(n, 10.0),
    }
    said = fixed | {name: np.asarray(value) for name, value in more.items()}
    good = said["ok"] & ~(said["passed"] == 0)
    return TargetCalls(**({"good": good} | said))


def entrant(name: str, of: TargetCalls, **more: Any) -> Entrant:
    return Entrant(Side(job_id="J", target=name), name, of, **more)


def pair(a: TargetCalls, b: TargetCalls, **more: Any) -> PairVerdict:
    """`a` beside `b`."""
    contest = Contest((entrant("a", a), entrant("b", b)), **more)
    return compare([contest])[0][0]


def metric(name: str, of: PairVerdict) -> MetricVerdict:
    return next(each for each in of.metrics if each.metric == name)
