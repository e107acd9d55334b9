"""What a gate's figure is worth in a result, with its 95 % interval."""

from dataclasses import dataclass
from math import inf
from typing import Any

from cli.report import words
from cli.report.gates import ADJUSTED, CiGate, Unit
from shared.analysis import wilson

Group = dict[str, Any]
"""Figures of a target, a step or the whole run, as in `result`."""


@dataclass(frozen=True, slots=True)
class Value:
    """A figure; `point` None is unknown, and `why` says so."""

    point: float | None
    low: float | None = None
    high: float | None = None
    why: str = ""
    """Why there is none, or why it is only a point."""
    supported: bool = True
    """Whether there are calls enough for it."""
    is_bounded: bool = False
    """Whether its ends are bounds, not chances: it is `low` at least, and `high` at
    most; None: any amount."""


def value_of(gate: CiGate, group: Group, job: dict[str, Any]) -> Value:
    """The gate's figure of a group of this job."""
    name, _, stat = gate.figure.partition(".")
    if stat:
        return _time(group.get(name), stat, adjusted=name in ADJUSTED)
    if name == "success":
        counts = group["counts"]
        tried = counts["ok"] + counts["failed"] + counts["dropped"]
        return _share(counts["ok"], tried, "no call was made")
    if name == "goodput":
        return _goodput(group)
    if name == "pass_rate":
        return _pass_rate(group.get("pass_rate"))
    if name == "failed":
        return Value(float(group["counts"]["failed"] + group["counts"]["dropped"]))
    if name == "find":
        return _found(group.get("find"))
    if name == "cost_usd":
        return _cost(group, job)
    if name == "usd_per_1000_good":
        good = group["cost"].get("good")
        if good is None:  # of a result that was kept before there were checks
            good = (group["goodput"] or {}).get("good", group["counts"]["ok"])
        return _usd(group["cost"]["usd_per_1000_good"], 1000 / (good or 1), group, job)
    point = group["throughput"][name]
    return Value(point, why="" if point is not None else "too few calls for a rate")


def written(value: float, unit: Unit) -> str:
    """A figure for people."""
    if value == inf:
        return "a failure"
    if unit == "seconds":
        return words.seconds(value)
    if unit == "share":
        return words.share(value)
    return words.usd(value) if unit == "usd" else words.number(value)


def interval(value: Value, unit: Unit) -> str:
    """Its two ends, or the one that there is."""
    if unit == "seconds":
        return words.between(value.low, value.high)
    if value.low is None or value.high is None:
        end = value.high if value.low is None else value.low
        which = "at most" if value.low is None else "at least"
        return "" if end is None else f"{which} {written(end, unit)}"
    return f"{written(value.low, unit)} to {written(value.high, unit)}"


def _time(spread: dict[str, Any] | None, stat: str, *, adjusted: bool) -> Value:
    if not spread or not spread["n"]:
        return Value(None, why="no call has it")
    if stat in ("mean", "max"):
        return Value(spread[stat], why=f"the point: a {stat} has no interval")
    found = spread[stat]
    point = inf if adjusted and found["infinite"] else found["point"]
    why = ""
    if not found["supported"]:
        n = spread["n"] if adjusted else spread["calls"]
        why = f"the point: {n} calls are too few to bound it, by {found['needs']}"
    elif found["low"] is None:
        why = "the point: its interval has no lower end"
        why = why if found["high"] is not None else "the point: it has no interval"
    return Value(point, found["low"], found["high"], why, found["supported"])


def _share(good: int, of: int, why: str) -> Value:
    if not of:
        return Value(None, why=why)
    return Value(good / of, *wilson(good, of))


def _goodput(group: Group) -> Value:
    found = group["goodput"]
    if found is None:
        return Value(None, why="the plan has no `slo`")
    counts = group["counts"]
    tried = counts["ok"] + counts["failed"] + counts["dropped"]
    return _share(found["good"], tried, "no call was made")


def _pass_rate(found: Group | None) -> Value:
    if found is None:
        return Value(None, why="no answer has checks")
    why = "" if found["checked"] else "no answer was checked"
    return Value(found["share"], found["low"], found["high"], why)


def _cost(group: Group, job: dict[str, Any]) -> Value:
    """Of the whole run with its warm-up, as its budget counts it."""
    point = group["cost"]["billed_usd"]
    if group is job["result"]:
        spent = job["money"]["spent_usd"]
        point = point if spent is None or point is None else max(spent, point)
    return _usd(point, 1.0, group, job)


def _usd(point: float | None, times: float, group: Group, job: dict[str, Any]) -> Value:
    """A sum of bills, and what calls that tell no cost may add to it, `times` so much.

    A budget holds the worst cost of each call, so it bounds them; nothing else does.
    """
    if point is None:
        return Value(None, why="no call tells its cost")
    money, of_run = job["money"], group is job["result"]
    most_usd = (money.get("unaccounted_usd") or 0) + (money.get("held_usd") or 0)
    silent = _unaccounted(group)
    if of_run:
        silent += sum(_unaccounted(step) for step in group["steps"] if step["warmup"])
    if not silent and not (of_run and most_usd):
        return Value(point)
    why = f"{silent or 'some'} of the calls do not tell their cost"
    in_budget = money.get("max_cost_usd") is not None or most_usd
    if not in_budget or job["plan"].get("allow_unknown_prices"):
        return Value(point, point, None, f"{why}: no budget bounds it", is_bounded=True)
    return Value(point, point, point + most_usd * times, why, is_bounded=True)


def _unaccounted(group: Group) -> int:
    """Calls that may have been billed and do not say so; a result that was kept before
    these were counted has all that are silent."""
    cost = group["cost"]
    counted = cost.get("rows_unaccounted")
    return int(cost.get("rows_silent", 0) if counted is None else counted)


def _found(found: dict[str, Any] | None) -> Value:
    """What passed, up to what failed."""
    if found is None:
        return Value(None, why="the plan has no `find`")
    point = found["passing"]
    if point is None:
        return Value(0.0, 0.0, found["failing"], "no value passed")
    return Value(point, point, found["failing"])
