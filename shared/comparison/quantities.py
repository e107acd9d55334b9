"""What is compared: a table of every metric, and what each call does to its value.

A difference is the value of one less that of the other, and so are its influences, pair
by pair. Times and costs are compared by their logarithms, so that "10 % less" means the
same from fast to slow; they are shown as ratios.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, expm1, inf, log

import numpy as np

from shared.comparison.calls import SideBySide, TargetCalls
from shared.comparison.method.engine import Floats, Ints
from shared.comparison.method.values import Mask, Nothing, mean, per_good, percentile
from shared.comparison.records import MetricName

LEAST_CALLS = {0.95: 200, 0.99: 1000}
"""Of each target, for a percentile."""
_SHARE = log(1.05)
"""The margin of times and costs: up to 5 % matters to nobody."""
_LEAST_S = 0.020
"""Of ttft and latency the margin is never under this part of a second."""
_POINTS = 0.01
"""The margin of shares: a point."""

Value = tuple[float, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """How a metric is made of the calls of one target."""

    value: Callable[[TargetCalls, TargetCalls], Value]
    """Of the calls that have it, beside those of the other; raises Nothing."""
    used: Callable[[TargetCalls], Mask]
    """Which calls have it."""
    is_ratio: bool = True
    """It is the logarithm of something of which less is better; else it is a share of
    which more is."""
    margin: float = _SHARE
    column: str | None = None
    """Seconds, of which the margin is never under 20 ms."""
    share: float = 0.5
    """At which percentile of that column: at its median."""
    of_survivors: bool = False
    """It knows only calls that succeeded, so it misleads where failures differ."""

    def of(self, calls: TargetCalls, other: TargetCalls) -> float:
        """Its value by all calls that have it. Raises Nothing."""
        used, of_other = self.used(calls), self.used(other)
        if not used.any() or not of_other.any():
            raise Nothing("there is no call that has it")
        return self.value(calls.where(used), other.where(of_other))[0]


@dataclass(frozen=True, slots=True)
class Half:
    """A metric of one target: its value, and what each call does to it."""

    value: float
    influence: Floats
    prompt: Ints
    stretch: Ints

    def less(self, control: "Half") -> "Half":
        """Beside a control of the same run, call by call."""
        return Half(
            self.value - control.value,
            self.influence - control.influence,
            self.prompt,
            self.stretch,
        )


def _has(column: str, calls: TargetCalls) -> Mask:
    found: Mask = calls.ok & (getattr(calls, column) > 0)
    return found


def _logs(column: str, calls: TargetCalls, _other: TargetCalls) -> Value:
    return mean(np.log(getattr(calls, column)))


def _time(column: str, *, floor: bool = True) -> Quantity:
    return Quantity(
        value=partial(_logs, column),
        used=partial(_has, column),
        column=column if floor else None,
        of_survivors=True,
    )


def _all(calls: TargetCalls) -> Mask:
    return np.ones(len(calls), dtype=bool)


def _cost(calls: TargetCalls, _other: TargetCalls) -> Value:
    return per_good(calls.cost_usd, calls.good)


def _success(calls: TargetCalls, _other: TargetCalls) -> Value:
    return mean(calls.ok.astype(np.float64))


def _checked(calls: TargetCalls) -> Mask:
    found: Mask = ~np.isnan(calls.passed)
    return found


def _pass(calls: TargetCalls, _other: TargetCalls) -> Value:
    return mean(calls.passed)


def _judged(column: str, calls: TargetCalls) -> Mask:
    """Failures too, which are slower than anything."""
    found: Mask = ~calls.ok | (getattr(calls, column) > 0)
    return found


def _tail(share: float, column: str, calls: TargetCalls, _other: TargetCalls) -> Value:
    seconds = np.where(calls.ok, getattr(calls, column), np.inf)
    return percentile(seconds, share, LEAST_CALLS[share])


def _percentile(share: float, column: str) -> Quantity:
    return Quantity(
        value=partial(_tail, share, column),
        used=partial(_judged, column),
        column=column,
        share=share,
    )


def _has_length(calls: TargetCalls) -> Mask:
    return _has("ttft_s", calls) & _has("tpot_s", calls) & (calls.output_tokens > 0)


def _at_length(calls: TargetCalls, other: TargetCalls) -> Value:
    """What each answer would have taken, had all been as long as those of both are."""
    tokens = (calls.output_tokens.mean() + other.output_tokens.mean()) / 2
    return mean(np.log(calls.ttft_s + calls.tpot_s * (tokens - 1)))


QUANTITIES: dict[MetricName, Quantity] = {
    "ttft": _time("ttft_s"),
    "latency": _time("latency_s"),
    "tpot": _time("tpot_s", floor=False),
    "cost": Quantity(value=_cost, used=_all),
    "success": Quantity(value=_success, used=_all, is_ratio=False, margin=_POINTS),
    "pass_rate": Quantity(value=_pass, used=_checked, is_ratio=False, margin=_POINTS),
    "ttft_p95": _percentile(0.95, "ttft_s"),
    "latency_p95": _percentile(0.95, "latency_s"),
    "ttft_p99": _percentile(0.99, "ttft_s"),
    "latency_p99": _percentile(0.99, "latency_s"),
    "latency_at_length": Quantity(
        value=_at_length, used=_has_length, column="latency_s", of_survivors=True
    ),
}
"""A metric that is made of each target by itself: one line, and its functions above."""
WINS: dict[MetricName, str] = {"ttft_wins": "ttft_s", "latency_wins": "latency_s"}
"""Those that are made of pairs: who was quicker."""


def is_ratio(metric: MetricName) -> bool:
    """It is compared by its logarithm, and less of it is better."""
    return metric in QUANTITIES and QUANTITIES[metric].is_ratio


def halves(metric: MetricName, of: SideBySide) -> tuple[Half, Half]:
    """The metric of both. Raises Nothing.

    Where calls are paired, both have the same pairs: those of which both have it.
    """
    quantity = QUANTITIES[metric]
    in_a, in_b = quantity.used(of.a), quantity.used(of.b)
    if of.paired:
        in_a = in_b = in_a & in_b
    if not in_a.any() or not in_b.any():
        raise Nothing("there is no call of both that has it")
    a, b = of.a.where(in_a), of.b.where(in_b)
    return (
        Half(*quantity.value(a, b), a.prompt, of.a_stretch[in_a]),
        Half(*quantity.value(b, a), b.prompt, of.b_stretch[in_b]),
    )


def wins(metric: MetricName, of: SideBySide) -> Half:
    """Who was quicker, pair by pair: 1 where `a` was, a half for a tie; less 0.5.
    Raises Nothing."""
    if not of.paired:
        raise Nothing("it takes pairs of the same prompts")
    a, b = (
        np.where(side.ok, getattr(side, WINS[metric]), np.inf) for side in (of.a, of.b)
    )
    known = ~np.isnan(a) & ~np.isnan(b)
    if not known.any():
        raise Nothing("there is no pair of which both are known")
    won = np.where(a < b, 1.0, np.where(a == b, 0.5, 0.0))[known]
    share, influence = mean(won)
    return Half(share - 0.5, influence, of.a.prompt[known], of.a_stretch[known])


def shown(
    metric: MetricName, calls: TargetCalls, other: TargetCalls | None = None
) -> float | None:
    """The metric of one target by itself, in its own unit: over all its calls."""
    if metric in WINS:
        return None
    try:
        value = QUANTITIES[metric].of(calls, calls if other is None else other)
    except Nothing:
        return None
    return shown_of(metric, value)


def shown_of(metric: MetricName, value: float) -> float:
    """A value in its own unit."""
    return exp(value) if is_ratio(metric) else value


def shown_change(metric: MetricName, value: float) -> float:
    """A difference as people are told it: of a ratio, less 1.

    >>> shown_change("ttft", log(2))
    1.0
    """
    if not is_ratio(metric):
        return value
    return expm1(value) if value < 700 else inf


def margin(
    metric: MetricName, sides: Sequence[TargetCalls], share: float | None = None
) -> float | None:
    """The difference that matters to nobody, on the scale of the estimate.

    share: of a ratio, where it is not the usual one.
    """
    if metric in WINS:
        return None
    quantity = QUANTITIES[metric]
    least = quantity.margin
    if share is not None and quantity.is_ratio:
        least = log(1 + share)
    if quantity.column is None:
        return least
    pooled = np.concatenate([getattr(side, quantity.column)[side.ok] for side in sides])
    typical = float(np.nanquantile(pooled, quantity.share))
    return max(least, log(1 + _LEAST_S / typical))
