"""The figures of groups of calls: of the summary for a whole run, else made of its
calls by the functions that the summary was made by. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from api.page_data.records import METRICS, Group, Interval
from shared.analysis import PERCENTS, Percentile, clustered
from shared.analysis.distributions import known, of_calls
from shared.comparison.calls import TargetCalls
from shared.comparison.method.alone import Estimate, cost_per_good, success
from shared.outputs.arrays import CallRows
from shared.sample import Outcome

_NAMES = tuple(f"p{percent}" for percent in PERCENTS)


def of_summary(
    result: Mapping[str, Any], costs: Mapping[str, TargetCalls]
) -> Iterator[Group]:
    """Of each target of a summary, behind it those of its providers, if several.

    costs: the calls of each target, for the interval of its cost.
    """
    for number, target in enumerate(result.get("targets", ())):
        priced = costs.get(target["target"])
        yield _told(number, target, None, priced, whole=True)
        if len(target["providers"]) == 1:
            continue
        for one in target["providers"]:
            yield _told(number, one, one["provider"], None, whole=False)


def _told(
    number: int,
    figures: Mapping[str, Any],
    provider: str | None,
    priced: TargetCalls | None,
    *,
    whole: bool,
) -> Group:
    counts, cost = figures["counts"], figures["cost"]
    ok, sent = counts["ok"], counts["ok"] + counts["failed"]
    return Group(
        target=number,
        provider=provider,
        whole=whole,
        calls=figures["total_runs"],
        ok=ok,
        sent=sent,
        times={
            name: {p: Percentile(**figures[name][p]) for p in _NAMES}
            for name in METRICS
        },
        success=_interval(success(ok, sent)),
        usd_per_1000_good=_cost(cost["usd_per_1000_good"], priced),
        pass_rate=_told_rate(figures.get("pass_rate")),
        billed_usd=cost["billed_usd"],
    )


def _told_rate(told: Mapping[str, Any] | None) -> Interval | None:
    if told is None or told["share"] is None:
        return None
    return Interval(value=told["share"], low=told["low"], high=told["high"])


def _cost(told: float | None, priced: TargetCalls | None) -> Interval | None:
    """As the summary says; with an interval where nothing but `ok` and the checks makes
    an answer good: an SLO does, too."""
    if told is None:
        return None
    found = _cost_of(priced) if priced is not None else None
    ours = _interval(found, 1000)
    if ours is None or not np.isclose(ours.value, told, rtol=1e-6):
        return Interval(value=told)
    return ours.model_copy(update={"value": told})


def of_rows(
    calls: CallRows, targets: int, costs: Mapping[int, TargetCalls]
) -> Iterator[Group]:
    """The same of some calls, such as those of a part of the run."""
    codes, names = calls.text["provider"]
    for number in range(targets):
        mine = calls.text["target"][0] == number
        cost = _interval(_cost_of(costs[number]), 1000) if number in costs else None
        whole = _made(calls.where(mine), number, cost)
        if number in costs:
            whole = whole.model_copy(update={"pass_rate": _pass_rate(costs[number])})
        yield whole
        served = np.unique(codes[mine]).tolist()
        for code in served if len(served) > 1 else ():
            part = calls.where(mine & (codes == code))
            name = names[code] if code >= 0 else None
            group = _made(part, number, None)
            yield group.model_copy(update={"provider": name, "whole": False})


def _made(calls: CallRows, number: int, cost: Interval | None) -> Group:
    ok = int(calls.ok.sum())
    never = sum(
        int(calls.said("outcome", each).sum())
        for each in (Outcome.CANCELLED, Outcome.DROPPED)
    )
    spread = {
        name: of_calls(known(calls.real[f"{name}_s"][calls.ok])) for name in METRICS
    }
    return Group(
        target=number,
        calls=len(calls),
        ok=ok,
        sent=len(calls) - never,
        times={
            name: {p: getattr(found, p) for p in _NAMES}
            for name, found in spread.items()
        },
        success=_interval(success(ok, len(calls) - never)),
        usd_per_1000_good=cost,
        billed_usd=None,
    )


def _cost_of(calls: TargetCalls) -> Estimate | None:
    order = np.argsort(calls.place, kind="stable")
    return cost_per_good(calls.good[order], calls.cost_usd[order], calls.prompt[order])


def _pass_rate(calls: TargetCalls) -> Interval | None:
    """With the interval that a summary has of it."""
    checked = calls.where(~np.isnan(calls.passed))
    if not len(checked):
        return None
    _, prompt = np.unique(checked.prompt, return_inverse=True)
    passed = np.bincount(prompt, weights=checked.passed).astype(int).tolist()
    of = np.bincount(prompt).tolist()
    low, high = clustered([*zip(passed, of, strict=True)])
    return Interval(value=float(checked.passed.mean()), low=low, high=high)


def _interval(found: Estimate | None, times: float = 1.0) -> Interval | None:
    if found is None:
        return None
    low, high = (end and end * times for end in (found.low, found.high))
    return Interval(value=found.value * times, low=low, high=high)
