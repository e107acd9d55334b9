"""Gates on a benchmark that has ended, and the exit code that follows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cli import exits
from cli.client import ENDED
from cli.report.against.changes import ChangeGate
from cli.report.gates import ADJUSTED, CiGate, parse_gate, unknown
from cli.report.values import Group, Value, interval, value_of, written

Job = dict[str, Any]

SLO_GATE = "goodput < 95%"
"""What a plan with an `slo` is held to, unless a gate on `goodput` says otherwise."""

_WHOLE = ("cost_usd", "find")
"""Figures of the run: without a target they are not asked of each."""

_BEHIND = {"requests_per_s": "rate", "output_tokens_per_s": "rate"}
"""How the verdict names a figure, where it has another name."""


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """A gate on one target, one step, or the run."""

    gate: CiGate | ChangeGate
    of: str | None
    """Whose figure it is; None: that of the whole run."""
    failed: bool
    value: Value
    words: str
    """The figure, and on what it was judged."""
    is_open: bool = False
    """A change that is neither proved nor proved not to be so."""


def judge(
    gates: Iterable[CiGate], job: Job, *, strict: bool
) -> tuple[GateOutcome, ...]:
    """Each gate on each that it is about.

    A gate fails where its figure is what it says even at the near end of the interval;
    a cost of which not all is told, where it is so at the far end of what it may be.
    Where there is no such end, or with `strict`, the point decides: where the point is
    well, no near end could be otherwise. What is unknown or cannot be used fails, since
    nothing shows that it is well. Nothing is judged before the end.
    """
    if job["status"] not in ENDED:
        return ()
    return tuple(
        _judged(gate, of, group, job, strict=strict)
        for gate in (*gates, *_slo(gates, job))
        for of, group in _groups(gate, job)
    )


def exit_code(job: Job, judged: Iterable[GateOutcome]) -> int:
    """What the command ends with; 0 for a benchmark that still runs."""
    status = job["status"]
    if status == "cancelled":
        return exits.CANCELLED
    if status == "failed":
        by_ending = {
            "upstream_down": exits.UNREACHABLE,
            "bad_key": exits.USAGE,
        }
        return by_ending.get(job["ending"], exits.MISSED)
    if status != "done":
        return exits.OK
    failed = is_bad(job) or any(one.failed for one in judged)
    return exits.MISSED if failed else exits.OK


def is_bad(job: Job) -> bool:
    """Whether one that is done missed by itself, whatever the gates say: nothing
    succeeded, the verdict is invalid, or nothing of a search passed."""
    result = job["result"] or {}
    found = result.get("find")
    nothing_passed = found is not None and found["passing"] is None
    invalid = (result.get("verdict") or {}).get("kind") == "invalid"
    return not result.get("successful_runs") or invalid or nothing_passed


def _slo(gates: Iterable[CiGate], job: Job) -> tuple[CiGate, ...]:
    """The gate that the plan's own objectives are; none of a plan that explores."""
    plan = job["plan"]
    explores = plan.get("find") or plan.get("sweep")
    said = any(gate.figure == "goodput" for gate in gates)
    if not plan.get("slo") or explores or said or not job["result"]:
        return ()
    return (parse_gate(SLO_GATE),)


def _groups(gate: CiGate, job: Job) -> Iterator[tuple[str | None, Group | None]]:
    """Whose figures a gate is about; None: there is nobody, or there are none."""
    result = job["result"]
    if not result:
        yield gate.of, None
        return
    targets = [(target["target"], target) for target in result["targets"]]
    if gate.of is None:
        yield from ((None, result),) if gate.figure in _WHOLE else targets
        return
    steps = [(step["name"], step) for step in result["steps"]]
    named = [(name, group) for name, group in (*targets, *steps) if name == gate.of]
    model = [(name, group) for name, group in targets if group["model"] == gate.of]
    yield from named or model or ((gate.of, None),)


def _judged(
    gate: CiGate, of: str | None, group: Group | None, job: Job, *, strict: bool
) -> GateOutcome:
    value = _value(gate, of, group, job)
    if value.point is None:
        return GateOutcome(gate, of, True, value, f"unknown: {value.why}")
    if value.is_bounded:
        return _judged_at_worst(gate, of, value, value.point)
    shown = written(value.point, gate.unit)
    near = value.low if gate.fails_above else value.high
    if near is None or strict:
        has_interval = (value.low, value.high) != (None, None)
        why = "the point" if has_interval and strict else value.why
        failed = gate.is_met_by(value.point)
        said = f"{shown} ({why})" if why else shown
    else:
        failed = gate.is_met_by(near)
        said = f"{shown} ({interval(value, gate.unit)})"
        if not failed and gate.is_met_by(value.point):
            said += ": not shown to be so"
    return GateOutcome(gate, of, failed, value, said)


def _judged_at_worst(
    gate: CiGate, of: str | None, value: Value, point: float
) -> GateOutcome:
    """By the far end: what may have been billed is no bad luck that more calls would
    even out. Without an end it is unknown, unless the point is beyond the limit."""
    far = value.high if gate.fails_above else value.low
    said = f"{interval(value, gate.unit)} ({value.why})"
    if far is None:
        known = gate.is_met_by(point)
        return GateOutcome(gate, of, True, value, said if known else f"unknown: {said}")
    return GateOutcome(gate, of, gate.is_met_by(far), value, said)


def _value(gate: CiGate, of: str | None, group: Group | None, job: Job) -> Value:
    if not job["result"]:
        return Value(None, why="the benchmark has no result")
    if group is None:
        targets = [target["target"] for target in job["result"]["targets"]]
        named = [step["name"] for step in job["result"]["steps"]]
        return Value(None, why=unknown(of or "", targets, named).rstrip("."))
    name, _, stat = gate.figure.partition(".")
    name = name.removesuffix("_adjusted") if name in ADJUSTED else name
    name = _BEHIND.get(name, name)
    unusable = (job["result"].get("verdict") or {}).get("unusable", ())
    if name in unusable or f"{name}.{stat}" in unusable:
        return Value(None, why="it cannot be used, as the verdict says")
    return value_of(gate, group, job)
