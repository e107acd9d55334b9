"""Who is worth a choice: the Pareto front of quality, latency and cost.

A target is off the front where another is told better in something and at least as good
in all the rest. Told is what the words of the comparison say; where they cannot tell,
the other has to have the value that is no worse. So nobody is ruled out by chance, and
nobody by a difference that was not shown.
"""

from collections.abc import Mapping, Sequence

from shared.comparison.records import (
    LABELS,
    SHARES,
    Front,
    FrontPoint,
    MetricName,
    MetricVerdict,
    PairVerdict,
    Side,
    Word,
)

_OPPOSITE: dict[Word, Word] = {"better": "worse", "worse": "better"}
Beside = Mapping[MetricName, tuple[Word, float, float]]
"""Of each axis: the word on one beside another, and the values of both."""


def front_of(verdicts: Sequence[PairVerdict]) -> Front | None:
    """The front of those that are compared with each other, every two. None where there
    are none, or fewer than two axes of which all have values."""
    sides = list({_key(side): side for v in verdicts for side in (v.a, v.b)}.values())
    axes = _axes(verdicts)
    if len(sides) < 2 or len(axes) < 2:
        return None
    beside = _beside(verdicts, axes)
    over = {
        _key(side): tuple(
            other for other in sides if _rules_out(beside, other, side, axes)
        )
        for side in sides
    }
    if all(over.values()):  # by words that contradict each other; nobody is then
        over = dict.fromkeys(over, ())
    points = tuple(
        FrontPoint(
            side=side,
            values=_values(verdicts, side, axes),
            on_front=not over[_key(side)],
            ruled_out_by=over[_key(side)],
            alike=tuple(other for other in sides if _alike(beside, side, other, axes)),
        )
        for side in sides
    )
    return Front(metrics=axes, points=points, sentence=_sentence(points, beside, axes))


def _axes(verdicts: Sequence[PairVerdict]) -> tuple[MetricName, ...]:
    """Pass rate where answers are checked, else success; latency, cost. One that some
    pair has no values of says nothing of who is better."""
    found = [{each.metric: each for each in v.metrics} for v in verdicts]
    checked = any("pass_rate" in metrics for metrics in found)
    quality: MetricName = "pass_rate" if checked else "success"
    wanted: tuple[MetricName, ...] = (quality, "latency", "cost")
    return tuple(
        name for name in wanted if all(_has_values(each.get(name)) for each in found)
    )


def _has_values(found: MetricVerdict | None) -> bool:
    return found is not None and found.a is not None and found.b is not None


def _beside(
    verdicts: Sequence[PairVerdict], axes: Sequence[MetricName]
) -> dict[tuple[str, str], Beside]:
    """Both ways round, by the keys of the two."""
    found: dict[tuple[str, str], Beside] = {}
    for verdict in verdicts:
        one: dict[MetricName, tuple[Word, float, float]] = {}
        other: dict[MetricName, tuple[Word, float, float]] = {}
        for each in verdict.metrics:
            if each.metric in axes and each.a is not None and each.b is not None:
                word: Word = each.minutes.word if each.minutes else "cannot_tell"
                one[each.metric] = word, each.a, each.b
                other[each.metric] = _OPPOSITE.get(word, word), each.b, each.a
        found[_key(verdict.a), _key(verdict.b)] = one
        found[_key(verdict.b), _key(verdict.a)] = other
    return found


def _rules_out(
    beside: Mapping[tuple[str, str], Beside],
    one: Side,
    other: Side,
    axes: Sequence[MetricName],
) -> bool:
    """Whether `one` is told better in something, and at least as good in all else."""
    words = beside.get((_key(one), _key(other)), {})
    told = False
    for axis in axes:
        word, mine, its = words.get(axis, ("worse", 0.0, 0.0))
        no_worse = mine >= its if axis in SHARES else mine <= its
        if word == "worse" or (word == "cannot_tell" and not no_worse):
            return False
        told = told or word == "better"
    return told


def _alike(
    beside: Mapping[tuple[str, str], Beside],
    one: Side,
    other: Side,
    axes: Sequence[MetricName],
) -> bool:
    """Whether nothing tells two of them apart."""
    words = beside.get((_key(one), _key(other)))
    if words is None:
        return False
    return all(words[axis][0] in ("equivalent", "cannot_tell") for axis in axes)


def _values(
    verdicts: Sequence[PairVerdict], side: Side, axes: Sequence[MetricName]
) -> dict[MetricName, float]:
    """Of the first pair that it is in."""
    first = next(v for v in verdicts if _key(side) in (_key(v.a), _key(v.b)))
    is_a = _key(side) == _key(first.a)
    found = {each.metric: each.a if is_a else each.b for each in first.metrics}
    return {axis: value for axis in axes if (value := found[axis]) is not None}


def _sentence(
    points: Sequence[FrontPoint],
    beside: Mapping[tuple[str, str], Beside],
    axes: Sequence[MetricName],
) -> str:
    of = f"{', '.join(LABELS[a] for a in axes[:-1])} and {LABELS[axes[-1]]}"
    on = [point for point in points if point.on_front]
    said = f"On the front of {of}: {', '.join(p.side.target for p in on)}."
    on_it = {_key(point.side) for point in on}
    pairs = {
        frozenset((point.side.target, other.target))
        for point in on
        for other in point.alike
        if _key(other) in on_it
    }
    for pair in sorted(map(sorted, pairs)):
        said += f" Nothing tells {' and '.join(pair)} apart."
    for point in points:
        if point.ruled_out_by:
            by = point.ruled_out_by[0]
            words = beside[_key(by), _key(point.side)]
            better = [LABELS[axis] for axis in axes if words[axis][0] == "better"]
            said += (
                f" Not on it: {point.side.target}, since {by.target} is better in"
                f" {' and '.join(better)}, and not worse in the rest."
            )
    return said


def _key(side: Side) -> str:
    return f"{side.job_id} {side.target}"
