"""Whether a run may be believed, with each reason in words and what to do about it.

`judge` is pure: what the rows tell is in the summary, what only the workers could see
is in Observations. The reasons are in `doubts` and `notes`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from shared.plan import Plan
from shared.verdict.doubts import DOUBTS
from shared.verdict.notes import NOTES
from shared.verdict.observations import Observations
from shared.verdict.reason import Case, Reason, unusable, usable

if TYPE_CHECKING:
    from shared.analysis import Summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The worst of the reasons; notes are not faults.

    Invalid: headline figures cannot be used. Suspect: some cannot, or all of them with
    a doubt.
    """

    kind: Literal["valid", "suspect", "invalid"]
    reasons: tuple[Reason, ...] = ()
    notes: tuple[Reason, ...] = ()
    unusable: tuple[str, ...] = ()
    """Figures that cannot be used, for these reasons: `gap`, `ttft.p99`, `rate` ..."""
    usable: tuple[str, ...] = ()
    """Figures that can: those of which the run has calls enough, less the others."""


def judge(
    plan: Plan,
    summary: "Summary",
    observations: Observations | None = None,
) -> Verdict:
    """The verdict on a run."""
    case = Case(plan, summary, observations or Observations())
    reasons = tuple(found for rule in DOUBTS if (found := rule(case)) is not None)
    notes = tuple(found for rule in NOTES if (found := rule(case)) is not None)
    kinds = {reason.kind for reason in reasons}
    kind: Literal["valid", "suspect", "invalid"] = (
        "invalid" if "invalid" in kinds else "suspect" if kinds else "valid"
    )
    gone = unusable(reasons)
    return Verdict(
        kind=kind,
        reasons=reasons,
        notes=notes,
        unusable=gone,
        usable=usable(summary, gone),
    )


__all__ = ["Observations", "Reason", "Verdict", "judge"]
