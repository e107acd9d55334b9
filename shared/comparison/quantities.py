"""What is compared: the value of each metric, and the influence of each call on it.

A difference is the value of one less that of the other, and so are its influences, pair
by pair. Times and costs are compared by their logarithms, so that "10 % less" means the
same from fast to slow; they are shown as ratios.
"""

from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from shared.comparison.calls import SideBySide, TargetCalls
from shared.comparison.engine import Floats, Ints
from shared.comparison.records import MetricName

Mask = NDArray[np.bool_]

TIMES: dict[MetricName, str] = {
    "ttft": "ttft_s",
    "latency": "latency_s",
    "tpot": "tpot_s",
}
WINS: dict[MetricName, str] = {"ttft_wins": "ttft_s", "latency_wins": "latency_s"}
RATIOS = (*TIMES, "cost")
"""Metrics that are compared by their logarithms, and of which less is better."""

_SHARE = 0.05
"""The margin of times and costs: up to so much matters to nobody."""
_LEAST_S = 0.020
"""Of ttft and latency the margin is never under this part of a second."""
_POINTS = 0.01
"""The margin of success."""


class Nothing(Exception):
    """There is no figure; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Half:
    """A metric of one target: its value, and what each call does to it."""

    value: float
    influence: Floats
    prompt: Ints
    stretch: Ints
    ok: Mask


def halves(metric: MetricName, of: SideBySide) -> tuple[Half, Half]:
    """The metric of both. Raises Nothing.

    Where calls are paired, both have the same pairs: of times those in which both
    succeeded.
    """
    in_a, in_b = _used(metric, of.a), _used(metric, of.b)
    if of.paired:
        in_a = in_b = in_a & in_b
    if not in_a.any() or not in_b.any():
        raise Nothing("there is no call of both that has it")
    return (
        _half(metric, of.a, of.a_stretch, in_a),
        _half(metric, of.b, of.b_stretch, in_b),
    )


def wins(metric: MetricName, of: SideBySide) -> Half:
    """Who was quicker, pair by pair: 1 where `a` was, a half for a tie; less 0.5.
    Raises Nothing."""
    if not of.paired:
        raise Nothing("it takes pairs of the same prompts")
    a, b = _judged(metric, of.a), _judged(metric, of.b)
    known = ~np.isnan(a) & ~np.isnan(b)
    if not known.any():
        raise Nothing("there is no pair of which both are known")
    won = np.where(a < b, 1.0, np.where(a == b, 0.5, 0.0))[known]
    mean = float(won.mean())
    influence = (won - mean) / len(won)
    return Half(
        mean - 0.5, influence, of.a.prompt[known], of.a_stretch[known], of.a.ok[known]
    )


def shown(metric: MetricName, calls: TargetCalls) -> float | None:
    """The metric of one target by itself, in its own unit: over all its calls."""
    used = _used(metric, calls)
    if metric in WINS or not used.any():
        return None
    try:
        value = _half(metric, calls, np.zeros(len(calls), np.int64), used).value
    except Nothing:
        return None
    return float(np.exp(value)) if metric in RATIOS else value


def margin(metric: MetricName, of: SideBySide) -> float | None:
    """The difference that matters to nobody, on the scale of the estimate."""
    if metric in WINS:
        return None
    if metric == "success":
        return _POINTS
    if metric not in ("ttft", "latency"):
        return log(1 + _SHARE)
    pooled = [_known(getattr(side, TIMES[metric])[side.ok]) for side in (of.a, of.b)]
    median = float(np.median(np.concatenate(pooled)))
    return log(1 + max(_SHARE, _LEAST_S / median))


def _used(metric: MetricName, calls: TargetCalls) -> Mask:
    if metric not in TIMES:
        return np.ones(len(calls), dtype=bool)
    values: Floats = getattr(calls, TIMES[metric])
    used: Mask = calls.ok & (values > 0)
    return used


def _half(metric: MetricName, calls: TargetCalls, stretch: Ints, used: Mask) -> Half:
    if metric in TIMES:
        values = np.log(getattr(calls, TIMES[metric])[used])
        value, influence = _mean(values)
    elif metric == "success":
        value, influence = _mean(calls.ok.astype(np.float64))
    else:
        value, influence = _cost(calls)
    return Half(value, influence, calls.prompt[used], stretch[used], calls.ok[used])


def _mean(values: Floats) -> tuple[float, Floats]:
    mean = float(values.mean())
    return mean, (values - mean) / len(values)


def _cost(calls: TargetCalls) -> tuple[float, Floats]:
    """The logarithm of the USD for each good answer; failures are paid for, too."""
    silent = int(np.isnan(calls.cost_usd[calls.ok]).sum())
    if silent:
        raise Nothing(f"nobody says what {silent} of the good answers cost")
    usd, good = np.nan_to_num(calls.cost_usd), calls.ok.astype(np.float64)
    if not good.any():
        raise Nothing("there is no good answer of one of them")
    if usd.sum() <= 0:
        raise Nothing("one of them costs nothing, and a ratio to that is none")
    value = log(usd.sum()) - log(good.sum())
    return value, usd / usd.sum() - good / good.sum()


def _judged(metric: MetricName, calls: TargetCalls) -> Floats:
    """Times in which a failure is slower than any success."""
    return np.where(calls.ok, getattr(calls, WINS[metric]), np.inf)


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]
