"""Gates on changes, judged by the interval of a comparison."""

from collections.abc import Iterable, Iterator

from cli.client import Job
from cli.report import words
from cli.report.against.changes import TIMES, ChangeGate
from cli.report.against.held_to import HeldTo
from cli.report.judge import GateOutcome
from cli.report.values import Value
from shared.comparison import FAILING_MORE


def held(
    gates: Iterable[ChangeGate], beside: HeldTo | None, *, strict: bool
) -> tuple[GateOutcome, ...]:
    """Each gate on each target that both have.

    A gate fails where the change is proved to be what must not be: even the near end of
    its 95 % interval is. It passes where it is proved not to be, by the far end.
    Between the two nobody can tell: that is said, and fails with `strict` alone; and so
    does what is not compared at all.
    """
    return tuple(
        outcome for gate in gates for outcome in _of_gate(gate, beside, strict=strict)
    )


def _of_gate(
    gate: ChangeGate, beside: HeldTo | None, *, strict: bool
) -> Iterator[GateOutcome]:
    comparison = None if beside is None else beside.comparison
    if comparison is None:
        why = beside.why if beside else "there is nothing to compare it with"
        yield _unknown(gate, gate.of, why, strict=strict)
        return
    found = [
        verdict
        for verdict in comparison["verdicts"]
        if gate.of is None or _is_of(verdict, gate.of)
    ]
    if not found:
        why = f"{gate.of or 'no target'} is not compared"
        yield _unknown(gate, gate.of, why, strict=strict)
    for verdict in found:
        yield _judged(gate, verdict, strict=strict)


def _is_of(verdict: Job, name: str) -> bool:
    target: str = verdict["a"]["target"]
    return name in (target, target.rpartition("@")[0])


def _judged(gate: ChangeGate, verdict: Job, *, strict: bool) -> GateOutcome:
    of = verdict["a"]["target"]
    metrics = {metric["metric"]: metric for metric in verdict["metrics"]}
    metric = metrics.get(gate.metric)
    if metric is None:
        has = ", ".join(name for name in metrics if not name.endswith("_wins"))
        why = f"{gate.figure} is not compared; there are {has}"
        return _unknown(gate, of, why, strict=strict)
    said = metric["minutes"]
    if said is None:
        return _unknown(gate, of, metric["why"] or "too few calls", strict=strict)
    times = 1.0
    if gate.unit == "seconds":
        if metric["b"] is None:
            return _unknown(gate, of, "the other's value is not known", strict=strict)
        times = metric["b"]
    point, low, high = (said[end] * times for end in ("estimate", "low", "high"))
    value = Value(point, low, high)
    words_ = f"{written(value, gate)}{_values(gate, metric)}"
    near, far = (low, high) if gate.fails_above else (high, low)
    if gate.is_met_by(near):
        found = GateOutcome(gate, of, True, value, f"{words_}: proved")
    elif not gate.is_met_by(far):
        found = GateOutcome(gate, of, False, value, f"{words_}: proved not to be so")
    else:
        said_open = f"{words_}: cannot tell"
        return GateOutcome(gate, of, strict, value, said_open, is_open=True)
    if gate.metric in TIMES and _is_flattery(gate, metrics, proved=found.failed):
        why = "the quicker one fails more often, and the calls left may flatter it"
        return _unknown(gate, of, why, strict=strict)
    return found


def _unknown(
    gate: ChangeGate, of: str | None, why: str, *, strict: bool
) -> GateOutcome:
    value = Value(None, why=why)
    said = f"cannot be judged: {why.rstrip('.')}"
    return GateOutcome(gate, of, strict, value, said, is_open=True)


def _is_flattery(gate: ChangeGate, metrics: dict[str, Job], *, proved: bool) -> bool:
    """Whether failures alone may have made a change of times what it was proved to be:
    one that fails more seems quicker by them, and never slower."""
    found = metrics.get("success")
    if found is None or found["a"] is None or found["b"] is None:
        return False
    less = found["b"] - found["a"]
    if abs(less) <= FAILING_MORE:
        return False
    is_slower = proved is gate.fails_above
    return is_slower is (less < 0)


def written(value: Value, gate: ChangeGate) -> str:
    """A change and its interval.

    >>> gate = ChangeGate("ttft > +10%", "ttft", ">", 0.1, "share")
    >>> written(Value(0.123, 0.08, 0.1671), gate)
    '+12.3 % (+8.0 to +16.7)'
    """
    ends = (value.point, value.low, value.high)
    if gate.unit == "seconds":
        point, low, high = (f"{(end or 0) * 1000:+.1f}" for end in ends)
        return f"{point} ms ({low} to {high})"
    point, low, high = (f"{(end or 0) * 100:+.1f}" for end in ends)
    unit = "points" if gate.unit == "points" else "%"
    return f"{point} {unit} ({low} to {high})"


def _values(gate: ChangeGate, metric: Job) -> str:
    """What both have, behind the change."""
    a, b = metric["a"], metric["b"]
    if a is None or b is None:
        return ""
    if gate.unit == "points":
        return f", {words.share(a)} beside {words.share(b)}"
    if gate.metric == "cost":
        return f", {words.usd(a)} beside {words.usd(b)}"
    return f", {words.seconds(a)} beside {words.seconds(b)}"
