"""`--fail-if "ttft.p95 > 1s"`: what a gate says, read from its text, and whom it may be
about, which the plan says before anything is asked."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import ValidationError

from cli.report.against.changes import ChangeGate
from shared.errors import BadPlan
from shared.near import meant
from shared.plan import Plan, steps

Unit = Literal["seconds", "share", "usd", "number"]

PERCENTILES = ("p50", "p90", "p95", "p99")
ADJUSTED = ("ttft_adjusted", "latency_adjusted")
"""Percentiles in which a failed call counts as infinitely slow."""

TIMES = ("ttft", "ttft_visible", "tpot", "latency", "response", "gap")
SINGLE: dict[str, Unit] = {
    "success": "share",
    "goodput": "share",
    "pass_rate": "share",
    "failed": "number",
    "requests_per_s": "number",
    "output_tokens_per_s": "number",
    "usd_per_1000_good": "usd",
    "cost_usd": "usd",
    "find": "number",
}
FIGURES = (
    *(f"{time}.{stat}" for time in TIMES for stat in (*PERCENTILES, "mean", "max")),
    *(f"{name}.{stat}" for name in ADJUSTED for stat in PERCENTILES),
    *SINGLE,
)
"""All that a gate can be about."""

_FORM = re.compile(
    r"\s*(?:(?P<of>.+):)?\s*(?P<figure>[\w.]+)\s*(?P<sign>>=|<=|>|<)\s*"
    r"\$?(?P<limit>\d+(?:\.\d+)?)\s*(?P<unit>%|[a-z]+|/s)?\s*",
    re.IGNORECASE,
)
_PARTS: dict[Unit, dict[str, int]] = {
    "seconds": {"s": 1, "ms": 1000},
    "share": {"%": 100, "": 1},
    "usd": {"": 1, "usd": 1},
    "number": {"": 1, "/s": 1},
}
"""Units as they are written, and how many make one of ours."""


@dataclass(frozen=True, slots=True)
class CiGate:
    """What must not be."""

    text: str
    """As it was written."""
    figure: str
    """One of `FIGURES`."""
    sign: str
    """`>`, `>=`, `<` or `<=`: the gate fails where the figure is so."""
    limit: float
    """In seconds, a share from 0 to 1, USD, or a plain number."""
    of: str | None = None
    """A target, its model, or a step; None: every target, each by itself."""

    @property
    def unit(self) -> Unit:
        """What the limit and the figure are counted in."""
        return SINGLE.get(self.figure, "seconds")

    @property
    def fails_above(self) -> bool:
        """Whether it is the large values that fail."""
        return self.sign.startswith(">")

    def is_met_by(self, value: float) -> bool:
        """Whether a value is what must not be."""
        if value == self.limit:
            return self.sign.endswith("=")
        return (value > self.limit) is self.fails_above


def parse_gate(text: str) -> CiGate:
    """The gate; raises ValueError with a sentence that says how to write it.

    >>> gate = parse_gate("acme/swift-8b:free: ttft.p95 > 800ms")
    >>> gate.of, gate.figure, gate.sign, gate.limit
    ('acme/swift-8b:free', 'ttft.p95', '>', 0.8)
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise ValueError(
            f"`{text}` is no gate. Write a figure, one of > >= < <=, and a limit:"
            ' "ttft.p95 > 1s", "success < 99%", "cost_usd > 0.50".'
        )
    figure = form["figure"].lower()
    if figure not in FIGURES:
        raise ValueError(f"`{text}`: there is no figure `{figure}`. {_near(figure)}")
    unit = SINGLE.get(figure, "seconds")
    written = (form["unit"] or "").lower()
    parts = _PARTS[unit].get(written)
    if parts is None:
        raise ValueError(f"`{text}`: {_how_to_write(form['limit'], unit)}")
    limit = float(Decimal(form["limit"]) / parts)  # 99.9 % is 0.999, as 999/1000 is
    if unit == "share" and limit > 1:
        raise ValueError(f"`{text}`: {_how_to_write(form['limit'], unit)}")
    of = (form["of"] or "").strip() or None
    return CiGate(text.strip(), figure, form["sign"], limit, of)


def check_names(gates: Iterable[CiGate | ChangeGate], plan: Plan) -> None:
    """Raise BadPlan for a gate on a target or a step that the plan has not, and for one
    on a change of a step, since targets alone are compared."""
    targets = [target.label() for target in plan.targets]
    known = {*targets, *(target.model for target in plan.targets)}
    named = [step.name for step in steps(plan)]
    for gate in gates:
        is_change = isinstance(gate, ChangeGate)
        if gate.of is None or gate.of in known:
            continue
        if gate.of in named and not is_change:
            continue
        if is_change:
            said = f"no target `{gate.of}` is compared. {meant(gate.of, known)}"
            raise BadPlan(f"--fail-if '{gate.text}': {said}")
        if not _is_of_search(gate.of, plan):
            said = unknown(gate.of, [*known], named)
            raise BadPlan(f"--fail-if '{gate.text}': {said}")


def check_job(gates: Iterable[CiGate | ChangeGate], job: Mapping[str, Any]) -> None:
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


def _near(figure: str) -> str:
    if figure in (*TIMES, *ADJUSTED):
        stats = PERCENTILES if figure in ADJUSTED else (*PERCENTILES, "mean", "max")
        return f"Say which: {', '.join(f'{figure}.{stat}' for stat in stats)}."
    near = get_close_matches(figure, FIGURES, n=3, cutoff=0.5)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"There are {', '.join((*TIMES, *ADJUSTED))} with .p95 or the like, and" + (
        f" {', '.join(SINGLE)}."
    )


def _how_to_write(limit: str, unit: Unit) -> str:
    if unit == "seconds":
        return f"give the time a unit, `{limit}s` or `{limit}ms`."
    if unit == "share":
        return f"a share is written `{limit}%`, or from 0 to 1."
    return f"the limit is written `{limit}`, without another unit."
