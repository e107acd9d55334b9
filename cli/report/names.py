"""Whom a gate may be about: known from the plan, before anything is asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from cli.report.gates import CiGate
from shared.errors import BadPlan
from shared.near import meant
from shared.plan import Plan, steps


def check_names(gates: Iterable[CiGate], plan: Plan) -> None:
    """Raise BadPlan for a gate on a target or a step that the plan has not."""
    targets = [target.label() for target in plan.targets]
    known = {*targets, *(target.model for target in plan.targets)}
    named = [step.name for step in steps(plan)]
    for gate in gates:
        if gate.of is None or gate.of in (*known, *named):
            continue
        if not _is_of_search(gate.of, plan):
            said = unknown(gate.of, [*known], named)
            raise BadPlan(f"--fail-if '{gate.text}': {said}")


def check_job(gates: Iterable[CiGate], job: Mapping[str, Any]) -> None:
    """The same of a benchmark as the API shows it. A plan that this version cannot read
    is judged at its end alone."""
    gates = tuple(gates)
    if any(gate.of is not None for gate in gates):
        try:
            plan = Plan.model_validate(job["plan"])
        except ValidationError:
            return
        check_names(gates, plan)


def unknown(name: str, targets: Iterable[str], named: Iterable[str]) -> str:
    """A sentence on a name that is neither a target nor a step.

    >>> unknown("concurrency 3", ["a/b"], ["concurrency 4"])
    'there is no step `concurrency 3`. Did you mean `concurrency 4`?'
    >>> unknown("acme/orca", ["acme/orca-pro", "x/y"], ["main"])
    'there is no target `acme/orca`. Did you mean `acme/orca-pro`?'
    >>> unknown("swift", ["a/b"], ["main"])
    'there is no target or step `swift`. There are: a/b, main.'
    """
    targets, named = [*targets], [*named]
    kinds = {each.partition(" ")[0] for each in named}
    if name.partition(" ")[0] in kinds:
        return f"there is no step `{name}`. {meant(name, named)}"
    if "/" in name:
        return f"there is no target `{name}`. {meant(name, targets)}"
    return f"there is no target or step `{name}`. {meant(name, [*targets, *named])}"


def _is_of_search(name: str, plan: Plan) -> bool:
    """Whether a search may have a step of that name: only it knows its values."""
    if plan.find is None:
        return False
    over, _, value = name.removeprefix("warm-up, ").partition(" ")
    try:
        return over == plan.find.over and (
            plan.find.low <= float(value) <= plan.find.high
        )
    except ValueError:
        return False
