"""The Pareto front of cost and latency, through points that are told apart."""

from collections.abc import Sequence

from api.page_data import Group, PageData
from api.pages.figures.against import claim
from shared.comparison import Comparison, MetricName, Side


def front(data: PageData) -> tuple[Group, ...]:
    """Targets that a line joins, the soonest first; () where there are not two.

    They are on the front of the comparison, and each two of them are a trade: one is
    told sooner, the other cheaper. A point that cannot be told from another on the
    front is left out, and so is one that is there for its quality alone.
    """
    compared = data.comparison
    if compared is None or compared.front is None:
        return ()
    sides = {one.side.target: one.side for one in compared.front.points if one.on_front}
    there = [
        group
        for group in data.groups
        if group.whole
        and data.targets[group.target] in sides
        and group.usd_per_1000_good is not None
        and group.times["latency"]["p50"].point is not None
    ]
    by_group = {group.target: sides[data.targets[group.target]] for group in there}

    def better(metric: MetricName, one: Group, other: Group) -> bool:
        a, b = by_group[one.target], by_group[other.target]
        return _better(compared, metric, a, b, (one, other))

    def trade(one: Group, other: Group) -> bool:
        return better("latency", one, other) and better("cost", other, one)

    def beaten(one: Group, by: Group) -> bool:
        told = better("latency", by, one) or better("cost", by, one)
        return told and not trade(by, one) and not trade(one, by)

    kept = [one for one in there if not any(beaten(one, o) for o in there)]
    apart = [
        one
        for one in kept
        if all(o is one or trade(one, o) or trade(o, one) for o in kept)
    ]
    return tuple(sorted(apart, key=_latency_s)) if len(apart) > 1 else ()


def _better(
    found: Comparison,
    metric: MetricName,
    a: Side,
    b: Side,
    of: Sequence[Group],
) -> bool:
    """Whether `a` is told better; what is free is cheaper than what is not, of which no
    ratio can be made."""
    if metric == "cost":
        mine, its = (one.usd_per_1000_good for one in of)
        if mine and its and (mine.value == 0) is not (its.value == 0):
            return mine.value == 0
    told = claim(found, metric, a, b)
    return told is not None and told.word == "better"


def _latency_s(group: Group) -> float:
    return group.times["latency"]["p50"].point or 0.0
